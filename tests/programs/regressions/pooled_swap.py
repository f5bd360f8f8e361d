"""Two arrays that change places if a value says so, while a third name is a view of one of them."""

import numpy as np


def pooled_swap(A, x):
    w = np.ones_like(A)
    v = A[::-2]
    for i in range(5):
        A[0] += np.sin(w[1] * x)
        w[2] *= 0.5 * A[1]
        if A[0] > 0.3 * i:
            A, w = w, A
        w[0] += v[1] * v[0]
    return np.sum(A * A) + np.sum(w) * 0.3 + np.sum(np.sin(v))


ARGS = lambda random: (random.normal(size=4), 0.7)
ARGNUMS = (0, 1)
