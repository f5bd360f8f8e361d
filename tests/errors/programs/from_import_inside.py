"""Imports stand at the top of a module."""

ERROR = "UnsupportedSyntax"
MESSAGE = "an import inside a function is"


def f(x):
    from math import sin  # <-- error

    return sin(x)
