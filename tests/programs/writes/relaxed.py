"""A field that an inner loop relaxes in place, border and all, and that is read once outside."""

import numpy as np


def relaxed(field, source):
    p = field.copy()
    total = 0.0
    for _ in range(2):
        total += np.sum(p * p)
        for _ in range(3):
            q = p.copy()
            for i in range(1, p.shape[0] - 1):
                for j in range(1, p.shape[1] - 1):
                    p[i, j] = 0.25 * (q[i, j - 1] + q[i, j + 1] + q[i - 1, j] + source[i, j])
            for j in range(p.shape[1]):
                p[-1, j] = p[-2, j]
                p[0, j] = 0.0
    return total + np.sum(p * p)


def ARGS(random):
    return random.normal(size=(4, 5)), random.normal(size=(4, 5))


ARGNUMS = (0, 1)
