"""The arithmetic-geometric mean: the period of a pendulum."""

import math


def mean_by_swaps(length, amplitude):
    a, g = 1.0, math.cos(0.5 * amplitude)
    if g > a:
        a, g = g, a
    rounds = 0
    while a - g > 1e-6 and rounds < 10:
        a, g = 0.5 * (a + g), math.sqrt(a * g)
        rounds += 1
    return 2.0 * math.pi * math.sqrt(length / 9.81) / a


ARGS = lambda random: (1.3, 1.9)
ARGNUMS = (0, 1)
