"""An array has no such axis."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "Axis 2"
STAGE = "types"


def f(x):
    return np.sum(np.sum(x, axis=2))  # <-- error


ARGS = (np.ones((2, 2)),)
