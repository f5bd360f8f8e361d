"""A refused part of a helper is shown in the helper."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`try` is"
STAGE = "types"


def helper(value):
    try:  # <-- error
        return 1.0 / value
    except ZeroDivisionError:
        return 0.0


def f(x):
    return helper(x) * x
