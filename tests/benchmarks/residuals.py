"""The functions of `tests.benchmarks.products`: residuals of 8 inputs, and Rosenbrock's valley."""

import math
from typing import Any

import numpy as np

from tests.benchmarks.case import SEED
from tests.benchmarks.cases.hand_tracking import (
    hand_tracking_args,
    pose_bones,
    rotation_of,
    skin,
)
from tests.data.adbench import read_bundle

INPUTS = 8


def rosenbrock(x):
    """Sum `100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2`."""
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def rosenbrock_bands(x: Any) -> tuple[Any, Any]:
    """Return the diagonal of the Hessian of `rosenbrock` and that above, by the formulas."""
    diagonal = np.zeros(x.shape[0])
    diagonal[:-1] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    diagonal[1:] += 200.0
    return diagonal, -400.0 * x[:-1]


def rosenbrock_hessian(x: Any) -> Any:
    diagonal, above = rosenbrock_bands(x)
    return np.diag(diagonal) + np.diag(above, 1) + np.diag(above, -1)


def rosenbrock_product(x: Any, direction: Any) -> Any:
    """Return the Hessian times a direction, by the formulas."""
    diagonal, above = rosenbrock_bands(x)
    out = diagonal * direction
    out[:-1] += above * direction[1:]
    out[1:] += above * direction[:-1]
    return out


def camera_residuals(camera, points, features):
    """Project points with one camera: rotation, centre, focal length, radial distortion."""
    out = np.empty((points.shape[0], 2))
    angle = math.sqrt(camera[0] ** 2 + camera[1] ** 2 + camera[2] ** 2)
    a0, a1, a2 = camera[0] / angle, camera[1] / angle, camera[2] / angle
    cosine, sine = math.cos(angle), math.sin(angle)
    for i in range(points.shape[0]):
        x0 = points[i, 0] - camera[3]
        x1 = points[i, 1] - camera[4]
        x2 = points[i, 2] - camera[5]
        t = (a0 * x0 + a1 * x1 + a2 * x2) * (1.0 - cosine)
        y0 = x0 * cosine + (a1 * x2 - a2 * x1) * sine + a0 * t
        y1 = x1 * cosine + (a2 * x0 - a0 * x2) * sine + a1 * t
        y2 = x2 * cosine + (a0 * x1 - a1 * x0) * sine + a2 * t
        u, v = y0 / y2, y1 / y2
        scale = camera[6] * (1.0 + camera[7] * (u * u + v * v))
        out[i, 0] = scale * u - features[i, 0]
        out[i, 1] = scale * v - features[i, 1]
    return out


def camera_args(count: int) -> tuple[Any, ...]:
    """Return ADBench's camera, without principal point and second distortion, and points."""
    cameras, points, _, _, features = read_bundle("ba_test")
    random = np.random.default_rng(SEED)
    camera = cameras[0, [0, 1, 2, 3, 4, 5, 6, 9]]
    spread = 1.0 + 0.1 * random.normal(size=(count, 3))
    return camera, points[0] * spread, features[0] - cameras[0, 7:9] + np.zeros((count, 2))


def hand_residuals(first, rest, us, parents, relative, inverse, base, bone_of, share_of, where):
    """Return how far measured points are from a hand in the pose `first, rest`."""
    corners, points = where
    theta = np.concatenate((first, rest))
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


def hand_args(name: str, **size: int) -> tuple[Any, ...]:
    """Return the benchmark's numbers, 8 of the pose first; `size`: fewer points and vertices."""
    theta, *others, corners, points = hand_tracking_args(None, name, **size)
    return theta[:INPUTS].copy(), theta[INPUTS:].copy(), *others, (corners, points)
