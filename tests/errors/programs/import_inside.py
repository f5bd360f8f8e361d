"""Imports stand at the top of a module."""

ERROR = "UnsupportedSyntax"
MESSAGE = "an import inside a function is"


def f(x):
    import math  # <-- error

    return math.sin(x)
