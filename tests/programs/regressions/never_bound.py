"""A loop that never runs binds a name to another array; its extents have names of their own."""

import numpy as np


def never_bound(B):
    for i in range(-1):
        B = np.cos(np.stack((B[i, :], B[0, :])))
    rows = len(B)
    B[rows - 1] *= np.sin(B[0])
    return np.sum(B) * B[2 % len(B), 1]


ARGS = lambda random: (random.normal(size=(3, 4)),)
ARGNUMS = 0
