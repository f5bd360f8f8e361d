"""A loop that reads, through a view, what it has not yet written of an array."""

import numpy as np


def covered_by_name(x, steps):
    work = np.zeros(x.shape[0] + 1)
    later = work[1:]
    total = 0.0
    for t in range(steps):
        for i in range(work.shape[0]):
            work[i] = x[min(i, x.shape[0] - 1)] * (t + 1.0)
            if i < later.shape[0]:
                total += np.sin(later[i]) * x[i]
    return total


ARGS = lambda random: (random.normal(size=4), 3)
ARGNUMS = 0
