"""The recursion of Levinson and Durbin: a vector that is updated from both of its ends."""

import numpy as np


def levinson(r):
    n = len(r) - 1
    a = np.zeros(n)
    error = r[0]
    for k in range(n):
        reflection = r[k + 1]
        for j in range(k):
            reflection -= a[j] * r[k - j]
        reflection /= error
        a[k] = reflection
        i, j = 0, k - 1
        while i < j:
            a[i], a[j] = a[i] - reflection * a[j], a[j] - reflection * a[i]
            i += 1
            j -= 1
        if i == j:
            a[i] -= reflection * a[i]
        error *= 1.0 - reflection * reflection
    return np.log(error) + a @ a


ARGS = lambda random: (np.array([2.0, 0.9, 0.5, 0.1, -0.2]) + 0.05 * random.normal(size=5),)
ARGNUMS = 0
