"""Helpers of another module, whose names and constants are its own."""

import numpy as np

from tests.programs.calls import closures, tuples
from tests.programs.calls.helpers_that_write import normalise, subtract_projection

SCALE = 0.3


def other_module(x, y):
    x, y = x.copy(), y.copy()
    normalise(y)
    subtract_projection(x, y)
    radius, angle = tuples.polar(x[0], y[1])
    moved = closures.shift(radius) * SCALE
    normalise(x)
    return moved + angle * np.sum(x * np.arange(3)) + closures.SCALE * y[0]


ARGS = lambda random: (random.normal(size=3), random.normal(size=3))
ARGNUMS = (0, 1)
