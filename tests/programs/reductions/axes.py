"""Sums, means, products and extremes along axes of a block."""

import numpy as np


def axes(A):
    rows = A.sum(axis=1)
    top = A.max(axis=(0, 2), keepdims=True)
    low = np.min(A, axis=-1)
    products = np.prod(A, axis=0)
    return np.sum(rows * low.T.sum()) + np.mean(A * top) + np.sum(products * products)


ARGS = lambda random: (random.normal(size=(2, 3, 4)),)
ARGNUMS = 0
