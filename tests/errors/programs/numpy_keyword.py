"""An argument of NumPy's that is not supported."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "'where'"
STAGE = "types"


def f(x):
    return np.sum(x, where=x > 0.0)  # <-- error


ARGS = (np.ones(3),)
