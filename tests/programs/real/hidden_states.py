"""The likelihood of a series under a hidden Markov model, scaled in each step."""

import numpy as np


def hidden_states(logits, means, series):
    n = len(means)
    transition = np.empty((n, n))
    for i in range(n):
        row = np.exp(logits[i])
        transition[i] = row / row.sum()
    alpha = np.full(n, 1.0 / n)
    log_likelihood = 0.0
    for t in range(len(series)):
        following = np.zeros(n)
        for j in range(n):
            for i in range(n):
                following[j] += alpha[i] * transition[i, j]
            following[j] *= np.exp(-0.5 * (series[t] - means[j]) ** 2)
        scale = following.sum()
        alpha = following / scale
        log_likelihood += np.log(scale)
    return log_likelihood


ARGS = lambda random: (
    random.normal(size=(3, 3)),
    random.normal(size=3),
    random.normal(size=5),
)
ARGNUMS = (0, 1, 2)
