"""A triangular factor by Givens rotations of two rows at a time, in place."""

import math

import numpy as np


def rotate(upper, lower, c, s):
    for k in range(len(upper)):
        first = c * upper[k] + s * lower[k]
        lower[k] = c * lower[k] - s * upper[k]
        upper[k] = first


def givens(A, b):
    n = A.shape[1]
    for j in range(n):
        for i in range(A.shape[0] - 1, j, -1):
            if A[i, j] == 0.0:
                continue
            r = math.hypot(A[i - 1, j], A[i, j])
            c, s = A[i - 1, j] / r, A[i, j] / r
            rotate(A[i - 1], A[i], c, s)
            b[i - 1], b[i] = c * b[i - 1] + s * b[i], c * b[i] - s * b[i - 1]
    residual = 0.0
    for i in range(n, len(b)):
        residual += b[i] * b[i]
    return residual + math.log(abs(A[0, 0] * A[1, 1] * A[2, 2]))


ARGS = lambda random: (random.normal(size=(5, 3)), random.normal(size=5))
ARGNUMS = (0, 1)
