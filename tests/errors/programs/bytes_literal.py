"""Bytes are not numbers."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a bytes literal is"


def f(x):
    weights = b"abc"  # <-- error
    return x * weights[0]
