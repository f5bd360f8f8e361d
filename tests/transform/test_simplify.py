"""Adjoints are multiplied by one power of two, not by several in turn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd


def half_of_squares(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    return 0.5 * total


def eighth(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += 0.25 * (x[i] * x[i])
    return 0.25 * total


def third(x):
    """Of other factors, a product is rounded; they stay."""
    total = 0.0
    for i in range(x.shape[0]):
        total += 0.1 * (x[i] * x[i])
    return 0.3 * total


@pytest.mark.parametrize(
    ("f", "factor", "shown"),
    [
        (half_of_squares, 1.0, "x_bar[i] = x[i]"),
        (eighth, 0.125, "0.125 * "),
        (third, 0.06, "0.1 * "),
    ],
)
def test_factors(f: Callable[..., Any], factor: float, shown: str) -> None:
    x = np.linspace(-1.0, 2.0, 5)
    df = sd.grad(f, jit=False)
    np.testing.assert_allclose(df(x), factor * x, rtol=1e-15, atol=0.0)
    assert shown in df.source(x), df.source(x)
