"""Integers have no derivative."""

import numpy as np

ERROR = "NotDifferentiable"
MESSAGE = "int64"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.arange(3),)
