"""LU factors by rows with a sum in a number, then both triangular systems."""

import numpy as np


def crout(A, b):
    n = A.shape[0]
    A = A.copy()
    for i in range(n):
        for j in range(i):
            entry = A[i, j]
            for k in range(j):
                entry -= A[i, k] * A[k, j]
            A[i, j] = entry / A[j, j]
        for j in range(i, n):
            entry = A[i, j]
            for k in range(i):
                entry -= A[i, k] * A[k, j]
            A[i, j] = entry
    x = b.copy()
    for i in range(n):
        for j in range(i):
            x[i] -= A[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= A[i, j] * x[j]
        x[i] /= A[i, i]
    return np.sum(x * x)


def ARGS(random):
    return random.normal(size=(6, 6)) + 6.0 * np.eye(6), random.normal(size=6)


ARGNUMS = (0, 1)
