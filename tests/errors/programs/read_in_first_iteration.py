"""A value of the iteration before, in the first one."""

ERROR = "UnsupportedSyntax"
MESSAGE = "in the first iteration of the loop on line 9"


def f(x):
    total = 0.0
    for i in range(x.shape[0]):
        if i > 0:
            total += x[i] * previous  # <-- error
        previous = x[i]
    return total
