"""An argument is missing."""

ERROR = "TypeInferenceError"
MESSAGE = "`y`"
STAGE = "types"


def f(x, y):  # <-- error
    return x * y


ARGS = (1.0,)
