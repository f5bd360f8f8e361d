"""Diffusion in a channel: a ring along its length, between walls that let nothing through."""

import numpy as np


def channel(c, rate, steps):
    c = c.copy()
    n, m = c.shape
    for _ in range(steps):
        old = c.copy()
        for i in range(1, n - 1):
            for j in range(m):
                along = old[i, (j + 1) % m] - 2.0 * old[i, j] + old[i, (j - 1) % m]
                across = old[i + 1, j] - 2.0 * old[i, j] + old[i - 1, j]
                c[i, j] = old[i, j] + rate * (along + across)
        for j in range(m):
            c[0, j] = c[1, j]
            c[n - 1, j] = c[n - 2, j]
    return np.sum(c * c)


ARGS = lambda random: (random.normal(size=(5, 6)), 0.2, 3)
ARGNUMS = (0, 1)
