"""The light that rays find among spheres: marched until they hit, leave, or are lost."""

import numpy as np


def march(origin, direction, centres, radii):
    travelled = 0.0
    for step in range(30):
        nearest = 10.0
        for s in range(len(radii)):
            square = 0.0
            for a in range(3):
                square += (origin[a] + travelled * direction[a] - centres[s, a]) ** 2
            distance = np.sqrt(square) - radii[s]
            if distance < nearest:
                nearest = distance
        if nearest < 1e-3:
            return travelled
        travelled += nearest
        if travelled > 8.0:
            break
    return 8.0


def sphere_tracing(origin, directions, centres, radii):
    light = 0.0
    for r in range(directions.shape[0]):
        depth = march(origin, directions[r], centres, radii)
        if depth == 8.0:
            continue
        light += np.exp(-0.5 * depth)
    return light


def ARGS(random):
    directions = np.array([[0.0, 0.1, 1.0], [0.2, -0.1, 0.9], [0.9, 0.3, 0.1]])
    directions /= np.sqrt((directions**2).sum(axis=1, keepdims=True))
    centres = np.array([[0.0, 0.2, 3.0], [0.7, -0.4, 2.5]])
    return np.zeros(3), directions, centres, np.array([0.8, 0.5])


ARGNUMS = (0, 1, 2, 3)
