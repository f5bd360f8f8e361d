"""An array has as many indices as axes."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "1"
STAGE = "types"


def f(x):
    return x[0, 1]  # <-- error


ARGS = (np.ones(4),)
