"""Complex numbers are not built."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a complex number is"


def f(x):
    z = x + 2j * x  # <-- error
    return z.real
