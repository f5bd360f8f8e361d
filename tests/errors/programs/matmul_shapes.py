"""The inner extents of a product differ."""

import numpy as np

ERROR = "ShapeError"
MESSAGE = "shapes do not match"
STAGE = "types"


def f(A, B):
    return np.sum(A @ B)  # <-- error


CALL = lambda sd, f: sd.grad(f, jit=False)(np.ones((2, 3)), np.ones((2, 3)))
