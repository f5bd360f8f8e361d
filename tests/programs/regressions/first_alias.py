"""A second name of an array, until a loop that surely runs binds it to another."""

import numpy as np


def first_alias(x):
    other = x
    for k in range(2):
        total = np.sum(other * x)
        other = np.cos(x) * total
    x *= 0.5
    x[0] += other[1]
    return np.sum(other * x)


ARGS = lambda random: (random.normal(size=3),)
ARGNUMS = 0
