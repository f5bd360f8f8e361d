"""Absolute positions from relative ones: each slot reads one that was filled before."""

import numpy as np


def forest(angles, lengths, parents):
    n = len(parents)
    absolute = np.zeros((n, 2))
    total = np.zeros(n)
    for b in range(n):
        if parents[b] < 0:
            total[b] = angles[b]
            absolute[b, 0] = lengths[b] * np.cos(total[b])
            absolute[b, 1] = lengths[b] * np.sin(total[b])
        else:
            total[b] = total[parents[b]] + angles[b]
            absolute[b, 0] = absolute[parents[b], 0] + lengths[b] * np.cos(total[b])
            absolute[b, 1] = absolute[parents[b], 1] + lengths[b] * np.sin(total[b])
    return (absolute**2).sum()


ARGS = lambda random: (
    random.normal(size=6),
    random.uniform(0.5, 1.5, size=6),
    np.array([-1, 0, 1, 1, -1, 3]),
)
ARGNUMS = (0, 1)
