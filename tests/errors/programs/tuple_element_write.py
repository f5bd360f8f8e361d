"""Tuples are not written."""

ERROR = "TypeInferenceError"
MESSAGE = "tuple"
STAGE = "types"


def f(x):
    pair = (x, 2.0 * x)
    pair[0] = 1.0  # <-- error
    return pair[0] * pair[1]
