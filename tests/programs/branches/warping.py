"""The cost of the best alignment of two series: a table of minima."""

import numpy as np


def warping(a, b):
    n, m = len(a), len(b)
    cost = np.full((n + 1, m + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(n):
        for j in range(m):
            step = (a[i] - b[j]) ** 2
            cost[i + 1, j + 1] = step + min(cost[i, j], min(cost[i, j + 1], cost[i + 1, j]))
    return cost[n, m]


ARGS = lambda random: (random.normal(size=5), random.normal(size=4))
ARGNUMS = (0, 1)
