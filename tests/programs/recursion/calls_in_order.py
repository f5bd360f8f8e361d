"""Calls in a loop whose adjoint could run forwards, were it not for the stack."""

import numpy as np


def again(u, depth):
    if depth <= 0:
        return 0.5 * u, 1.0
    a, b = again(0.9 * u, depth - 1)
    c, d = again(0.5 * u + 0.2 * a, depth - 2)
    return 0.5 * np.sin(a + d) + 0.1 * depth * u, np.cos(b * c)


def calls_in_order(x, w):
    table = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        p, q = again(x[i], 3 if x[i] < 0.4 else 2)
        table[i] = w[i % 2] * (p - 0.5 * q)
    return np.prod(table)


ARGS = lambda random: (random.normal(size=5), random.normal(size=2))
ARGNUMS = (0, 1)
