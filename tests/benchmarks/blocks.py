"""Residuals of ADBench whose Jacobians have the same columns in each block of rows.

Residual i of bundle adjustment depends on one camera, one point and one weight; that of hand
tracking on the pose and on its own place in a triangle. So a Jacobian by a shift, which is added to
all cameras, or to all places, is all blocks at once, and forward mode computes no zeros.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from tests.benchmarks.cases.bundle import bundle_args, project
from tests.benchmarks.cases.hand_tracking import pose_bones, rotation_of, skin
from tests.data.adbench import read_hand

CAMERA, POINT, BLOCK = 11, 3, 15
"""The columns of a block: a camera, a point, a weight."""


def bundle_residuals(cameras, points, weights, seen, features):
    """Return the residuals of each observation: two of the image, one of the weight."""
    out = np.empty((seen.shape[0], 3))
    for i in range(seen.shape[0]):
        image = project(cameras[seen[i, 0]], points[seen[i, 1]])
        out[i, 0] = weights[i] * (image[0] - features[i, 0])
        out[i, 1] = weights[i] * (image[1] - features[i, 1])
        out[i, 2] = 1.0 - weights[i] * weights[i]
    return out


def bundle_residuals_in_scalars(cameras, points, weights, seen, features):
    """The same without small arrays."""
    out = np.empty((seen.shape[0], 3))
    for i in range(seen.shape[0]):
        c, q = seen[i, 0], seen[i, 1]
        r0, r1, r2 = cameras[c, 0], cameras[c, 1], cameras[c, 2]
        x0 = points[q, 0] - cameras[c, 3]
        x1 = points[q, 1] - cameras[c, 4]
        x2 = points[q, 2] - cameras[c, 5]
        square = r0 * r0 + r1 * r1 + r2 * r2
        if square == 0.0:
            y0 = x0 + r1 * x2 - r2 * x1
            y1 = x1 + r2 * x0 - r0 * x2
            y2 = x2 + r0 * x1 - r1 * x0
        else:
            angle = math.sqrt(square)
            a0, a1, a2 = r0 / angle, r1 / angle, r2 / angle
            cosine, sine = math.cos(angle), math.sin(angle)
            t = (a0 * x0 + a1 * x1 + a2 * x2) * (1.0 - cosine)
            y0 = x0 * cosine + (a1 * x2 - a2 * x1) * sine + a0 * t
            y1 = x1 * cosine + (a2 * x0 - a0 * x2) * sine + a1 * t
            y2 = x2 * cosine + (a0 * x1 - a1 * x0) * sine + a2 * t
        u, v = y0 / y2, y1 / y2
        radius = u * u + v * v
        scale = 1.0 + cameras[c, 9] * radius + cameras[c, 10] * radius * radius
        out[i, 0] = weights[i] * (u * scale * cameras[c, 6] + cameras[c, 7] - features[i, 0])
        out[i, 1] = weights[i] * (v * scale * cameras[c, 6] + cameras[c, 8] - features[i, 1])
        out[i, 2] = 1.0 - weights[i] * weights[i]
    return out


def shifted_bundle(shift, cameras, points, weights, seen, features):
    """`bundle_residuals`, with `shift` added to each camera, each point and each weight."""
    out = np.empty((seen.shape[0], 3))
    for i in range(seen.shape[0]):
        camera = cameras[seen[i, 0]] + shift[0:11]
        image = project(camera, points[seen[i, 1]] + shift[11:14])
        weight = weights[i] + shift[14]
        out[i, 0] = weight * (image[0] - features[i, 0])
        out[i, 1] = weight * (image[1] - features[i, 1])
        out[i, 2] = 1.0 - weight * weight
    return out


def hand_residuals(theta, us, parents, relative, inverse, base, bone_of, share_of, where):
    """Return how far measured points are from a hand."""
    corners, points = where
    maps = pose_bones(theta, parents, relative, inverse)
    rotation = rotation_of(theta[:3])
    vertices = skin(maps, rotation, theta, base, bone_of, share_of)
    out = np.empty((points.shape[0], 3))
    for i in range(points.shape[0]):
        u, v = us[i, 0], us[i, 1]
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        for a in range(3):
            on_hand = u * vertices[p, a] + v * vertices[q, a] + (1.0 - u - v) * vertices[r, a]
            out[i, a] = points[i, a] - on_hand
    return out


def shifted_hand(shift, theta, us, parents, relative, inverse, base, bone_of, share_of, where):
    """`hand_residuals`, with `shift` added to the pose and to each place in a triangle."""
    corners, points = where
    pose = theta + shift[2:]
    maps = pose_bones(pose, parents, relative, inverse)
    rotation = rotation_of(pose[:3])
    vertices = skin(maps, rotation, pose, base, bone_of, share_of)
    out = np.empty((points.shape[0], 3))
    for i in range(points.shape[0]):
        u, v = us[i, 0] + shift[0], us[i, 1] + shift[1]
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        for a in range(3):
            on_hand = u * vertices[p, a] + v * vertices[q, a] + (1.0 - u - v) * vertices[r, a]
            out[i, a] = points[i, a] - on_hand
    return out


def bundle_blocks_args(random: Any, name: str) -> tuple[Any, ...]:
    return (np.zeros(BLOCK), *bundle_args(random, name))


def hand_blocks_args(name: str, tiles: int = 1) -> tuple[Any, ...]:
    theta, *others, corners, points = read_hand(name, tiles=tiles)
    return np.zeros(2 + len(theta)), theta, *others, (corners, points)
