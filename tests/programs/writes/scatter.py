"""Values summed into bins by an array of indices, then gathered again."""

import numpy as np


def scatter(values, bins, count):
    sums = np.zeros(count)
    for i in range(len(values)):
        sums[bins[i]] += values[i] * values[i]
    total = 0.0
    for i in range(len(values)):
        total += values[i] * np.sqrt(1.0 + sums[bins[i]])
    return total


ARGS = lambda random: (random.normal(size=7), random.integers(0, 3, size=7), 3)
ARGNUMS = 0
