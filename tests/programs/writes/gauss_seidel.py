"""Sweeps of Gauss and Seidel over a linear system."""

import numpy as np


def gauss_seidel(A, b, sweeps):
    n = len(b)
    x = np.zeros(n)
    for sweep in range(sweeps):
        for i in range(n):
            rest = b[i]
            for j in range(n):
                if j != i:
                    rest -= A[i, j] * x[j]
            x[i] = rest / A[i, i]
    return x @ x


ARGS = lambda random: (random.normal(size=(4, 4)) + 6.0 * np.eye(4), random.normal(size=4), 3)
ARGNUMS = (0, 1)
