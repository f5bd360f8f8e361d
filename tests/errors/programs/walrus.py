"""An assignment inside an expression."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`:=` is"


def f(x):
    if (y := x * x) > 1.0:  # <-- error
        return y
    return x
