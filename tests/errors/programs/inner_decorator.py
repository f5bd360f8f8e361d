"""What a decorator makes of an inner function is not seen."""

from functools import cache

ERROR = "UnsupportedSyntax"
MESSAGE = "a decorator on an inner function is"


def f(x):
    @cache  # <-- error
    def square(t):
        return t * t

    return square(x)
