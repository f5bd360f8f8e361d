"""Arrays that are not contiguous: a transpose, every other column, rows backwards."""

import numpy as np


def strided(A, v):
    B = A.T[::2]
    total = np.sum(B @ v)
    for i in range(B.shape[0]):
        total += B[-1 - i, i] ** 2 * v[i]
    return total + np.sum(np.exp(A[::-1, 1] * v))


ARGS = lambda random: (random.normal(size=(5, 4)).T.copy().T, random.normal(size=5))
ARGNUMS = (0, 1)
