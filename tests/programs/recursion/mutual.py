"""Two functions that call each other."""

import math


def mutual(x, n):
    if n == 0:
        return x
    return x * math.sin(other(x + 0.1, n - 1))


def other(x, n):
    if n == 0:
        return 1.0
    return x + mutual(0.5 * x, n - 1)


ARGS = lambda random: (0.7, 9)
ARGNUMS = 0
