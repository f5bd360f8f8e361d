"""Helpers that take any number of values, counted, sliced and passed on."""

import math


def hypotenuse(*sides):
    total = 0.0
    for side in sides:
        total += side * side
    return math.sqrt(total)


def alternating(first, *rest):
    value = first
    for k, term in enumerate(rest):
        value += term if k % 2 == 0 else -term * first
    return value / (1 + len(rest))


def star_arguments(x, y, z):
    sides = (x, y)
    a = hypotenuse(*sides, z)
    b = alternating(a, x, *sides, y)
    return hypotenuse(a) + alternating(b) * hypotenuse(b, *sides, *sides) - alternating(z, a)


ARGS = lambda random: (0.8, -0.5, 1.2)
ARGNUMS = (0, 1, 2)
