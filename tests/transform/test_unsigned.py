"""Rows that a vector is for, counted from the end or from the beginning."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.unsigned import unsigned
from tests.transform.soundness import check_memory_programs, check_references
from tests.transform.test_broaden import needs_vectors, springs


def small_integers(x, w, ends, goal):
    """The rows are int32."""
    return springs(x, w, ends.astype(np.int32), goal)


def two_arrays(x, w, ends, goal):
    """The rows are of two arrays, that may have more rows and fewer."""
    y = np.empty((x.shape[0], 3))
    z = np.empty((x.shape[0] + 2, 3))
    for i in range(x.shape[0]):
        for a in range(3):
            y[i, a] = x[i, a] * (1.0 + 0.1 * x[i, 0])
    for i in range(z.shape[0]):
        for a in range(3):
            z[i, a] = x[i % 5, a] * x[0, 0]
    total = 0.0
    for i in range(ends.shape[0]):
        p, q = ends[i, 0], ends[i, 1]
        for a in range(3):
            off = w[i, 0] * y[p, a] - w[i, 1] * z[q, a] - goal[i, a]
            total += off * off - 0.5 * y[p, a] * z[p, a]
    return 0.5 * total


FUNCTIONS = (springs, small_integers, two_arrays)


def arguments(*, from_the_end: bool) -> tuple[Any, ...]:
    random = np.random.default_rng(0)
    ends = random.integers(0, 9, size=(40, 2))
    if from_the_end:
        ends[::3, 0] -= 9
        ends[1::2, 1] -= 9
    x, w, goal = (random.normal(size=shape) for shape in ((9, 3), (40, 2), (40, 3)))
    return x, w, ends, goal


@pytest.mark.parametrize("from_the_end", [False, True])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_gradients_are_right(f: Callable[..., Any], from_the_end: bool) -> None:
    x, w, *others = arguments(from_the_end=from_the_end)
    value, (x_bar, w_bar) = sd.value_and_grad(f, (0, 1))(x, w, *others)
    plain_value, plain = sd.value_and_grad(f, (0, 1), jit=False)(x, w, *others)
    assert value == pytest.approx(f(x, w, *others), rel=1e-13)
    assert plain_value == pytest.approx(value, rel=1e-13)
    for found, other in zip((x_bar, w_bar), plain, strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-12, atol=1e-13)
    step, along = 1e-5, (np.cos(x), np.cos(w))
    ahead, behind = (f(x + h * along[0], w + h * along[1], *others) for h in (step, -step))
    slope = np.sum(x_bar * along[0]) + np.sum(w_bar * along[1])
    assert slope == pytest.approx((ahead - behind) / (2.0 * step), rel=1e-7)


@needs_vectors
def test_one_branch_asks_whether_a_row_counts_from_the_end() -> None:
    args = arguments(from_the_end=False)
    assert "if p | q < 0:" in sd.value_and_grad(springs, (0, 1)).source(*args)
    assert "| q < 0" not in sd.value_and_grad(small_integers, (0, 1)).source(*args)
    assert "| q < 0" not in sd.value_and_grad(two_arrays, (0, 1)).source(*args)


def test_what_programs_compute_stays() -> None:
    check_memory_programs(unsigned, range(20))
    check_references(unsigned, range(40))
