"""An array is unpacked into as many names as it has elements."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "shapes do not match"
STAGE = "types"


def f(x):
    a, b = x  # <-- error
    return a * b


CALL = lambda sd, f: sd.grad(f, jit=False)(np.ones(3))
