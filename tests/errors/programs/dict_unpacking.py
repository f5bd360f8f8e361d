"""The keys of a dict are known before the call."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`**` in a dict is"


def f(x):
    first = {"a": x}
    second = {"b": x * x, **first}  # <-- error
    return second["a"] * second["b"]
