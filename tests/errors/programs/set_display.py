"""Sets have no order."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a set is"


def f(x):
    total = 0.0
    for power in {1, 2, 3}:  # <-- error
        total += x**power
    return total
