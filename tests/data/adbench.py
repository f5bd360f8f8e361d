"""Reads ADBench's instances, and the reference gradients of the mixtures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FOLDER = Path(__file__).parent
GMM_NAMES = ("gmm_test", "gmm_d2_K5", "gmm_d10_K25")


def read_gmm(name: str, *, tiles: int = 1) -> tuple[Array, Array, Array, Array, float, int]:
    """Read the arguments of `gmm_objective`, with the points repeated `tiles` times."""
    words = (FOLDER / f"{name}.txt").read_text().split()
    d, k, n = (int(word) for word in words[:3])
    numbers = np.array(words[3:], dtype=np.float64)
    shapes = [(k,), (k, d), (k, d * (d + 1) // 2), (n, d)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = np.split(numbers, ends)[:-1]
    alphas, means, icf, x = (p.reshape(s).copy() for p, s in zip(parts, shapes, strict=True))
    return alphas, means, icf, np.tile(x, (tiles, 1)), float(words[-2]), int(words[-1])


def read_gradient(name: str) -> tuple[float, tuple[Array, Array, Array]]:
    """Read the reference objective and its gradient by alphas, means and icf."""
    reference: dict[str, Any] = json.loads((FOLDER / f"{name}.gradient.json").read_text())
    alphas, means, icf = (np.array(reference[key]) for key in ("alphas", "means", "icf"))
    return float(reference["objective"]), (alphas, means, icf)


def numbers_of(path: str) -> list[str]:
    """Return the white-space separated words of a file in this folder."""
    return (FOLDER / path).read_text().split()


def read_bundle(name: str) -> tuple[Any, ...]:
    """Read the arguments of `bundle`: cameras, points, weights, who sees what, features."""
    words = numbers_of(f"ba/{name}.txt")
    n, m, p = (int(word) for word in words[:3])
    numbers = np.array(words[3:], dtype=np.float64)
    camera, point, weight, feature = np.split(numbers, (11, 14, 15))
    which = np.arange(p)
    seen = np.stack((which % n, which % m), axis=1)
    cameras, points = np.tile(camera, (n, 1)), np.tile(point, (m, 1))
    return cameras, points, np.full(p, weight[0]), seen, np.tile(feature, (p, 1))


def read_lstm(name: str) -> tuple[Array, Array, Array, Array]:
    """Read the arguments of `lstm`: main and extra parameters, first state, sequence."""
    words = numbers_of(f"lstm/{name}.txt")
    layers, length, bits = (int(word) for word in words[:3])
    numbers = np.array(words[3:], dtype=np.float64)
    shapes = [(layers, 2, 4, bits), (3, bits), (layers, 2, bits), (length, bits)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = np.split(numbers, ends)[:-1]
    main, extra, state, sequence = (p.reshape(s) for p, s in zip(parts, shapes, strict=True))
    return main.copy(), extra.copy(), state.copy(), sequence.copy()


def read_hand(name: str, *, tiles: int = 1) -> tuple[Any, ...]:
    """Read the arguments of `hand_tracking`, with the points repeated `tiles` times.

    The instance must be one of the "complicated" ones, whose points lie in triangles.
    """
    words = numbers_of(f"hand/{name}.txt")
    count, angles = int(words[0]), int(words[1])
    numbers = np.array(words[2:], dtype=np.float64)
    measured, us, theta = np.split(numbers, (4 * count, 6 * count))
    rows = measured.reshape(count, 4)
    triangles = np.array([line.split(":") for line in lines_of("triangles")], dtype=np.int64)
    corners = np.tile(triangles[rows[:, 0].astype(np.int64)], (tiles, 1))
    points = np.tile(rows[:, 1:], (tiles, 1))
    us = np.tile(us.reshape(count, 2), (tiles, 1))
    return theta[:angles].copy(), us, *read_skeleton(), *read_skin(), corners, points


def lines_of(part: str) -> list[str]:
    return (FOLDER / f"hand/model/{part}.txt").read_text().split()


def read_skeleton() -> tuple[Any, ...]:
    """Read the parent of each bone, and two affine maps of 3 x 4 numbers."""
    rows = [line.split(":") for line in lines_of("bones")]
    parents = np.array([row[1] for row in rows], dtype=np.int64)
    maps = np.array([row[2:34] for row in rows], dtype=np.float64).reshape(-1, 2, 4, 4)
    return parents, maps[:, 0, :3].copy(), maps[:, 1, :3].copy()


def read_skin() -> tuple[Any, ...]:
    """Read the base positions of the vertices, and for each its bones and their shares."""
    rows = [line.split(":") for line in lines_of("vertices")]
    base = np.array([row[:3] for row in rows], dtype=np.float64)
    slots = max(int(row[8]) for row in rows)
    bones = np.zeros((len(rows), slots), dtype=np.int64)
    shares = np.zeros((len(rows), slots))
    for bone, share, row in zip(bones, shares, rows, strict=True):
        count = int(row[8])
        bone[:count] = [int(word) for word in row[9 : 9 + 2 * count : 2]]
        share[:count] = [float(word) for word in row[10 : 10 + 2 * count : 2]]
    return base, bones, shares
