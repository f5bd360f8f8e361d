"""Shapes that are known to differ."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "3 against one of 4"
STAGE = "types"


def f(x):
    a = np.zeros(3)
    b = np.ones(4)
    return np.sum(a + b) * x  # <-- error


CALL = lambda sd, f: sd.grad(f, jit=False)(1.0)
