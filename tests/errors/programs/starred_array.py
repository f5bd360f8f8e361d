"""Arrays have no length that is known."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "Only a tuple of fixed length"
STAGE = "types"


def f(x):
    triple = (1.0, *x)  # <-- error
    return triple[1]


ARGS = (np.ones(2),)
