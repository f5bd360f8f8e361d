"""Columns made orthogonal one after another, as the formula is written."""

import math

import numpy as np


def gram_schmidt(A):
    m, n = A.shape
    A = A.copy()
    Q, R = np.zeros((m, n)), np.zeros((n, n))
    for k in range(n):
        square = 0.0
        for i in range(m):
            square += A[i, k] * A[i, k]
        R[k, k] = math.sqrt(square)
        for i in range(m):
            Q[i, k] = A[i, k] / R[k, k]
        for j in range(k + 1, n):
            for i in range(m):
                R[k, j] += Q[i, k] * A[i, j]
            for i in range(m):
                A[i, j] -= Q[i, k] * R[k, j]
    return np.sum(R * R * R) + Q[1, 0] * Q[0, n - 1]


def ARGS(random):
    return (random.normal(size=(5, 4)),)


ARGNUMS = 0
