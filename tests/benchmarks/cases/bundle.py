"""Bundle adjustment as in ADBench: half the sum of squares of all residuals."""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import Case
from tests.benchmarks.hand import bundle as hand
from tests.data.adbench import read_bundle


@njit
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit
def cross(a, b):
    out = np.empty(3)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


@njit
def rotate(rotation, x):
    """Rotate `x` about a vector by its length (Rodrigues' formula)."""
    square = dot(rotation, rotation)
    if square == 0.0:
        return x + cross(rotation, x)
    angle = math.sqrt(square)
    axis = rotation / angle
    cosine = math.cos(angle)
    sine = math.sin(angle)
    return x * cosine + cross(axis, x) * sine + axis * (dot(axis, x) * (1.0 - cosine))


@njit
def project(camera, point):
    """Project a point; a camera is rotation, centre, focal length, principal point, distortion."""
    x = rotate(camera[0:3], point - camera[3:6])
    u = x[0:2] / x[2]
    square = u[0] * u[0] + u[1] * u[1]
    scale = 1.0 + camera[9] * square + camera[10] * square * square
    return u * scale * camera[6] + camera[7:9]


def bundle(cameras, points, weights, seen, features):
    total = 0.0
    for i in range(seen.shape[0]):
        image = project(cameras[seen[i, 0]], points[seen[i, 1]])
        residual = weights[i] * (image - features[i])
        of_weight = 1.0 - weights[i] * weights[i]
        total += residual[0] * residual[0] + residual[1] * residual[1] + of_weight * of_weight
    return 0.5 * total


def bundle_scalars(cameras, points, weights, seen, features):
    """The same without small arrays."""
    total = 0.0
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
        e0 = weights[i] * (u * scale * cameras[c, 6] + cameras[c, 7] - features[i, 0])
        e1 = weights[i] * (v * scale * cameras[c, 6] + cameras[c, 8] - features[i, 1])
        e2 = 1.0 - weights[i] * weights[i]
        total += e0 * e0 + e1 * e1 + e2 * e2
    return 0.5 * total


def bundle_args(random, name):
    """The benchmark repeats one camera and one point; here they differ by a thousandth."""
    cameras, points, weights, seen, features = read_bundle(name)
    cameras *= 1.0 + 1e-3 * random.normal(size=cameras.shape)
    points *= 1.0 + 1e-3 * random.normal(size=points.shape)
    return cameras, points, weights, seen, features


CASES = (
    Case(
        "bundle",
        bundle,
        bundle_args,
        {"name": "ba1_n49_m7776_p31843"},
        {"name": "ba_test"},
        (0, 1, 2),
        arrays=bundle_scalars,
        hand=hand.bundle,
    ),
)
