"""A walk of a binary tree: a function that calls itself twice and returns two numbers."""

import numpy as np


def walk(x, left, right, node, scale):
    if node < 0:
        return 1.0, 0.0
    a, b = walk(x, left, right, left[node], scale * 0.9)
    c, d = walk(x, left, right, right[node], scale * 1.1)
    return np.tanh(x[node]) * a * c * scale, b + d + x[node] ** 2 * scale


def tree_walk(x, left, right):
    product, total = walk(x, left, right, 0, 1.0)
    return product + np.sin(total)


def ARGS(random):
    left = np.array([1, 3, -1, 5, -1, -1])
    right = np.array([2, 4, -1, -1, -1, -1], dtype=np.int32)
    return (random.normal(size=6), left, right)


ARGNUMS = 0
