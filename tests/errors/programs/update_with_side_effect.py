"""NumPy reads the elements before the right side changes them."""

import numpy as np

ERROR = "UnsupportedSyntax"
MESSAGE = "right side writes"
STAGE = "types"


def emptied(x):
    x[:] = 0.0
    return 1.0


def f(x):
    x[[0, 1]] += emptied(x)  # <-- error
    return x.sum()


ARGS = (np.ones(3),)
