"""A number has no elements."""

ERROR = "TypeInferenceError"
MESSAGE = "`x`"
STAGE = "types"


def f(x):
    return x[0] * 2.0  # <-- error
