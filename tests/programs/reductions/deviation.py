"""The standard deviation in whole arrays."""

import numpy as np


def deviation(x):
    centred = x - np.mean(x)
    return np.sqrt(np.sum(centred * centred) / (x.size - 1))


ARGS = lambda random: (random.normal(size=8),)
ARGNUMS = 0
