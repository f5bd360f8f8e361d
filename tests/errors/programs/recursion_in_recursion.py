"""A function that calls itself, and another one that does, which calls it."""

ERROR = "UnsupportedSyntax"
MESSAGE = "by way of a function that calls itself"
STAGE = "types"


def outer(x, n):
    if n <= 0:
        return x
    return inner(x, n - 1) + outer(0.5 * x, n - 1)


def inner(x, n):
    if n <= 0:
        return 1.0
    return inner(x, n - 1) * outer(x, n - 2)  # <-- error


def f(x, n):
    return outer(x, n)


ARGS = (1.0, 3)
