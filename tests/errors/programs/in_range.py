"""`in` looks into what has a known length."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`in` with anything but"
STAGE = "types"


def f(x):
    total = 0.0
    for i in range(5):
        if i in range(2):  # <-- error
            total += x**i
    return total
