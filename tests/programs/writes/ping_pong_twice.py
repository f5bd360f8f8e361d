"""Buffers in ping-pong for an odd and for an even number of steps: where the result is, varies."""

import numpy as np


def relaxed(u, source, steps):
    old, new = u.copy(), np.empty_like(u)
    for _ in range(steps):
        new[0], new[-1] = old[0], old[-1]
        for i in range(1, len(u) - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1]) + source[i] * old[i]
        old, new = new, old
    return old


def ping_pong_twice(u, source):
    odd = relaxed(u, source, 3)
    even = relaxed(u, source, 4)
    none = relaxed(u, source, 0)
    return np.sum(odd * even) + none @ odd


ARGS = lambda random: (random.normal(size=5), random.normal(size=5))
ARGNUMS = (0, 1)
