"""Numba has no long double."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "longdouble"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.ones(3, np.longdouble),)
