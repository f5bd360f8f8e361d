"""A `finally` is a `try`, too."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`try` is"


def f(x):
    y = x * x
    for _ in range(3):
        try:  # <-- error
            y = y * x
        finally:
            y = y + 1.0
    return y
