"""Names that change what they are bound to: an argument, a loop variable, an array of its own."""

import numpy as np


def rebound_names(x, y):
    y = y + x[0]
    for x_i in x:
        y, x_i = x_i * y, y
        y += x_i
    x = np.cos(x) * y
    for i in range(3):
        x = x[1:] * x[:-1] if i == 1 else x * 0.9
        i = 2 * i
        y += i * x[0]
    total = x
    total = np.sum(total)
    max = total * y
    return max + y


ARGS = lambda random: (random.normal(size=4), 0.5)
ARGNUMS = (0, 1)
