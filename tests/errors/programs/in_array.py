"""`in` looks into a tuple of constants."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`in` with anything but"
STAGE = "types"


def f(x):
    if 1.0 in x:  # <-- error
        return x[0]
    return x[0] * x[1]
