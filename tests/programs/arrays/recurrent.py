"""A recurrent network whose state is rebound in each step."""

import numpy as np


def recurrent(W, U, b, x):
    h = np.zeros(W.shape[0])
    for t in range(x.shape[0]):
        h = np.tanh(W @ h + U @ x[t] + b)
    return np.sum(h * h)


ARGS = lambda random: (
    random.normal(size=(3, 3)),
    random.normal(size=(3, 2)),
    random.normal(size=3),
    random.normal(size=(4, 2)),
)
ARGNUMS = (0, 1, 2, 3)
