"""Integers have no derivative."""

ERROR = "NotDifferentiable"
MESSAGE = "`n`"
STAGE = "types"


def f(n, x):  # <-- error
    return x**n


ARGS = (3, 1.0)
