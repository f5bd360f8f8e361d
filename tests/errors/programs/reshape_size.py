"""A reshape keeps the number of elements."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "6 against one of 8"
STAGE = "types"


def f(x):
    y = np.zeros(6)
    return np.sum(y.reshape(2, 4)) * x  # <-- error


CALL = lambda sd, f: sd.grad(f, jit=False)(1.0)
