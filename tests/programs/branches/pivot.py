"""Gaussian elimination with row exchanges: which row is the pivot is found at run time."""

import numpy as np


def pivot(A, b):
    n = len(b)
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[best, k]):
                best = i
        if best != k:
            for j in range(n):
                A[k, j], A[best, j] = A[best, j], A[k, j]
            b[k], b[best] = b[best], b[k]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            for j in range(k, n):
                A[i, j] -= factor * A[k, j]
            b[i] -= factor * b[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= A[i, j] * b[j]
        b[i] /= A[i, i]
    return np.sum(b * b)


ARGS = lambda random: (random.normal(size=(4, 4)), random.normal(size=4))
ARGNUMS = (0, 1)
