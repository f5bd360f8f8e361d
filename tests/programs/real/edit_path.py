"""A best path through a grid, found backwards and then walked forwards by integers."""

import numpy as np


def edit_path(cost, gap):
    n, m = cost.shape
    best = np.zeros((n + 1, m + 1))
    move = np.zeros((n + 1, m + 1), dtype=np.int64)
    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            if i == n and j == m:
                continue
            best[i, j] = np.inf
            if i < n and j < m and cost[i, j] + best[i + 1, j + 1] < best[i, j]:
                best[i, j] = cost[i, j] + best[i + 1, j + 1]
                move[i, j] = 0
            if i < n and gap + best[i + 1, j] < best[i, j]:
                best[i, j] = gap + best[i + 1, j]
                move[i, j] = 1
            if j < m and gap + best[i, j + 1] < best[i, j]:
                best[i, j] = gap + best[i, j + 1]
                move[i, j] = 2
    i, j, discount, total = 0, 0, 1.0, 0.0
    while i < n or j < m:
        taken = move[i, j]
        total += discount * (cost[i, j] ** 2 if taken == 0 else gap * gap)
        discount *= 0.9
        i += 1 if taken != 2 else 0
        j += 1 if taken != 1 else 0
    return best[0, 0] + total


ARGS = lambda random: (random.uniform(0.0, 2.0, size=(4, 3)), 0.6)
ARGNUMS = (0, 1)
