"""The logarithm of a determinant by Gaussian elimination in place."""

import math

import numpy as np


def lu(A):
    n = A.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    log_determinant = 0.0
    for k in range(n):
        log_determinant += math.log(abs(A[k, k]))
    return log_determinant


ARGS = lambda random: (random.normal(size=(5, 5)) + 5.0 * np.eye(5),)
ARGNUMS = 0
