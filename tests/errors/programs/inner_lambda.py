"""A lambda inside a function is looked at."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`:=` is"


def f(x):
    square = lambda t: (s := t) * s  # <-- error
    return square(x)
