"""Residuals of ADBench whose Jacobians have the same columns in each block of rows.

Residual i of bundle adjustment depends on one camera, one point and one weight; that of hand
tracking on the pose and on its own place in a triangle. So a Jacobian by a shift, which is added to
all cameras, or to all places, has all blocks at once, and no zeros in between.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from tests.benchmarks.cases.bundle import bundle_args, project
from tests.benchmarks.cases.hand_tracking import (
    hand_tracking_args,
    pose_bones,
    rotation_of,
    skin,
)

Arguments = tuple[Any, ...]

BLOCK = 15
"""The columns of a block: eleven numbers of a camera, three of a point, and a weight."""


@njit
def image_of(c, x):
    """Project a point `x` by a camera `c`, both tuples of numbers."""
    r0, r1, r2 = c[0], c[1], c[2]
    x0, x1, x2 = x[0] - c[3], x[1] - c[4], x[2] - c[5]
    square = r0 * r0 + r1 * r1 + r2 * r2
    if square == 0.0:
        y0, y1, y2 = x0 + r1 * x2 - r2 * x1, x1 + r2 * x0 - r0 * x2, x2 + r0 * x1 - r1 * x0
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
    scale = (1.0 + c[9] * radius + c[10] * radius * radius) * c[6]
    return u * scale + c[7], v * scale + c[8]


def bundle_residuals(cameras, points, weights, seen, features):
    """Return the residuals of each observation: two of the image, one of the weight."""
    out = np.empty((seen.shape[0], 3))
    for i in range(seen.shape[0]):
        c, x = cameras[seen[i, 0]], points[seen[i, 1]]
        camera = (c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10])
        u, v = image_of(camera, (x[0], x[1], x[2]))
        out[i, 0] = weights[i] * (u - features[i, 0])
        out[i, 1] = weights[i] * (v - features[i, 1])
        out[i, 2] = 1.0 - weights[i] * weights[i]
    return out


def bundle_residuals_in_arrays(cameras, points, weights, seen, features):
    """The same with small arrays."""
    out = np.empty((seen.shape[0], 3))
    for i in range(seen.shape[0]):
        image = project(cameras[seen[i, 0]], points[seen[i, 1]])
        out[i, 0] = weights[i] * (image[0] - features[i, 0])
        out[i, 1] = weights[i] * (image[1] - features[i, 1])
        out[i, 2] = 1.0 - weights[i] * weights[i]
    return out


def shifted_bundle(shift, cameras, points, weights, seen, features):
    """`bundle_residuals`, with `shift` added to each camera, each point and each weight."""
    s = shift
    out = np.empty((seen.shape[0], 3))
    for i in range(seen.shape[0]):
        c, x = cameras[seen[i, 0]], points[seen[i, 1]]
        turn = (c[0] + s[0], c[1] + s[1], c[2] + s[2])
        centre = (c[3] + s[3], c[4] + s[4], c[5] + s[5])
        lens = (c[6] + s[6], c[7] + s[7], c[8] + s[8], c[9] + s[9], c[10] + s[10])
        u, v = image_of(turn + centre + lens, (x[0] + s[11], x[1] + s[12], x[2] + s[13]))
        weight = weights[i] + s[14]
        out[i, 0] = weight * (u - features[i, 0])
        out[i, 1] = weight * (v - features[i, 1])
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


def hand_args(name: str, **size: int) -> Arguments:
    """Return the arguments of `shifted_hand`; `size`: fewer points and vertices."""
    theta, *others, corners, points = hand_tracking_args(None, name, **size)
    return np.zeros(2 + len(theta)), theta, *others, (corners, points)


@dataclass(frozen=True)
class Check:
    """Residuals in all forms, those that are differentiated by their first argument, a limit."""

    primals: tuple[Callable[..., Any], ...]
    shifted: Callable[..., Any]
    args: Callable[[Any], Arguments]
    tiny_args: Callable[[Any], Arguments]
    limit: float


CHECKS = {
    "bundle": Check(
        (bundle_residuals, bundle_residuals_in_arrays),
        shifted_bundle,
        lambda random: (np.zeros(BLOCK), *bundle_args(random, "ba1_n49_m7776_p31843")),
        lambda random: (np.zeros(BLOCK), *bundle_args(random, "ba_test")),
        2.5,
    ),
    "hand_tracking": Check(
        (hand_residuals,),
        shifted_hand,
        lambda random: hand_args("complicated_hand5_t26_c800"),
        lambda random: hand_args("complicated_hand1_t26_c100", points=5, vertices=15),
        5.0,
    ),
}
