"""Logistic regression in loops, as it is written for Numba."""

import math


def logistic_loops(w, X, y):
    n, d = X.shape
    loss = 0.0
    for i in range(n):
        z = 0.0
        for j in range(d):
            z += X[i, j] * w[j]
        loss += math.log(1.0 + math.exp(-y[i] * z))
    return loss / n


ARGS = lambda random: (
    random.normal(size=3),
    random.normal(size=(6, 3)),
    2.0 * random.integers(0, 2, size=6) - 1.0,
)
ARGNUMS = (0, 1)
