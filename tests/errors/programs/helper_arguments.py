"""A helper is called as it is defined."""

ERROR = "TypeInferenceError"
MESSAGE = "`scale`"
STAGE = "types"


def helper(value, scale):
    return value * scale


def f(x):
    return helper(x)  # <-- error
