"""Arrays have no length that is known."""

ERROR = "TypeInferenceError"
MESSAGE = "Only a tuple of fixed length"
STAGE = "types"


def f(x):
    triple = (1.0, *x)  # <-- error
    return triple[1]


import numpy as np

ARGS = (np.ones(2),)
