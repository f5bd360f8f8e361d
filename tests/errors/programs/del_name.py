"""`del` has no effect on a derivative."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`del` is"


def f(x):
    y = x * x
    z = y + 1.0
    del y  # <-- error
    return z
