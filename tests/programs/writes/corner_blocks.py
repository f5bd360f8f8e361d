"""Rigid transforms, each written into the corner of a matrix: `T[0:3, 0:3] = R`."""

import numpy as np


def corner_blocks(angles, offsets):
    pose = np.eye(4)
    R = np.zeros((3, 3))
    for k in range(len(angles)):
        c, s = np.cos(angles[k]), np.sin(angles[k])
        R[:] = 0.0
        R[0, 0] = c
        R[0, 1] = -s
        R[1, 0] = s
        R[1, 1] = c
        R[2, 2] = 1.0
        T = np.eye(4)
        T[0:3, 0:3] = R
        T[0:3, 3] = offsets[k]
        pose = pose @ T
    pose[0:3, 0:3] *= 0.5
    pose[1:3, 0:2] += pose[0:2, 1:3]
    return np.sum(pose * pose) + pose[0, 3]


ARGS = lambda random: (random.normal(size=3), random.normal(size=(3, 3)))
ARGNUMS = (0, 1)
