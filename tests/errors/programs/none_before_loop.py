"""A name that is None in the first iteration only."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "`best` is None before the loop"
STAGE = "types"


def f(x):
    best = None
    for i in range(x.shape[0]):
        if best is None or x[i] < best:  # <-- error
            best = x[i]
    return best


ARGS = (np.ones(3),)
