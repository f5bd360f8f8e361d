"""An array that two loops hand on unchanged, once an extent of it turned out to be known."""

import numpy as np


def handed_on_unchanged(x, n):
    first = np.arange(3)
    weights = np.arange(3) * 0.5
    trips = 0
    for _ in range(n):
        trips = trips + 0
    for _ in range(3):
        for _ in range(trips):
            weights *= 0.4
    return x * np.sum(weights) + first[1]


def ARGS(random):
    return (0.7, 2)


ARGNUMS = (0,)
