"""Slices that overlap what they are made of, one after another."""

import numpy as np


def chained_slices(x, gain):
    x[1:] = x[:-1]
    x[0] *= gain
    x[1:] += x[:-1]
    x += x[::-1]
    x[:-2] = gain * x[2:]
    x[::2] -= x[1::2]
    x[1:-1] *= x[:-2] + x[2:]
    x[::-1] = 0.5 * x
    x[2:] = x[1:-1] = x[:-2] * gain
    return np.sum(x * x)


ARGS = lambda random: (random.normal(size=6), 0.8)
ARGNUMS = (0, 1)
