"""The truth of an array is not defined."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "not a condition"
STAGE = "types"


def f(x):
    if x > 0.0:  # <-- error
        return x[0]
    return x[1]


ARGS = (np.ones(2),)
