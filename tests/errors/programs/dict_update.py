"""A dict keeps its keys."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`parts.update(...)`, which changes the keys"


def f(x):
    parts = {"a": x}
    parts.update(b=x * x)  # <-- error
    return parts["b"]
