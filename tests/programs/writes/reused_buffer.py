"""An array that is overwritten after it was read, in the place where people save memory."""

import numpy as np


def reused_buffer(x):
    work = np.empty_like(x)
    total = 0.0
    for k in range(1, 4):
        for i in range(len(x)):
            work[i] = np.sin(k * x[i])
        for i in range(1, len(x)):
            total += work[i] * work[i - 1]
        work[:] = total
        x = x + work
    return total * x[0]


ARGS = lambda random: (random.normal(size=4),)
ARGNUMS = 0
