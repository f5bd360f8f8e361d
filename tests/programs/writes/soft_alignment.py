"""The soft cost of all alignments of two series, and a table that is filled from its own slots."""

import numpy as np


def soft_minimum(a, b, c, gamma):
    least = min(a, min(b, c))
    total = np.exp((least - a) / gamma) + np.exp((least - b) / gamma) + np.exp((least - c) / gamma)
    return least - gamma * np.log(total)


def soft_alignment(x, y, gamma):
    n, m = len(x), len(y)
    R = np.full((n + 1, m + 1), 50.0)
    R[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            R[i, j] = cost + soft_minimum(R[i - 1, j], R[i, j - 1], R[i - 1, j - 1], gamma)
    return R[n, m]


ARGS = lambda random: (random.normal(size=4), random.normal(size=3), 0.6)
ARGNUMS = (0, 1, 2)
