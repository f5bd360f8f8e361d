"""Iterations read through a view what others write: the counter alone does not tell elements."""

import numpy as np


def reversed_view(x):
    x = x.copy()
    back = x[::-1]
    for i in range(1, x.shape[0]):
        x[i] = x[i] + back[i] * back[i]
    return np.sum(x * x)


def ARGS(random):
    return (0.5 * random.normal(size=5),)


ARGNUMS = (0,)
