"""Rows and columns of a matrix, scaled and exchanged: an iteration towards equal sums."""

import numpy as np


def rows_and_columns(A, targets, rounds):
    A = np.exp(A)
    for _ in range(rounds):
        for i in range(A.shape[0]):
            A[i] *= targets[i] / np.sum(A[i])
        for j in range(A.shape[1]):
            A[:, j] /= np.sum(A[:, j])
        A[0], A[-1] = A[-1].copy(), A[0].copy()
        A[:, 0] = 0.5 * (A[:, 0] + A[:, 1])
    return np.sum(A * A * A)


ARGS = lambda random: (random.normal(size=(3, 4)), random.uniform(0.5, 1.5, size=3), 2)
ARGNUMS = (0, 1)
