"""Shapes that are found to differ when the function runs."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "broadcast"
STAGE = "types"


def f(x, y):
    return np.sum(x * y)  # <-- error


CALL = lambda sd, f: sd.grad(f, jit=False)(np.ones(3), np.ones(4))
