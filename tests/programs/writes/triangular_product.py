"""Rows that later iterations of the outer loop read no more: saved once, not in each step."""

import numpy as np


def triangular_product(a, b, scale):
    b = b.copy()
    for i in range(b.shape[0]):
        for k in range(i + 1, b.shape[0]):
            for j in range(b.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
        for j in range(b.shape[1]):
            b[i, j] *= scale
    return np.sum(b * b)


def ARGS(random):
    return random.normal(size=(4, 4)), random.normal(size=(4, 3)), 1.5


ARGNUMS = (0, 1, 2)
