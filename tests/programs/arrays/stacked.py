"""Arrays joined, stacked, reshaped and cut up again."""

import numpy as np


def stacked(x, y):
    rows = np.stack((x, y * x, np.sin(y)))
    square = rows.reshape(2, -1)
    flat = np.concatenate((square[0], rows[:, 0], x[1:]))
    return np.sum(flat**2 * np.arange(flat.size)) + square[1].prod()


ARGS = lambda random: (random.normal(size=4), random.normal(size=4))
ARGNUMS = (0, 1)
