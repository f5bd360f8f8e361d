"""A name is read before any path assigns it."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`y` is read before it is assigned"


def f(x):
    z = x * y  # <-- error
    y = 2.0
    return z + y
