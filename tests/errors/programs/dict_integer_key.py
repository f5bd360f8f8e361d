"""The keys of a dict are strings."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a dict key that is not a constant string"


def f(x):
    parts = {1: x, 2: x * x}  # <-- error
    return parts[2]
