"""Logistic regression in whole arrays, with a ridge term."""

import numpy as np


def logistic_arrays(w, X, y, ridge):
    z = X @ w
    loss = np.mean(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0.0) - y * z)
    return loss + 0.5 * ridge * np.dot(w, w)


ARGS = lambda random: (
    random.normal(size=3),
    random.normal(size=(6, 3)),
    random.integers(0, 2, size=6).astype(float),
    0.1,
)
ARGNUMS = (0, 1, 3)
