"""A cotangent has the shape of the output."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "(2,)"
STAGE = "types"


def f(x):  # <-- error
    return x * x


CALL = lambda sd, f: sd.vjp(f, np.ones(3), jit=False)[1](np.ones(2))
