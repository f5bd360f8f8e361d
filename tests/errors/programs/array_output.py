"""A gradient is that of a number."""

import numpy as np

ERROR = "NotDifferentiable"
MESSAGE = "jacobian"
STAGE = "types"


def f(x):
    return x * x  # <-- error


ARGS = (np.ones(3),)
