"""A name for one of two arrays that is read before that array is overwritten, and not after."""

import numpy as np


def branch_of_views(x, y, first):
    a, b = np.sin(x), np.cos(y)
    chosen = a if first else b
    total = np.sum(chosen * chosen * x)
    a *= b
    b[:] = a[::-1] * total
    return total + np.sum(a * b * y)


ARGS = lambda random: (random.normal(size=3), random.normal(size=3), True)
ARGNUMS = (0, 1)
