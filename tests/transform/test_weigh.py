"""Sums over the elements of products in loops come from adjoints; triangles make one matrix."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform import multiply
from tests.dual import gradients

N = 5


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiply, "SHORT", 0)


def gram(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    """One product, of `a` and a symmetric matrix."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * a[j, k]
            c[i, j] += s * dot
    return np.sum(w * c)


def upper_gram(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i, a.shape[0]):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[k, i] * a[k, j]
            c[i, j] = 0.5 * c[i, j] - s * dot
    return np.sum(w * c)


def of_pairs(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    """Two products with the same symmetric matrix."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[j, k] * b[i, k] + b[j, k] * a[i, k]
            c[i, j] += s * dot
    return np.sum(w * c)


def of_two(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * b[k, j]
            c[i, j] = c[i, j] - s * dot
    return np.sum(w * c)


def below_the_diagonal(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    """What two triangles leave out stays unread: they are no whole matrix."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * a[j, k]
            c[i, j] += s * dot
    return np.sum(w * c)


def also_squared(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    """The elements of the product are needed."""
    c = c.copy()
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * a[j, k]
            c[i, j] += s * dot
            total += dot * dot
    return np.sum(w * c) + total


def added_twice(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    """The adjoint gets more than the sum does."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * b[j, k]
            c[i, j] += s * dot + 0.3 * dot
    return np.sum(w * c)


def summed_in_a_loop(a: Any, b: Any, c: Any, s: Any, w: Any) -> Any:
    """The sum gets each element several times, and the adjoint once."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(a.shape[0]):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * b[k, j]
            c[i, j] += dot
            for k in range(a.shape[1]):
                c[i, k] += s * w[k, j] * dot
    return np.sum(w * c)


PRODUCTS = {
    gram: 1,
    upper_gram: 1,
    of_pairs: 2,
    of_two: 2,
    below_the_diagonal: 2,
    also_squared: 2,
    added_twice: 3,
    summed_in_a_loop: 3,
}
"""How many products the gradient and the value take together."""


def arguments() -> tuple[Any, ...]:
    random = np.random.default_rng(3)
    a, b, c, w = (random.normal(size=(N, N)) for _ in range(4))
    return a, b, c, 0.7, w


def count(text: str) -> int:
    return sum(line.split("#")[0].count(" product(") for line in text.splitlines())


@pytest.mark.parametrize("jit", [False, True], ids=["plain", "compiled"])
@pytest.mark.parametrize("f", PRODUCTS, ids=lambda f: f.__name__)
def test_gradients_are_exact(f: Callable[..., Any], jit: bool) -> None:
    args = arguments()
    derivative = sd.value_and_grad(f, argnums=(0, 1, 2, 3), jit=jit)
    assert count(derivative.source(*args)) == PRODUCTS[f]
    value, found = derivative(*args)
    wanted, bars = gradients(f, args, (0, 1, 2, 3))
    assert value == pytest.approx(wanted, rel=1e-12)
    for bar, exact in zip(found, bars, strict=True):
        np.testing.assert_allclose(bar, exact, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", PRODUCTS, ids=lambda f: f.__name__)
def test_a_scale_of_zero(f: Callable[..., Any]) -> None:
    a, b, c, _, w = arguments()
    args = (a, b, c, 0.0, w)
    found = sd.grad(f, argnums=(0, 1, 2, 3), jit=False)(*args)
    _, bars = gradients(f, args, (0, 1, 2, 3))
    for bar, exact in zip(found, bars, strict=True):
        np.testing.assert_allclose(bar, exact, rtol=1e-11, atol=1e-12)


def test_rows_that_are_not_read_spoil_nothing() -> None:
    def lower(a: Any, w: Any, n: Any, s: Any) -> Any:
        total = 0.0
        for i in range(n):
            for j in range(i + 1):
                dot = 0.0
                for k in range(n):
                    dot += a[i, k] * a[j, k]
                total += s * (w[i, j] * dot)
        return total

    a, w = np.random.default_rng(4).normal(size=(2, N, N))
    derivative = sd.value_and_grad(lower, argnums=(0, 3), jit=False)
    value, (a_bar, s_bar) = derivative(a, w, N - 1, 0.5)
    a[-1], a[:, -1] = np.nan, np.inf
    again, bars = derivative(a, w, N - 1, 0.5)
    assert again == value
    assert bars[1] == s_bar
    np.testing.assert_array_equal(bars[0], a_bar)
