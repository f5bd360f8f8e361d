"""A number is not called."""

ERROR = "TypeInferenceError"
MESSAGE = "`scale`"
STAGE = "types"


scale = 2.0


def f(x):
    return scale(x)  # <-- error
