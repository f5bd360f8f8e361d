"""Parallel loops are not built."""

import numpy as np
from numba import prange

ERROR = "UnknownFunction"
MESSAGE = "prange"
STAGE = "types"


def f(x):
    total = 0.0
    for i in prange(x.shape[0]):  # <-- error
        total += x[i] * x[i]
    return total


ARGS = (np.ones(3),)
