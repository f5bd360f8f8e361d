"""A function that calls itself and returns an array, in a loop of the function that calls it."""

import numpy as np


def refine(x, depth):
    if depth == 0:
        return x
    inner = refine(np.cos(x) * 0.7, depth - 1)
    return inner * x + np.mean(x)


def array_of_calls(x, y, most):
    total = 0.0
    for depth in range(most):
        total += np.sum(refine(x * (depth + 1.0), depth) * y)
    return total


ARGS = lambda random: (random.normal(size=4), random.normal(size=4), 4)
ARGNUMS = (0, 1)
