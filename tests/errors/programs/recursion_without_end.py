"""A function that calls itself on every path."""

ERROR = "TypeInferenceError"
MESSAGE = "calls itself on every path"
STAGE = "types"


def power(x, n):
    return x * power(x, n - 1)


def f(x, n):
    return power(x, n)  # <-- error


ARGS = (1.0, 3)
