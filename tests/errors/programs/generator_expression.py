"""A sum over a generator is written as a loop."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a generator expression is"


def f(x):
    return sum(x**i for i in range(4))  # <-- error
