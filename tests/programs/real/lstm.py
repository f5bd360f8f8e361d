"""A stack of gated cells whose current input is a name bound to one row after another."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm(weights, state, sequence):
    layers, d = state.shape[0], state.shape[2]
    total = 0.0
    state = state.copy()
    for t in range(sequence.shape[0]):
        cur = sequence[t]
        for q in range(layers):
            h = state[q, 0]
            c = state[q, 1]
            for i in range(d):
                forget = sigmoid(cur[i] * weights[q, 0, i] + weights[q, 1, i])
                update = np.tanh(h[i] * weights[q, 2, i] + cur[i] * weights[q, 3, i])
                c[i] = c[i] * forget + (1.0 - forget) * update
                h[i] = np.tanh(c[i]) * forget
            cur = state[q, 0]
        for i in range(d):
            total += cur[i] * cur[i]
    return total


ARGS = lambda random: (
    random.normal(size=(2, 4, 3)),
    random.normal(size=(2, 2, 3)),
    random.normal(size=(3, 3)),
)
ARGNUMS = (0, 1, 2)
