"""Writes through views: a column, a part of a matrix, a transpose, a reversed row."""

import numpy as np


def through_views(x, scale):
    A = np.ones((4, 4))
    column = A[:, 1]
    column[:] = x
    block = A[1:3, 2:]
    block *= scale
    block[0] += x[:2] * x[2:]
    A.T[0, :] = x[::-1] ** 2
    last = A[-1, ::-1]
    last[1] = last[0] * scale
    return np.sum(A * A * A)


ARGS = lambda random: (random.normal(size=4), 0.7)
ARGNUMS = (0, 1)
