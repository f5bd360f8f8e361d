"""Default, keyword and keyword-only arguments, given in every way."""

import numpy as np


def kernel(x, y, width=0.7, *, power=2, amplitude=1.0, offset=None):
    distance = np.abs(x - y) / width
    value = amplitude * np.exp(-0.5 * distance**power)
    if offset is not None:
        value += offset * x
    return value


def defaults(x, width, amplitude):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total += kernel(x[i], x[j])
            total += kernel(x[i], x[j], width)
            total += kernel(y=x[j], x=x[i], amplitude=amplitude)
            total += kernel(x[i], x[j], offset=width, width=amplitude)
            total += kernel(x[j], x[i], power=3, *(width,))
    return total


ARGS = lambda random: (random.normal(size=4), 0.9, 1.4)
ARGNUMS = (0, 1, 2)
