"""Burgers' equation on a ring; all steps are kept in one array, a row each."""

import numpy as np


def ring(start, friction, steps):
    n = start.shape[0]
    u = np.zeros((steps + 1, n))
    for j in range(n):
        u[0, j] = start[j]
    for t in range(steps):
        for j in range(n):
            east, west = u[t, (j + 1) % n], u[t, (j - 1) % n]
            spread = friction * (east - 2.0 * u[t, j] + west)
            u[t + 1, j] = u[t, j] - 0.1 * u[t, j] * (east - west) + spread
    return np.sum(u * u)


ARGS = lambda random: (random.normal(size=6), 0.2, 3)
ARGNUMS = (0, 1)
