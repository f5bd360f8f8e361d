"""`np.append` is a function, not a method of a list."""

import numpy as np

ERROR = "UnknownFunction"
MESSAGE = "np.append"
STAGE = "types"


def f(x):
    y = np.append(x, 1.0)  # <-- error
    return np.sum(y)


ARGS = (np.ones(3),)
