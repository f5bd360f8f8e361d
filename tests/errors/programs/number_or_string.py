"""A name has one type."""

ERROR = "TypeInferenceError"
MESSAGE = "`y`"
STAGE = "types"


def f(x):
    if x > 0.0:
        y = x
    else:
        y = "negative"
    return y * 2.0  # <-- error
