"""A name that is assigned is local everywhere in its function."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`scale` is read before it is assigned"


scale = 2.0


def f(x):
    y = x * scale  # <-- error
    scale = 3.0
    return y * scale
