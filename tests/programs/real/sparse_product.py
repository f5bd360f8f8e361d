"""A sparse matrix in compressed rows times a vector, twice."""

import numpy as np


def sparse_product(data, columns, starts, x):
    n = len(starts) - 1
    y = np.zeros(n)
    for row in range(n):
        for k in range(starts[row], starts[row + 1]):
            y[row] += data[k] * x[columns[k]]
    total = 0.0
    for row in range(n):
        total += y[row] * y[row]
    return total


ARGS = lambda random: (
    random.normal(size=7),
    np.array([0, 2, 1, 0, 3, 2, 3]),
    np.array([0, 2, 3, 3, 7]),
    random.normal(size=4),
)
ARGNUMS = (0, 3)
