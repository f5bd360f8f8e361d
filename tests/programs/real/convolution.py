"""A signal filtered and compared with another one."""

import numpy as np


def convolution(signal, kernel, target):
    n, k = len(signal), len(kernel)
    filtered = np.zeros(n - k + 1)
    for i in range(len(filtered)):
        for j in range(k):
            filtered[i] += signal[i + j] * kernel[k - 1 - j]
    return np.sum((filtered - target) ** 2)


ARGS = lambda random: (random.normal(size=8), random.normal(size=3), random.normal(size=6))
ARGNUMS = (0, 1)
