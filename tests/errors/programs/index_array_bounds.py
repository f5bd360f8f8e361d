"""Arrays of indices are checked before anything is read or written."""

import numpy as np

ERROR = "BoundsError"
MESSAGE = "array of indices"
STAGE = "types"


def f(x):
    x[[0, 3]] = 1.0  # <-- error
    return x.sum()


CALL = lambda sd, f: sd.grad(f, jit=False)(np.ones(3))
