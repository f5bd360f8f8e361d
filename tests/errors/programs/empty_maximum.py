"""An empty array has no greatest element."""

import numpy as np

ERROR = "BoundsError"
MESSAGE = "out of bounds"
STAGE = "types"


def f(x):
    return np.max(x)  # <-- error


CALL = lambda sd, f: sd.grad(f, jit=False)(np.zeros(0))
