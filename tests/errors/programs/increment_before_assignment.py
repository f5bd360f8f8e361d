"""`+=` reads."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`total` is read before it is assigned"


def f(x):
    for i in range(3):
        total += x * i  # <-- error
    return total
