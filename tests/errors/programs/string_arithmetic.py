"""Strings are not added to numbers."""

ERROR = "TypeInferenceError"
MESSAGE = "str"
STAGE = "types"


def f(x):
    return x + "1"  # <-- error
