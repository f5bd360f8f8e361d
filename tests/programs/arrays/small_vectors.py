"""Small vectors and matrices, made anew in each iteration of a loop or carried by it."""

import numpy as np


def small_vectors(p, q, steps):
    total = 0.0
    r = np.zeros(3)
    for i in range(p.shape[0]):
        v = np.empty(3)
        for a in range(3):
            v[a] = p[i, a] * q[(a + 1) % 3]
        w = v / np.sqrt(np.sum(v * v))
        m = np.zeros((2, 2))
        m[0, -1] = w[-1]
        m[1] = w[:2]
        m += 1.0
        if w[0] > 0.0:
            v[0] = 2.0 * w[1]
        else:
            v[:] = 0.5
        k = np.dot(w, v)
        squared = m @ m.T
        r = r * 0.9 + v * k
        s = np.zeros(3)
        j = 0
        while j < steps:
            s[1] += squared[0, 1] * 0.1 * s[1] + m[1, 0]
            j += 1
        total += k + squared[1, 0] + s[1]
    return total + r[0] * r[1]


ARGS = lambda random: (random.normal(size=(5, 3)), np.array([1.0, 2.0, -3.0]), 3)
ARGNUMS = (0, 1)
