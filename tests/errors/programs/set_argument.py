"""A set has no order."""

ERROR = "TypeInferenceError"
MESSAGE = "set"
STAGE = "types"


def f(x):  # <-- error
    return x


ARGS = ({1.0, 2.0},)
