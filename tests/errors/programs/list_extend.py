"""Lists keep their length."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`parts.extend(...)`"


def f(x):
    parts = [x]
    parts.extend([2.0 * x, 3.0 * x])  # <-- error
    return sum(parts)
