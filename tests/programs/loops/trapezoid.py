"""The trapezoid rule on a grid with uneven steps."""

import math


def trapezoid(x, decay):
    area = 0.0
    for i in range(1, len(x)):
        left = math.exp(-decay * x[i - 1]) * math.sin(x[i - 1])
        right = math.exp(-decay * x[i]) * math.sin(x[i])
        area += 0.5 * (x[i] - x[i - 1]) * (left + right)
    return area


ARGS = lambda random: (random.uniform(0.0, 3.0, size=7), 0.4)
ARGNUMS = (0, 1)
