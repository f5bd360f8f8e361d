"""The rest of a tuple has no name of its own."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`*` outside of a call is"


def f(x):
    values = (x, 2.0 * x, 3.0 * x)
    first, *rest = values  # <-- error
    return first * rest[0]
