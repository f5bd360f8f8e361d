"""All that is missing is named at once."""

import numpy as np

ERROR = "UnknownFunction"
MESSAGE = "np.unwrap"
STAGE = "types"


def f(x):
    y = np.unwrap(x)  # <-- error
    return np.sum(y) + np.packbits(x)[0]


ARGS = (np.ones(3),)
