"""A generator is no function of its arguments."""

ERROR = "UnsupportedSyntax"
MESSAGE = "generator"


def f(x):  # <-- error
    for i in range(3):
        yield x * i
