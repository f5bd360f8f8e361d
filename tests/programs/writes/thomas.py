"""A tridiagonal system in place, forwards and backwards: the moments of a cubic spline."""

import numpy as np


def thomas(h, y):
    n = len(y) - 2
    lower, diagonal, rhs = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        diagonal[i] = 2.0 * (h[i] + h[i + 1])
        lower[i] = h[i]
        rhs[i] = 6.0 * ((y[i + 2] - y[i + 1]) / h[i + 1] - (y[i + 1] - y[i]) / h[i])
    for i in range(1, n):
        factor = lower[i] / diagonal[i - 1]
        diagonal[i] -= factor * lower[i]
        rhs[i] -= factor * rhs[i - 1]
    rhs[n - 1] /= diagonal[n - 1]
    for i in range(n - 2, -1, -1):
        rhs[i] = (rhs[i] - h[i + 1] * rhs[i + 1]) / diagonal[i]
    return np.sum(rhs * rhs)


ARGS = lambda random: (random.uniform(0.5, 1.5, size=5), random.normal(size=6))
ARGNUMS = (0, 1)
