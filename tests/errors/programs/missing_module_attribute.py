"""A module has no such function."""

import numpy as np

ERROR = "UnknownFunction"
MESSAGE = "`np.sinn`"
STAGE = "types"


def f(x):
    return np.sinn(x)  # <-- error
