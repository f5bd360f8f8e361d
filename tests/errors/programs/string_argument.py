"""Strings have no derivative."""

ERROR = "NotDifferentiable"
MESSAGE = "`kind`"
STAGE = "types"


def f(kind, x):  # <-- error
    return x * x if kind == "square" else x


ARGS = ("square", 1.0)
