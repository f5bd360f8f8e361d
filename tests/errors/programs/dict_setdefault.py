"""A dict keeps its keys."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`parts.setdefault(...)`"


def f(x):
    parts = {"a": x}
    return parts.setdefault("b", x * x)  # <-- error
