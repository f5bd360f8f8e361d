"""The shape of an array is not assigned."""

ERROR = "UnsupportedSyntax"
MESSAGE = "assigning to an attribute is"
STAGE = "types"


def f(x):
    y = x * x
    y.shape = (2, 2)  # <-- error
    return y[0, 0]
