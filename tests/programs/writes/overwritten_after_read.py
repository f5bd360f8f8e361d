"""Arrays that are overwritten after an expression has read them, by a slice, an element, whole."""

import numpy as np


def overwritten_after_read(x, y):
    z = np.sin(x) * y
    x[:] = z * z
    w = x * y
    x[0] = w[1] * z[0]
    y[1:] = x[:-1]
    total = np.sum(x * y * w)
    x *= 0.0
    y[...] = 7.0
    return total + np.sum(x * z)


ARGS = lambda random: (random.normal(size=4), random.normal(size=4))
ARGNUMS = (0, 1)
