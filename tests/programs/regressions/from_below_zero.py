"""Indices below 0 count from the end, where a later iteration comes by again."""

import numpy as np


def from_below_zero(x):
    x = x.copy()
    for i in range(-2, x.shape[0]):
        x[i] = np.sin(x[i]) * x[0]
    return np.sum(x * x)


ARGS = lambda random: (random.normal(size=5),)
ARGNUMS = 0
