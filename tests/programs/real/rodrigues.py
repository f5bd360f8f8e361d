"""Points rotated about an axis by the formula of Rodrigues, with small matrices."""

import numpy as np


def rotation(axis):
    angle = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
    k = axis / angle
    K = np.zeros((3, 3))
    K[0, 1] = -k[2]
    K[0, 2] = k[1]
    K[1, 0] = k[2]
    K[1, 2] = -k[0]
    K[2, 0] = -k[1]
    K[2, 1] = k[0]
    return np.eye(3) + np.sin(angle) * K + (1.0 - np.cos(angle)) * (K @ K)


def rodrigues(axis, points, target):
    R = rotation(axis)
    total = 0.0
    for p in range(points.shape[0]):
        moved = R @ points[p]
        total += np.sum((moved - target[p]) ** 2)
    return total


ARGS = lambda random: (
    random.normal(size=3),
    random.normal(size=(4, 3)),
    random.normal(size=(4, 3)),
)
ARGNUMS = (0, 1)
