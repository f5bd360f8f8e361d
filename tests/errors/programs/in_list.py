"""`in` looks into a tuple of constants."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`in` with anything but"


def f(x):
    total = 0.0
    for i in range(5):
        if i not in [1, 3]:  # <-- error
            total += x**i
    return total
