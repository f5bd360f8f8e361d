"""An index is an integer."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "integer"
STAGE = "types"


def f(x):
    half = x.shape[0] / 2
    return x[half]  # <-- error


ARGS = (np.ones(4),)
