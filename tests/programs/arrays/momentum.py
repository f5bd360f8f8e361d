"""Descent with momentum on a logistic loss: how the result depends on the rates."""

import numpy as np


def momentum(X, y, w, rate, friction):
    v = np.zeros_like(w)
    for step in range(5):
        p = 1.0 / (1.0 + np.exp(-(X @ w)))
        gradient = X.T @ (p - y) / len(y)
        v = friction * v - rate * gradient
        w = w + v
    p = 1.0 / (1.0 + np.exp(-(X @ w)))
    return -np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


ARGS = lambda random: (
    random.normal(size=(6, 3)),
    random.uniform(0.1, 0.9, size=6),
    random.normal(size=3),
    0.5,
    0.8,
)
ARGNUMS = (0, 1, 2, 3, 4)
