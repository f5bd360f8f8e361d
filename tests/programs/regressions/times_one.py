"""The adjoint of `y` is `x`, times one, as it is at the end and not as the sweep sets it back."""

import numpy as np


def times_one(x, w):
    y = w * 0.7
    x = x.copy()
    for i in range(1, x.shape[0]):
        x[i] = w[i] * x[i]
    return np.sum(x * y)


ARGS = lambda random: (random.normal(size=5), random.normal(size=5))
ARGNUMS = (0, 1)
