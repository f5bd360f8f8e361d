"""Arrays from other machines are converted first."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "byte order"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.ones(3, np.dtype(np.float64).newbyteorder("S")),)
