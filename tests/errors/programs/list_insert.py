"""Lists keep their length."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`parts.insert(...)`"


def f(x):
    parts = [x, 2.0 * x]
    parts.insert(0, 1.0)  # <-- error
    return parts[1]
