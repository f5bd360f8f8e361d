"""NumPy reads the right side while it writes through a mask."""

import numpy as np

ERROR = "AliasingError"
MESSAGE = "share"
STAGE = "types"


def f(x):
    x[x > 0.0] = x[::-1]  # <-- error
    return x.sum()


ARGS = (np.ones(3),)
