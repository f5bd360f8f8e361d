"""Loops that never run, beside loops that do."""

import numpy as np


def no_trips(x, n):
    y = 2.0 * x
    kept = np.zeros(3)
    for i in range(n):
        y = np.sin(y) * x
        kept[i] = y[0]
    for i in range(3, n):
        y = y * y
    for i in range(0, 3, -1):
        kept[i] = y[i]
    while np.sum(y * y) < 0.0:
        y = y / 2.0
    for i in range(len(kept) - 1):
        for j in range(i):
            kept[i] += y[j] ** 2
    return np.sum(y) + np.sum(kept * kept)


ARGS = lambda random: (random.normal(size=3), 0)
ARGNUMS = 0
