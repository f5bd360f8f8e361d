"""One buffer that is first the input of a layer and then its output."""

import numpy as np


def input_then_output(x, W):
    buffer = x.copy()
    result = np.zeros_like(x)
    for layer in range(W.shape[0]):
        for i in range(len(x)):
            result[i] = 0.0
            for j in range(len(x)):
                result[i] += W[layer, i, j] * buffer[j]
        for i in range(len(x)):
            buffer[i] = np.tanh(result[i])
    return buffer.sum()


ARGS = lambda random: (random.normal(size=3), random.normal(size=(3, 3, 3)))
ARGNUMS = (0, 1)
