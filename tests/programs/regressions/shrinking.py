"""An array that some iterations of a loop make shorter."""

import numpy as np


def shrinking(x, y):
    for i in range(4):
        if i % 2 == 1:
            x = x[1:] * x[:-1]
        else:
            x = np.sin(x) * y
    return np.sum(x) * y


ARGS = lambda random: (random.normal(size=5), 0.7)
ARGNUMS = (0, 1)
