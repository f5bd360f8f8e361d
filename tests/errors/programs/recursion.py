"""A function that calls itself."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`power`"
STAGE = "types"


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)  # <-- error


def f(x):
    return power(x, 3)
