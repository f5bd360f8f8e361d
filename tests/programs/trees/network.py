"""A network whose parameters are a list of dicts, trained for a few steps of gradient descent."""

import numpy as np


def dense(params, x, activation):
    y = params["w"] @ x + params["b"]
    if activation == "tanh":
        return np.tanh(y)
    return y


def network(w1, b1, w2, b2, x, target):
    layers = [
        {"w": w1, "b": b1, "activation": "tanh"},
        {"w": w2, "b": b2, "activation": "none"},
    ]
    h = x
    penalty = 0.0
    for k, layer in enumerate(layers):
        params = {"w": layer["w"], "b": layer["b"]}
        h = dense(params, h, layer["activation"])
        for name, value in params.items():
            weight = 0.01 if name == "w" else 0.001
            penalty += weight * (k + 1) * np.sum(value * value)
    error = h - target
    return np.sum(error * error) + penalty


def ARGS(random):
    return (
        random.normal(size=(4, 3)),
        random.normal(size=4),
        random.normal(size=(2, 4)),
        random.normal(size=2),
        random.normal(size=3),
        random.normal(size=2),
    )


ARGNUMS = (0, 1, 2, 3, 4)
