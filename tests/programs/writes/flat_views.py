"""Writes into a matrix through `reshape`, `ravel` and `.T`, and reads of the matrix itself."""

import numpy as np


def flat_views(x, scale):
    A = np.zeros((2, 3))
    flat = A.reshape(-1)
    for k in range(6):
        flat[k] = x[k] * scale
        if k > 0:
            flat[k] += flat[k - 1] * A[0, 0]
    A.ravel()[1::2] *= scale
    B = A.reshape(3, 2)
    B[1:, 0] += B[:-1, 1]
    A.T[1] = A.T[0] * A.T[2]
    tall = A.T
    tall[0, :] -= x[:2]
    return np.sum(A * A * B.reshape(2, 3))


ARGS = lambda random: (random.normal(size=6), 0.7)
ARGNUMS = (0, 1)
