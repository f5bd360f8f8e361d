"""Helpers that write into their arguments and return nothing."""

import numpy as np


def normalise(v):
    length = np.sqrt(np.dot(v, v))
    v /= length


def subtract_projection(v, u):
    overlap = 0.0
    for i in range(len(v)):
        overlap += v[i] * u[i]
    for i in range(len(v)):
        v[i] -= overlap * u[i]


def helpers_that_write(A):
    Q = A.copy()
    for k in range(Q.shape[0]):
        for j in range(k):
            subtract_projection(Q[k], Q[j])
        normalise(Q[k])
    return np.sum(Q * Q * A)


ARGS = lambda random: (random.normal(size=(3, 4)),)
ARGNUMS = 0
