"""A string has no derivative."""

ERROR = "NotDifferentiable"
MESSAGE = "str"
STAGE = "types"


def f(x):
    return "positive"  # <-- error
