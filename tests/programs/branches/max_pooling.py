"""The largest element of each window, after a convolution."""

import numpy as np


def max_pooling(image, kernel):
    n, m = image.shape
    k = kernel.shape[0]
    filtered = np.zeros((n - k + 1, m - k + 1))
    for i in range(filtered.shape[0]):
        for j in range(filtered.shape[1]):
            for p in range(k):
                for q in range(k):
                    filtered[i, j] += image[i + p, j + q] * kernel[p, q]
    total = 0.0
    for i in range(0, filtered.shape[0] - 1, 2):
        for j in range(0, filtered.shape[1] - 1, 2):
            best = filtered[i, j]
            for p in range(2):
                for q in range(2):
                    if filtered[i + p, j + q] > best:
                        best = filtered[i + p, j + q]
            total += best * best
    return total


ARGS = lambda random: (random.normal(size=(5, 5)), random.normal(size=(2, 2)))
ARGNUMS = (0, 1)
