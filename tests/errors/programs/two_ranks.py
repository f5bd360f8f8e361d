"""A name has one rank."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "`y`"
STAGE = "types"


def f(x):
    if x[0] > 0.0:
        y = x
    else:
        y = x[0]
    return np.sum(y)  # <-- error


ARGS = (np.ones(3),)
