"""Two names of one array, which change places in a loop; a loop that never runs."""

import numpy as np


def same_names(A, n):
    v = A
    for i in range(n):
        v[0] += np.sin(A[1]) * i
        A, v = v, A
    for i in range(0):
        A[i] += v[i]
        v = A * 2.0
    return np.sum(A * A) + np.sum(v) * 0.3


ARGS = lambda random: (random.normal(size=4), 3)
ARGNUMS = 0
