"""Loops over the elements of arrays: `enumerate`, `zip` and a comprehension."""

import numpy as np


def zipped(x, y):
    total = 0.0
    for i, value in enumerate(x):
        total += value ** (i + 1)
    for a, b in zip(x, y):
        total += a * total / (1.0 + b * b)
    squares = np.array([x[i] * x[i] * y[i] for i in range(len(y))])
    return total + squares.sum()


ARGS = lambda random: (random.uniform(0.2, 1.2, size=5), random.normal(size=5))
ARGNUMS = (0, 1)
