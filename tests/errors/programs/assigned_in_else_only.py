"""The first branch forgets a name."""

ERROR = "UnsupportedSyntax"
MESSAGE = "where the condition on line 10 is true"


def f(x):
    total = 0.0
    for i in range(3):
        if i == 0:
            total += x
        else:
            step = x * i
        total += step  # <-- error
    return total
