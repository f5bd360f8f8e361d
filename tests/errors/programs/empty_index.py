"""An empty array has no first element."""

import numpy as np

ERROR = "BoundsError"
MESSAGE = "out of bounds"
STAGE = "types"


def f(x):
    return x[0] * 2.0  # <-- error


CALL = lambda sd, f: sd.grad(f, jit=False)(np.zeros(0))
