"""A slice takes an array of its own length."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "broadcast"
STAGE = "types"


def f(x, y):
    z = np.zeros(3)
    z[:] = x * y  # <-- error
    return z[0]


CALL = lambda sd, f: sd.grad(f, jit=False)(np.ones(4), 2.0)
