"""An argument is written through an array of indices, then its name may get another array."""

import numpy as np


def rebound_in_a_loop(a, c, w):
    for i in range(c.shape[1]):
        a[:, np.array([2])] *= np.cos(a[:, -1:])
        if w[i] > 0.0:
            a = np.outer(np.sin(c[1, i, :]), np.cos(w))
    return np.sum(a)


ARGS = lambda random: (
    random.normal(size=(4, 3)),
    random.normal(size=(2, 3, 4)),
    np.array([0.6, -0.3, -0.8]),
)
ARGNUMS = (0, 1, 2)
