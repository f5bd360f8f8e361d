"""Extremes and products of views that are not contiguous, of arrays that are written."""

import numpy as np


def read_flat(A, v):
    v = v.copy()
    A = A.copy()
    for i in range(3):
        v[i] += 0.5 * np.max(v[::-2]) + v[::2].min()
        A[i] *= np.vdot(A.T, A.T) * 0.1 + np.max(A[:, ::-1])
        A[:, 0] += np.prod(A[::-1, 1:]) * A[::2, 1:].max(axis=1).sum()
    return np.sum(A * A) + np.sum(np.outer(v[::2], A[0, ::-1])) + v @ v


ARGS = lambda random: (random.normal(size=(3, 4)), random.normal(size=5))
ARGNUMS = (0, 1)
