"""Strings are not computed."""

ERROR = "UnsupportedSyntax"
MESSAGE = "an f-string is"


def f(x):
    name = f"value {x}"  # <-- error
    return x * len(name)
