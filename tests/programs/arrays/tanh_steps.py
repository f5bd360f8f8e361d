"""A state that each step makes anew, and that is kept where the data say so."""

import numpy as np


def tanh_steps(W, h, gates):
    best = h
    for t in range(len(gates)):
        h = np.tanh(W @ h)
        if gates[t] > 0.0:
            best = h
        h = h + gates[t] * best
    return np.sum(h * best)


ARGS = lambda random: (
    random.normal(size=(3, 3)),
    random.normal(size=3),
    random.normal(size=5),
)
ARGNUMS = (0, 1, 2)
