"""Divide and conquer: views of views, and a loop in each call."""

import numpy as np


def combine(x, weight):
    n = x.shape[0]
    if n == 1:
        return x[0] * weight
    total = 0.0
    for i in range(n):
        total = np.sin(total + x[i])
    half = n // 2
    return combine(x[:half], total) * weight + combine(x[half:], weight * 0.5)


def halves(x):
    return combine(x, 1.5)


ARGS = lambda random: (random.normal(size=7),)
ARGNUMS = 0
