"""Points rotated about rows of a table, in small vectors and in views."""

import math

import numpy as np


def cross(a, b):
    out = np.empty(3)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


def rotated(turn, x):
    square = np.dot(turn, turn)
    if square == 0.0:
        return x + cross(turn, x)
    angle = math.sqrt(square)
    axis = turn / angle
    along = np.dot(axis, x) * (1.0 - math.cos(angle))
    return x * math.cos(angle) + cross(axis, x) * math.sin(angle) + axis * along


def rotated_points(poses, points, targets):
    total = 0.0
    for i in range(points.shape[0]):
        pose = poses[i % 2]
        x = rotated(pose[0:3], points[i] - pose[3:6])
        miss = x[:2] / x[-1] - targets[i]
        for k in range(2):
            total += miss[k] * miss[k]
    return total


def ARGS(random):
    poses = random.normal(size=(2, 7))
    return poses, random.normal(size=(5, 3)), random.normal(size=(5, 2))


ARGNUMS = (0, 1, 2)
