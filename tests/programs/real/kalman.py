"""The likelihood of a series under a filter with two states and small matrices."""

import math

import numpy as np


def kalman(series, q, r):
    x = np.zeros(2)
    P = np.eye(2)
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    total = 0.0
    for y in series:
        x = F @ x
        P = F @ P @ F.T + q * np.eye(2)
        innovation = y - x[0]
        s = P[0, 0] + r
        gain = P[:, 0] / s
        x = x + gain * innovation
        P = P - np.outer(gain, P[0])
        total += 0.5 * (math.log(s) + innovation**2 / s)
    return total


ARGS = lambda random: (random.normal(size=6), 0.05, 0.4)
ARGNUMS = (0, 1, 2)
