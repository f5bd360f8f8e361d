"""The keys of a dict are known before the call."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a dict key that is not a constant"


def f(x):
    name = "a"
    parts = {
        "b": x,
        name: x * x,  # <-- error
    }
    return parts["b"]
