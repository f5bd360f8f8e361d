"""The `else` is missing."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`y` is read before it is assigned where the condition on line 8 is false"


def f(x):
    if x > 0.0:
        y = x * x
    return y  # <-- error
