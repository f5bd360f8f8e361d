"""A slice of one element, of an array whose length is a literal: it is broadcast."""

import numpy as np


def last_of_four(x):
    w = np.ones(4) * x[0]
    w *= x[1] + w[-1:]
    w[1:3] += w[3:] * x[:2]
    return np.sum(w * w[:1]) + np.sum(w[::5] * w)


ARGS = lambda random: (random.normal(size=3),)
ARGNUMS = 0
