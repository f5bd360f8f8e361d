"""The products of all leading elements, each from the one before it."""

import numpy as np


def prefix_products(x):
    products = np.empty_like(x)
    products[0] = x[0]
    for i in range(1, len(x)):
        products[i] = products[i - 1] * x[i]
    return np.sum(products * products)


ARGS = lambda random: (random.uniform(0.5, 1.5, size=6),)
ARGNUMS = 0
