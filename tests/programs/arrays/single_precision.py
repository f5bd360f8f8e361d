"""All in single precision: constants and counters do not make it double."""

import numpy as np


def single_precision(u, c, steps):
    old = u.copy()
    for t in range(steps):
        new = np.empty_like(old)
        for i in range(len(u)):
            flux = 0.5 * (old[i] - old[i - 1]) + c * t / 10
            new[i] = old[i] - 0.1 * flux * 2
        old = new
    return np.mean(old**2)


ARGS = lambda random: (random.normal(size=5).astype(np.float32), np.float32(0.3), 3)
ARGNUMS = (0, 1)
