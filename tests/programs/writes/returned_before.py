"""What writes an argument is never reached."""

import numpy as np


def returned_before(a, b, n):
    w = np.tanh(0.4 * a[2, :3])
    if n == n:
        return np.cos(b[0, n, n // 2]) + w[1]
    for i in range(a.shape[1]):
        if w[0] <= -1.05:
            a[1, -1] += 0.6
        for j in range(5):
            np.subtract.at(b, [-1, 0, -1, 1], np.full((4, a.shape[1], 3), b[j % b.shape[0], 1, 0]))
    return np.sum(a)


ARGS = lambda random: (random.normal(size=(3, 4)), random.normal(size=(2, 4, 3)), 3)
ARGNUMS = (0, 1)
