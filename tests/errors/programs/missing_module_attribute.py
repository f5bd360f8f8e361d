"""A module has no such function."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "`sinn`"
STAGE = "types"


def f(x):
    return np.sinn(x)  # <-- error
