"""Residuals of hand tracking, and which fingers move them.

A pose is six numbers of the whole hand and four angles for each finger; a finger moves the vertices
that its bones have a share of. Fingers that have no measured point in common get one colour, and a
shift of four angles is added to all fingers of a colour (Curtis, Powell and Reid): 20 columns in
place of 28, from which each residual takes those of its fingers.
"""

from dataclasses import dataclass
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

FINGERS, ANGLES, COMMON = 5, 4, 8
"""Fingers, angles of each, and the columns in front: a place in a triangle, and the whole hand."""


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
    """`hand_residuals`, with `shift` added to the pose and to each place in a triangle."""
    pose = theta + shift[2:]
    maps = pose_bones(pose, parents, relative, inverse)
    rotation = rotation_of(pose[:3])
    vertices = skin(maps, rotation, pose, base, bone_of, share_of)
    return shifted_distances(vertices, us, shift, corners, points)


def shifted_fingers(
    shift, colours, theta, us, parents, relative, inverse, base, bone_of, share_of, corners, points
):
    """`shifted_hand`, where fingers of one colour have one shift."""
    pose = theta.copy()
    for k in range(6):
        pose[k] += shift[2 + k]
    for finger in range(5):
        for k in range(4):
            pose[6 + 4 * finger + k] += shift[8 + 4 * colours[finger] + k]
    maps = pose_bones(pose, parents, relative, inverse)
    rotation = rotation_of(pose[:3])
    vertices = skin_of_shares(maps, rotation, pose, base, bone_of, share_of)
    return shifted_distances(vertices, us, shift, corners, points)


def hand_args(name: str, **size: int) -> Arguments:
    """Return the arguments of `shifted_hand`; `size`: fewer points and vertices."""
    theta, *others = hand_tracking_args(None, name, **size)
    return np.zeros(2 + len(theta)), theta, *others


@njit
def spread(few, colours, moved):
    """Return all columns of residuals: those of a finger are 0 where it does not move them."""
    columns = COMMON + ANGLES * FINGERS
    out = np.empty((few.shape[0], 3, columns))
    for i in range(few.shape[0]):
        for a in range(3):
            for k in range(columns):
                out[i, a, k] = 0.0
            for k in range(COMMON):
                out[i, a, k] = few[i, a, k]
        for finger in range(FINGERS):
            if moved[i, finger]:
                at, of = COMMON + ANGLES * finger, COMMON + ANGLES * colours[finger]
                for a in range(3):
                    for k in range(ANGLES):
                        out[i, a, at + k] = few[i, a, of + k]
    return out


@dataclass(frozen=True)
class Fingers:
    """Which fingers move each point, and their colours: known before a pose is."""

    moved: Any
    colours: Any

    @classmethod
    def of(cls, args: Arguments) -> "Fingers":
        """Return those of a mesh; each finger gets the first colour that no neighbour has."""
        *_, bone_of, share_of, corners, _ = args
        vertices = np.zeros((len(bone_of), FINGERS), dtype=np.bool_)
        for (vertex, slot), bone in np.ndenumerate(bone_of):
            if share_of[vertex, slot] != 0.0 and 2 <= bone < 2 + ANGLES * FINGERS:
                vertices[vertex, (bone - 2) // ANGLES] = True
        moved = vertices[corners].any(axis=1)
        meet = moved.T.astype(int) @ moved.astype(int) > 0
        colours: list[int] = []
        for finger in range(FINGERS):
            taken = {colours[other] for other in range(finger) if meet[finger, other]}
            colours.append(next(k for k in range(FINGERS) if k not in taken))
        return cls(moved, np.array(colours))

    @property
    def width(self) -> int:
        return COMMON + ANGLES * (1 + int(max(self.colours)))

    def spread(self, few: Any) -> Any:
        return spread(few, self.colours, self.moved)
