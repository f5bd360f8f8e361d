"""Residuals of ADBench whose Jacobians have the same columns in each block of rows.

Residual i of bundle adjustment depends on one camera, one point and one weight; that of hand
tracking on the pose and on its own place in a triangle. So a Jacobian by a shift, which is added to
all cameras, or to all places, has all blocks at once, and no zeros in between.

Of hand tracking that is what is timed. Those of bundle adjustment are found with less: two
residuals of 15 inputs that nobody shares are two rows, the gradients of two sums, by what is
gathered for each observation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

import srcdiff as sd
from tests.benchmarks.cases.bundle import bundle_args, project
from tests.benchmarks.hand_residuals import (
    hand_args,
    hand_residuals,
    hand_residuals_of_shares,
    shifted_hand,
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


@njit
def gathered(cameras, points, weights, seen):
    """Return the inputs of each observation, one below the other: camera, point and weight."""
    out = np.empty((BLOCK, seen.shape[0]))
    for k in range(11):
        for i in range(seen.shape[0]):
            out[k, i] = cameras[seen[i, 0], k]
    for k in range(3):
        for i in range(seen.shape[0]):
            out[11 + k, i] = points[seen[i, 1], k]
    out[14] = weights
    return out


def image_sums(c, features):
    """Return the sums of both residuals of the image: no two observations share inputs."""
    first = second = 0.0
    for i in range(c.shape[1]):
        turn, centre = (c[0, i], c[1, i], c[2, i]), (c[3, i], c[4, i], c[5, i])
        lens = (c[6, i], c[7, i], c[8, i], c[9, i], c[10, i])
        u, v = image_of(turn + centre + lens, (c[11, i], c[12, i], c[13, i]))
        first += c[14, i] * (u - features[i, 0])
        second += c[14, i] * (v - features[i, 1])
    return first, second


def weight_sum(weights):
    """Return the sum of the residuals of the weights."""
    total = 0.0
    for i in range(weights.shape[0]):
        total += 1.0 - weights[i] * weights[i]
    return total


def bundle_rows(args: Arguments, **options: Any) -> Callable[[], tuple[Any, ...]]:
    """Return what finds the rows of all blocks: (15, n) twice, and one number for a weight."""
    _, cameras, points, weights, seen, features = args
    rows, row = sd.jacrev(image_sums, **options), sd.grad(weight_sum, **options)

    def found() -> tuple[Any, ...]:
        inputs = gathered(cameras, points, weights, seen)
        return (*rows(inputs, features), row(weights))

    return found


def bundle_blocks(rows: tuple[Any, ...]) -> Any:
    """Return rows as blocks, with the zeros of the weights' residuals."""
    first, second, of_weight = rows
    out = np.zeros((len(of_weight), 3, BLOCK))
    out[:, 0], out[:, 1], out[:, 2, 14] = first.T, second.T, of_weight
    return out


def hand_columns(args: Arguments, **options: Any) -> Callable[[], Any]:
    """Return what finds all columns of all blocks at once."""
    columns = sd.jacfwd(shifted_hand, **options)
    return lambda: columns(*args)


@dataclass(frozen=True)
class Check:
    """Residuals in all forms, those that are differentiated by their first argument, a limit.

    `found` makes, of the arguments of `shifted`, what finds the same Jacobian fast; `blocks` makes
    blocks of that, with what is known to be 0.
    """

    primals: tuple[Callable[..., Any], ...]
    shifted: Callable[..., Any]
    found: Callable[..., Callable[[], Any]]
    blocks: Callable[[Any], Any]
    args: Callable[[Any], Arguments]
    tiny_args: Callable[[Any], Arguments]
    limit: float


CHECKS = {
    "bundle": Check(
        (bundle_residuals, bundle_residuals_in_arrays),
        shifted_bundle,
        bundle_rows,
        bundle_blocks,
        lambda random: (np.zeros(BLOCK), *bundle_args(random, "ba1_n49_m7776_p31843")),
        lambda random: (np.zeros(BLOCK), *bundle_args(random, "ba_test")),
        2.5,
    ),
    "hand_tracking": Check(
        (hand_residuals, hand_residuals_of_shares),
        shifted_hand,
        hand_columns,
        lambda columns: columns,
        lambda random: hand_args("complicated_hand5_t26_c800"),
        lambda random: hand_args("complicated_hand1_t26_c100", points=12, vertices=60),
        5.0,
    ),
}
