"""Errors are caught outside of a differentiated function."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`try` is"


def f(x):
    try:  # <-- error
        y = 1.0 / x
    except ZeroDivisionError:
        y = 0.0
    return y
