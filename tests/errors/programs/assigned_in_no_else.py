"""The last `elif` needs an `else`."""

ERROR = "UnsupportedSyntax"
MESSAGE = "where the condition on line 10 is false"


def f(x, kind=1):
    if kind == 1:
        y = x * x
    elif kind == 2:
        y = x
    return 2.0 * y  # <-- error
