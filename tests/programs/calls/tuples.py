"""Several values returned and unpacked, swapped, and passed on."""

import math


def polar(x, y):
    return math.hypot(x, y), math.atan2(y, x)


def spun(point, angle):
    x, y = point
    c, s = math.cos(angle), math.sin(angle)
    return c * x - s * y, s * x + c * y


def tuples(x, y, turns):
    point = (x, y)
    for turn in range(turns):
        radius, angle = polar(*point)
        point = spun(point, 0.3 * radius + angle * turn)
        x, y = y, x + radius
    return point[0] * x - point[1] * y


ARGS = lambda random: (0.8, -0.5, 3)
ARGNUMS = (0, 1)
