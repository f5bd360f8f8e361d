"""A view that begins one element later: the same index is another element of the array."""

import numpy as np


def beside_itself(x):
    x = x.copy()
    later = x[1:]
    for i in range(later.shape[0]):
        later[i] = later[i] * x[i]
    return np.sum(x)


ARGS = lambda random: (random.normal(size=6),)
ARGNUMS = 0
