"""A robust fit of a line: missing data masked, outliers left out, weights by group."""

import numpy as np


def masked_residuals(slope, start, x, y, group, weights):
    present = y > -9.0
    residuals = y - (start + slope * x)
    residuals[~present] = 0.0
    far = np.abs(residuals) > 1.5
    residuals[far] *= 0.1
    total = np.zeros(weights.shape[0])
    np.add.at(total, group, residuals**2)
    return np.sum(weights * total) / np.sum(present) + np.linalg.norm(weights[group[present]])


def arguments(random):
    x = random.uniform(-1.0, 1.0, 12)
    y = 0.5 + 2.0 * x + random.normal(size=12)
    y[[2, 7]] = -10.0
    return 1.8, 0.4, x, y, random.integers(0, 3, 12), random.uniform(0.5, 1.0, 3)


ARGS = arguments
ARGNUMS = (0, 1, 5)
