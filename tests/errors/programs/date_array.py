"""Dates have no derivative."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "datetime64"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.zeros(3, "datetime64[s]"),)
