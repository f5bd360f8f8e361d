"""A fast Fourier transform in place: the power in the first half of the spectrum."""

import math

import numpy as np


def butterflies(signal):
    n = len(signal)
    re, im = signal.copy(), np.zeros(n)
    j = 0
    for i in range(1, n):
        bit = n // 2
        while j >= bit:
            j -= bit
            bit //= 2
        j += bit
        if i < j:
            re[i], re[j] = re[j], re[i]
    size = 2
    while size <= n:
        half = size // 2
        for start in range(0, n, size):
            for k in range(start, start + half):
                angle = -2.0 * math.pi * (k - start) / size
                c, s = math.cos(angle), math.sin(angle)
                tr = c * re[k + half] - s * im[k + half]
                ti = c * im[k + half] + s * re[k + half]
                re[k + half], im[k + half] = re[k] - tr, im[k] - ti
                re[k] += tr
                im[k] += ti
        size *= 2
    power = re**2 + im**2
    return np.sum(power[: n // 2] * np.arange(n // 2))


ARGS = lambda random: (random.normal(size=8),)
ARGNUMS = 0
