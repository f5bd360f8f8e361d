"""Strings are not added to numbers."""

ERROR = "TypeInferenceError"
MESSAGE = "neither a number nor an array"
STAGE = "types"


def f(x):
    return x + "1"  # <-- error
