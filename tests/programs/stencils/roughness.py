"""How rough a surface is: the curvature along both axes, summed as it comes."""

import numpy as np


def roughness(surface, scale):
    n, m = surface.shape
    total, bent = 0.0, 0.0
    for i in range(1, n - 1):
        for j in range(2, m - 2):
            across = surface[i, j - 2] - 2.0 * surface[i, j] + surface[i, j + 2]
            along = surface[i - 1, j] - 2.0 * surface[i, j] + surface[i + 1, j]
            total += np.sqrt(1.0 + scale * across * across)
            bent = bent + across * along
    return total + 0.1 * bent


ARGS = lambda random: (random.normal(size=(5, 8)), 0.7)
ARGNUMS = (0, 1)
