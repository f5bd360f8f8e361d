"""There is no exception to raise again."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`raise` without an exception is"


def f(x):
    if x < 0.0:
        raise  # <-- error
    return x * x
