"""A set by its constructor."""

ERROR = "UnknownFunction"
MESSAGE = "`set`"
STAGE = "types"


def f(x):
    parts = set([1.0, 2.0])  # <-- error
    return x * len(parts)
