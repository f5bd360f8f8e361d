"""Complex numbers are not built."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "complex"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.ones(3, complex),)
