"""A count that is kept on a tape, and that is the extent of an array on another tape."""

import numpy as np


def counted_each_time(x, limits):
    k = 0
    while k < limits.shape[0]:
        m = x > limits[k]
        x[m] += np.tanh(x)[m] * x[0]
        k += 1
    return np.sum(x * x)


ARGS = lambda random: (random.normal(size=6), np.array([-0.5, 0.2, 0.9]))
ARGNUMS = 0
