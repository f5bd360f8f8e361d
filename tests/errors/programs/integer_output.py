"""An integer result has no derivative."""

import numpy as np

ERROR = "NotDifferentiable"
MESSAGE = "int64"
STAGE = "types"


def f(x):
    count = 0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            count += 1
    return count  # <-- error


ARGS = (np.ones(3),)
