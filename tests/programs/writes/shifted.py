"""Slices that overlap themselves, with NumPy's meaning."""

import numpy as np


def shifted(x, weights):
    u = x.copy()
    u[1:] = u[:-1] * weights[1:]
    u[:-1] += u[1:]
    u[::2] *= u[::2]
    return np.dot(u, weights)


ARGS = lambda random: (random.normal(size=5), random.normal(size=5))
ARGNUMS = (0, 1)
