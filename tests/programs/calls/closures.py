"""Nested functions over the variables around them, and a lambda."""

import math

SCALE = 1.5


def make(offset):
    def moved(x):
        return SCALE * x + offset

    return moved


shift = make(0.25)


def closures(x, k):
    def well(y):
        return k * y * y * math.exp(-y)

    square = lambda z: z * z + k
    total = 0.0
    for value in x:
        total += square(well(shift(value)))
    return total


ARGS = lambda random: (random.normal(size=4), 0.6)
ARGNUMS = (0, 1)
