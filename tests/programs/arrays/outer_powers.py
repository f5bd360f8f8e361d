"""Powers of a matrix that starts as an outer product."""

import numpy as np


def outer_powers(x, y, n):
    A = np.outer(x, y) + np.eye(len(x))
    P = A
    for _ in range(n):
        P = P @ A / 2.0
    return P.sum() + np.dot(P[0], P[:, -1])


ARGS = lambda random: (random.normal(size=3), random.normal(size=3), 3)
ARGNUMS = (0, 1)
