"""Nor may an inner function be a generator."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`yield` is"


def f(x):
    def powers():
        y = 1.0
        for _ in range(3):
            yield y  # <-- error
            y = y * x

    return sum(powers())
