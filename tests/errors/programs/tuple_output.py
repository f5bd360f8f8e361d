"""A gradient is that of one number."""

ERROR = "NotDifferentiable"
MESSAGE = "has_aux"
STAGE = "types"


def f(x):
    return x * x, x + 1.0  # <-- error
