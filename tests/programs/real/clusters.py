"""Lloyd's algorithm: points go to the nearest centre, centres to the mean of their points."""

import numpy as np


def clusters(points, centres):
    n, d = points.shape
    k = centres.shape[0]
    centres = centres.copy()
    sums = np.zeros((k, d))
    counts = np.zeros(k)
    spread = 0.0
    for step in range(3):
        sums[:] = 0.0
        counts[:] = 0.0
        spread = 0.0
        for i in range(n):
            best, nearest = -1, np.inf
            for c in range(k):
                distance = 0.0
                for a in range(d):
                    distance += (points[i, a] - centres[c, a]) ** 2
                if distance < nearest:
                    best, nearest = c, distance
            spread += nearest
            counts[best] += 1.0
            for a in range(d):
                sums[best, a] += points[i, a]
        for c in range(k):
            if counts[c] > 0.0:
                for a in range(d):
                    centres[c, a] = 0.5 * centres[c, a] + 0.5 * sums[c, a] / counts[c]
    return spread


ARGS = lambda random: (random.normal(size=(7, 2)), random.normal(size=(3, 2)))
ARGNUMS = (0, 1)
