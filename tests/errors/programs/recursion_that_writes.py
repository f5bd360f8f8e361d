"""A function that calls itself and writes into an argument."""

import numpy as np

ERROR = "UnsupportedSyntax"
MESSAGE = "writes into an argument"
STAGE = "types"


def fill(x, y, n):
    if n < 0:
        return 0.0
    y[n] = x[n] * 2.0
    return fill(x, y, n - 1) + y[n]


def f(x, n):
    y = np.zeros(4)
    return fill(x, y, n)  # <-- error


ARGS = (np.ones(4), 3)
