"""Reads ADBench's mixture instances and their reference gradients."""

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
