"""ADBench's hand tracking: half the distance of measured points to a skinned hand, squared."""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import Case
from tests.benchmarks.hand import hand_tracking as hand
from tests.data.adbench import read_hand


@njit
def rotation_of(vector):
    """Return the matrix of a rotation vector; the unit matrix for very small ones."""
    out = np.eye(3)
    square = vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]
    if square > 1e-8:
        angle = math.sqrt(square)
        axis = vector / angle
        cosine = math.cos(angle)
        sine = math.sin(angle)
        for i in range(3):
            for j in range(3):
                out[i, j] = axis[i] * axis[j] * (1.0 - cosine)
            out[i, i] += cosine
        out[0, 1] -= sine * axis[2]
        out[0, 2] += sine * axis[1]
        out[1, 0] += sine * axis[2]
        out[1, 2] -= sine * axis[0]
        out[2, 0] -= sine * axis[1]
        out[2, 1] += sine * axis[0]
    return out


@njit
def compose(a, b, out):
    """`out = a @ b` of two affine maps, of 3 x 4 numbers each."""
    for i in range(3):
        for j in range(4):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
        out[i, 3] += a[i, 3]


@njit
def pose_bones(theta, parents, relative, inverse):
    """Return the map of each bone from the base pose; finger k bends the bones 2 + 4 k and on."""
    bones = parents.shape[0]
    about_x = np.zeros(bones)
    about_z = np.zeros(bones)
    for finger in range(5):
        for joint in range(3):
            row = 6 + 4 * finger + joint + (1 if joint > 0 else 0)
            about_x[2 + 4 * finger + joint] = theta[row]
        about_z[2 + 4 * finger] = theta[7 + 4 * finger]
    absolute = np.empty((bones, 3, 4))
    maps = np.empty((bones, 3, 4))
    local = np.empty((3, 4))
    turn = np.zeros((3, 4))
    for b in range(bones):
        cos_x, sin_x = math.cos(about_x[b]), math.sin(about_x[b])
        cos_z, sin_z = math.cos(about_z[b]), math.sin(about_z[b])
        turn[0, 0], turn[0, 1], turn[0, 2] = cos_z, -sin_z * cos_x, sin_z * sin_x
        turn[1, 0], turn[1, 1], turn[1, 2] = sin_z, cos_z * cos_x, -cos_z * sin_x
        turn[2, 1], turn[2, 2] = sin_x, cos_x
        compose(relative[b], turn, local)
        if parents[b] >= 0:
            compose(absolute[parents[b]], local, absolute[b])
        else:
            absolute[b] = local
        compose(absolute[b], inverse[b], maps[b])
    return maps


@njit
def skin(maps, rotation, theta, base, bone_of, share_of):
    """Return the vertices: the weighted maps of their bones, then rotation and translation."""
    vertices = np.empty(base.shape)
    blended = np.empty(3)
    for v in range(base.shape[0]):
        blended[:] = 0.0
        for s in range(bone_of.shape[1]):
            m = maps[bone_of[v, s]]
            for a in range(3):
                at = m[a, 0] * base[v, 0] + m[a, 1] * base[v, 1] + m[a, 2] * base[v, 2] + m[a, 3]
                blended[a] += share_of[v, s] * at
        for a in range(3):
            turned = rotation[a, 0] * blended[0] + rotation[a, 1] * blended[1]
            vertices[v, a] = turned + rotation[a, 2] * blended[2] + theta[3 + a]
    return vertices


def hand_tracking(theta, us, parents, relative, inverse, base, bone_of, share_of, corners, points):
    maps = pose_bones(theta, parents, relative, inverse)
    rotation = rotation_of(theta[:3])
    vertices = skin(maps, rotation, theta, base, bone_of, share_of)
    total = 0.0
    for i in range(points.shape[0]):
        u, v = us[i, 0], us[i, 1]
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        for a in range(3):
            on_hand = u * vertices[p, a] + v * vertices[q, a] + (1.0 - u - v) * vertices[r, a]
            total += (points[i, a] - on_hand) ** 2
    return 0.5 * total


def hand_tracking_args(random, name, tiles=1, points=None, vertices=None):
    """Return the benchmark's numbers; `random` is not asked."""
    arguments = read_hand(name, tiles=tiles)
    if points is None:
        return arguments
    theta, us, parents, relative, inverse, base, bone_of, share_of, corners, measured = arguments
    few = base[:vertices], bone_of[:vertices], share_of[:vertices]
    few = tuple(array.copy() for array in few)
    some = corners[:points] % vertices, measured[:points].copy()
    return theta, us[:points].copy(), parents, relative, inverse, *few, *some


CASES = (
    Case(
        "hand_tracking",
        hand_tracking,
        hand_tracking_args,
        {"name": "complicated_hand5_t26_c800", "tiles": 300},
        {"name": "complicated_hand1_t26_c100", "points": 6, "vertices": 20},
        (0, 1),
        hand=hand.hand_tracking,
    ),
)
