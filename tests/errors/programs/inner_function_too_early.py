"""An inner function is called before what it reads is assigned."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`a` is read by `scaled` before it is assigned"


def f(x):
    def scaled(t):
        return a * t

    y = scaled(x)  # <-- error
    a = 2.0
    return y * a
