"""The lower triangle of `c + a a^T`: rows that may be one row, and sums that wait."""

import numpy as np


def rank_update(a, c):
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * a[j, k]
            c[i, j] += 0.5 * dot
    return np.sum(np.sin(c))


def ARGS(random):
    return random.normal(size=(7, 5)), random.normal(size=(7, 7))


ARGNUMS = (0, 1)
