"""An array that is doubled until its norm is large enough."""

import numpy as np


def doubling(x):
    y = x * 2
    while np.sqrt(np.sum(y * y)) < 1000:
        y = y * 2
    return np.sum(y)


ARGS = lambda random: (random.normal(size=3),)
ARGNUMS = 0
