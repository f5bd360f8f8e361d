"""An argument too many."""

ERROR = "TypeInferenceError"
MESSAGE = "2"
STAGE = "types"


def f(x):  # <-- error
    return x * x


ARGS = (1.0, 2.0)
