"""A function that calls itself with a matrix and then with a row of it."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "is given `x` as an array of float64 with 1 axes here"
STAGE = "types"


def total(x, n):
    if n <= 0:
        return np.sum(x)
    return total(x * 2.0, n - 1) + total(x[0], n - 1)  # <-- error


def f(x, n):
    return total(x, n)


ARGS = (np.ones((2, 2)), 3)
