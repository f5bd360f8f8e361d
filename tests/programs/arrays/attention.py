"""One head of attention, row by row, with the softmax made stable."""

import numpy as np


def attention(Q, K, V):
    out = np.zeros_like(Q)
    for i in range(Q.shape[0]):
        scores = K[: i + 1] @ Q[i] / np.sqrt(Q.shape[1])
        weights = np.exp(scores - np.max(scores))
        weights /= np.sum(weights)
        out[i] = weights @ V[: i + 1]
    return np.sum(out * out)


ARGS = lambda random: tuple(random.normal(size=(4, 3)) for _ in range(3))
ARGNUMS = (0, 1, 2)
