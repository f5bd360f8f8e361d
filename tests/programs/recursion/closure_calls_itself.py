"""A nested function that calls itself and uses arrays and numbers of the function around it."""

import numpy as np


def closure_calls_itself(x, rate):
    y = np.cos(x) * rate
    n = x.shape[0]

    def fold(i, so_far):
        if i == n:
            return so_far * rate
        return fold(i + 1, so_far * y[i] + x[i])

    return fold(0, 1)


ARGS = lambda random: (random.normal(size=5), 1.3)
ARGNUMS = (0, 1)
