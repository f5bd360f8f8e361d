"""A loss that outliers do not dominate, in whole arrays."""

import numpy as np


def robust_loss(w, b, x, y):
    r = w * x + b - y
    return np.sum(r * r / (1.0 + r * r))


ARGS = lambda random: (
    random.normal(size=7),
    0.3,
    random.normal(size=7),
    random.normal(size=7),
)
ARGNUMS = (0, 1)
