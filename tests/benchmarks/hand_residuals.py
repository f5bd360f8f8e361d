"""Residuals of hand tracking, and the same with a shift of what they depend on."""

from typing import Any

import numpy as np
from numba import njit

from tests.benchmarks.cases.hand_tracking import (
    hand_tracking_args,
    pose_bones,
    rotation_of,
    skin,
)

Arguments = tuple[Any, ...]


@njit
def skin_of_shares(maps, rotation, theta, base, bone_of, share_of):
    """As `skin`; more than half of all shares are 0."""
    vertices = np.empty(base.shape)
    blended = np.empty(3)
    for v in range(base.shape[0]):
        blended[:] = 0.0
        for s in range(bone_of.shape[1]):
            if share_of[v, s] > 0.0:
                m = maps[bone_of[v, s]]
                for a in range(3):
                    turned = m[a, 0] * base[v, 0] + m[a, 1] * base[v, 1] + m[a, 2] * base[v, 2]
                    blended[a] += share_of[v, s] * (turned + m[a, 3])
        for a in range(3):
            turned = rotation[a, 0] * blended[0] + rotation[a, 1] * blended[1]
            vertices[v, a] = turned + rotation[a, 2] * blended[2] + theta[3 + a]
    return vertices


@njit
def distances(vertices, us, corners, points):
    """Return how far points are from places in triangles."""
    out = np.empty((points.shape[0], 3))
    for i in range(points.shape[0]):
        u, v = us[i, 0], us[i, 1]
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        for a in range(3):
            on_hand = u * vertices[p, a] + v * vertices[q, a] + (1.0 - u - v) * vertices[r, a]
            out[i, a] = points[i, a] - on_hand
    return out


@njit
def shifted_distances(vertices, us, shift, corners, points):
    """Return how far points are from places in triangles; `shift` is added to all places."""
    out = np.empty((points.shape[0], 3))
    for i in range(points.shape[0]):
        u, v = us[i, 0] + shift[0], us[i, 1] + shift[1]
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        for a in range(3):
            on_hand = u * vertices[p, a] + v * vertices[q, a] + (1.0 - u - v) * vertices[r, a]
            out[i, a] = points[i, a] - on_hand
    return out


def hand_residuals(pose, us, parents, relative, inverse, base, bone_of, share_of, corners, points):
    """Return how far measured points are from a hand."""
    maps = pose_bones(pose, parents, relative, inverse)
    rotation = rotation_of(pose[:3])
    vertices = skin(maps, rotation, pose, base, bone_of, share_of)
    return distances(vertices, us, corners, points)


def hand_residuals_of_shares(
    pose, us, parents, relative, inverse, base, bone_of, share_of, corners, points
):
    """The same, but for shares of 0."""
    maps = pose_bones(pose, parents, relative, inverse)
    rotation = rotation_of(pose[:3])
    vertices = skin_of_shares(maps, rotation, pose, base, bone_of, share_of)
    return distances(vertices, us, corners, points)


def shifted_hand(
    shift, theta, us, parents, relative, inverse, base, bone_of, share_of, corners, points
):
    """The latter, with `shift` added to the pose and to each place in a triangle."""
    pose = theta + shift[2:]
    maps = pose_bones(pose, parents, relative, inverse)
    rotation = rotation_of(pose[:3])
    vertices = skin_of_shares(maps, rotation, pose, base, bone_of, share_of)
    return shifted_distances(vertices, us, shift, corners, points)


def hand_args(name: str, **size: int) -> Arguments:
    """Return the arguments of `shifted_hand`; `size`: fewer points and vertices."""
    theta, *others = hand_tracking_args(None, name, **size)
    return np.zeros(2 + len(theta)), theta, *others
