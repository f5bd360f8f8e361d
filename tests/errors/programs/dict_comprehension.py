"""The keys of a dict are known before the call."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a dict comprehension is"


def f(x):
    parts = {str(i): x * i for i in range(3)}  # <-- error
    return parts["1"]
