"""Helpers that are compiled by Numba, one of which writes into its argument."""

import numpy as np
from numba import njit


@njit(cache=False)
def softplus(x):
    return np.log1p(np.exp(-abs(x))) + max(x, 0.0)


@njit
def smooth(u, rate):
    for i in range(1, len(u) - 1):
        u[i] += rate * (u[i - 1] - 2.0 * u[i] + u[i + 1])


def compiled_helpers(u, rate):
    u = u.copy()
    total = 0.0
    for sweep in range(3):
        smooth(u, rate)
        for i in range(len(u)):
            total += softplus(u[i] * rate)
    return total


ARGS = lambda random: (random.normal(size=5), 0.3)
ARGNUMS = (0, 1)
