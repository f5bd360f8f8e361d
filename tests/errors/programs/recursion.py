"""A function that calls itself."""

ERROR = "UnsupportedSyntax"
MESSAGE = "Recursive functions"
STAGE = "types"


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)  # <-- error


def f(x, n):
    return power(x, n)


ARGS = (1.0, 3)
