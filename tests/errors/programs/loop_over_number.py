"""A number has no elements."""

ERROR = "TypeInferenceError"
MESSAGE = "`x`"
STAGE = "types"


def f(x):
    total = 0.0
    for value in x:  # <-- error
        total += value
    return total
