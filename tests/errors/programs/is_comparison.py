"""Identity of numbers has no meaning."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`is` between values"


def f(x):
    y = x
    if y is x:  # <-- error
        y = x * x
    return y
