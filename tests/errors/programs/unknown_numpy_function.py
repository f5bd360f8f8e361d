"""A NumPy function without a rule."""

import numpy as np

ERROR = "UnknownFunction"
MESSAGE = "np.packbits"
STAGE = "types"


def f(x):
    return np.packbits(x)[0] * 1.0  # <-- error


ARGS = (np.ones(3),)
