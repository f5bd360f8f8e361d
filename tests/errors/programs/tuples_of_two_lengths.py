"""A tuple keeps its length."""

ERROR = "TypeInferenceError"
MESSAGE = "`pair`"
STAGE = "types"


def f(x):
    pair = (x, x)
    if x > 0.0:
        pair = (x, x, x)
    return pair[0]  # <-- error
