"""Loops that multiply matrices: which become products, and that all of them are right."""

import runpy
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
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


def element_by_element(a: Any, b: Any) -> Any:
    c = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(np.sin(c))


def row_by_row(a: Any, b: Any) -> Any:
    """A factor is a number of two loops."""
    c = 0.1 * b
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            scaled = 0.5 * np.sin(a[i, k])
            for j in range(b.shape[1]):
                c[i, j] -= scaled * b[k, j]
    return np.sum(np.sin(c))


def outer_products(a: Any, b: Any) -> Any:
    c = np.zeros((a.shape[1], b.shape[1]))
    for k in range(a.shape[0]):
        for j in range(b.shape[1]):
            for i in range(a.shape[1]):
                c[i, j] += b[k, j] * a[k, i]
    return np.sum(np.sin(c))


def dots(a: Any, b: Any) -> Any:
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * a[j, k]
            total += np.sin(dot) * b[i, j]
    return total


def negative_dots(a: Any, b: Any) -> Any:
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[0]):
            dot = 0.0
            for k in range(i, a.shape[1]):
                dot -= a[i, k] * b[k, j]
            total += np.sin(dot)
    return total


def in_place(a: Any, b: Any) -> Any:
    """Rows are read before they change."""
    b = b.copy()
    for i in range(b.shape[0]):
        for k in range(i + 1, b.shape[0]):
            for j in range(b.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
        for j in range(b.shape[1]):
            b[i, j] *= 0.7
    return np.sum(np.sin(b))


def symmetric(a: Any, b: Any) -> Any:
    c = 0.2 * b
    for i in range(c.shape[0]):
        for k in range(i):
            for j in range(c.shape[1]):
                c[k, j] += 1.5 * a[i, k] * b[i, j]
                c[i, j] += 1.5 * a[i, k] * b[k, j]
        for j in range(c.shape[1]):
            c[i, j] += a[i, i] * b[i, j]
    return np.sum(np.sin(c))


def triangle(a: Any, b: Any) -> Any:
    c = np.zeros_like(b)
    for k in range(a.shape[0]):
        for i in range(k + 1):
            for j in range(b.shape[1]):
                c[i, j] += a[k, i] * b[k, j]
    return np.sum(np.sin(c))


def of_the_columns(a: Any, b: Any) -> Any:
    c = np.zeros_like(b)
    for j in range(b.shape[1]):
        for k in range(j, a.shape[1]):
            for i in range(a.shape[0]):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(np.sin(c))


def after_the_rest(a: Any, b: Any) -> Any:
    c = np.empty_like(b)
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            c[i, j] = b[i, j] * b[i, j]
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(np.sin(c))


PRODUCTS = [
    element_by_element,
    row_by_row,
    outer_products,
    dots,
    negative_dots,
    in_place,
    symmetric,
    triangle,
    of_the_columns,
    after_the_rest,
]


def lower_factor(a: Any, b: Any) -> Any:
    """What is read has been changed by earlier rounds."""
    a = a + 4.0 * np.eye(a.shape[0])
    for k in range(a.shape[0]):
        for i in range(k + 1, a.shape[0]):
            a[i, k] /= a[k, k]
            for j in range(k + 1, a.shape[0]):
                a[i, j] -= a[i, k] * a[k, j]
    return np.sum(np.sin(a))


def squared_in_place(a: Any, b: Any) -> Any:
    a = 0.3 * a
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(a.shape[1]):
                a[i, j] += a[i, k] * a[k, j]
    return np.sum(np.sin(a))


def read_between(a: Any, b: Any) -> Any:
    c = np.zeros_like(b)
    total = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
            total += np.sin(c[i, 0])
    return total + np.sum(np.sin(c))


def three_factors(a: Any, b: Any) -> Any:
    c = np.zeros_like(b)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j] * b[i, j]
    return np.sum(np.sin(c))


def from_the_second_on(a: Any, b: Any) -> Any:
    c = np.zeros_like(b)
    for i in range(a.shape[0]):
        for k in range(1, a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(np.sin(c))


def without_the_first_row(a: Any, b: Any) -> Any:
    c = np.zeros_like(b)
    for i in range(1, a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(np.sin(c))


def from_a_number(a: Any, b: Any) -> Any:
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            dot = 1.0
            for k in range(a.shape[1]):
                dot += a[i, k] * b[k, j]
            total += np.sin(dot)
    return total


LOOPS = [
    lower_factor,
    squared_in_place,
    read_between,
    three_factors,
    from_the_second_on,
    without_the_first_row,
    from_a_number,
]


def arguments() -> tuple[Any, Any]:
    random = np.random.default_rng(3)
    return random.normal(size=(N, N)), random.normal(size=(N, N))


def is_product(derivative: Any, args: Any) -> bool:
    lines = derivative.source(*args).splitlines()
    return any(" product(" in line.split("#")[0] for line in lines)


@pytest.mark.parametrize("f", PRODUCTS + LOOPS, ids=lambda f: f.__name__)
def test_gradients_are_exact(f: Callable[..., Any]) -> None:
    args = arguments()
    derivative = sd.value_and_grad(f, argnums=(0, 1), jit=False)
    value, found = derivative(*args)
    wanted, bars = gradients(f, args, (0, 1))
    assert value == pytest.approx(wanted, rel=1e-12)
    for bar, exact in zip(found, bars, strict=True):
        np.testing.assert_allclose(bar, exact, rtol=1e-11, atol=1e-12)
    assert is_product(derivative, args) == (f in PRODUCTS)


@pytest.mark.parametrize("f", PRODUCTS, ids=lambda f: f.__name__)
def test_compiled(f: Callable[..., Any]) -> None:
    args = arguments()
    plain = sd.value_and_grad(f, argnums=(0, 1), jit=False)(*args)
    value, found = sd.value_and_grad(f, argnums=(0, 1))(*args)
    assert value == pytest.approx(plain[0], rel=1e-13)
    for bar, expected in zip(found, plain[1], strict=True):
        np.testing.assert_allclose(bar, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("order", list(permutations("ikj")), ids="".join)
def test_any_order_of_the_loops(order: tuple[str, ...], tmp_path: Path) -> None:
    """To the bit what the loops give: every sum is added up in order."""
    ends = {"i": "a.shape[0]", "k": "a.shape[1]", "j": "b.shape[1]"}
    lines = ["import numpy as np", "def f(a, b):", "    c = np.zeros((a.shape[0], b.shape[1]))"]
    for depth, index in enumerate(order, 1):
        lines.append(f"{'    ' * depth}for {index} in range({ends[index]}):")
    lines += [f"{'    ' * 4}c[i, j] += a[i, k] * b[k, j]", "    total = 0.0"]
    lines += ["    for i in range(c.shape[0]):", "        for j in range(c.shape[1]):"]
    lines += ["            total += c[i, j] * c[i, j]", "    return total"]
    path = tmp_path / "loops.py"
    path.write_text("\n".join(lines))
    f = runpy.run_path(str(path))["f"]
    args = arguments()
    derivative = sd.value_and_grad(f, argnums=(0, 1), jit=False)
    assert is_product(derivative, args)
    value, bars = derivative(*args)
    assert value == f(*args)
    twice = 2.0 * (args[0] @ args[1])
    np.testing.assert_allclose(bars[0], twice @ args[1].T, rtol=1e-12)
    np.testing.assert_allclose(bars[1], args[0].T @ twice, rtol=1e-12)


def test_second_derivatives() -> None:
    args = arguments()
    along = np.random.default_rng(5).normal(size=(N, N))
    for f in (row_by_row, in_place, dots):
        found = sd.hvp(f, jit=False)(along, *args)
        step = 1e-6
        ends = [sd.grad(f, jit=False)(args[0] + s * along, args[1]) for s in (step, -step)]
        np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-7)


def test_forward_mode_agrees() -> None:
    args = arguments()
    along = np.random.default_rng(6).normal(size=(2, N, N))
    for f in PRODUCTS:
        _, dot = sd.jvp(f, args, tuple(along), argnums=(0, 1), jit=False)
        bars = sd.grad(f, argnums=(0, 1), jit=False)(*args)
        assert dot == pytest.approx(sum(np.vdot(b, d) for b, d in zip(bars, along, strict=True)))


def test_known_short_loops_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(a: Any) -> Any:
        c = np.zeros((3, 3))
        for i in range(3):
            for j in range(3):
                for k in range(3):
                    c[i, j] += a[i, k] * a[k, j]
        return np.sum(np.sin(c))

    monkeypatch.undo()
    args = (np.ones((3, 3)),)
    assert not is_product(sd.value_and_grad(f, jit=False), args)


def test_unread_parts_of_matrices_spoil_nothing() -> None:
    """Only the lower triangle of `a` counts, and no term of the last row."""
    a, b = arguments()
    exact = sd.value_and_grad(symmetric, argnums=(0, 1), jit=False)(a, b)
    a[np.triu_indices(N, 1)] = np.nan
    value, found = sd.value_and_grad(symmetric, argnums=(0, 1), jit=False)(a, b)
    assert value == exact[0]
    for bar, expected in zip(found, exact[1], strict=True):
        np.testing.assert_array_equal(bar, expected)


def without_the_last(a: Any, b: Any) -> Any:
    c, rows, columns = 0.5 * b, a.shape[0] - 1, b.shape[1] - 1
    for i in range(rows):
        for k in range(rows):
            for j in range(columns):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(np.sin(c[:-1, :-1]))


def below_the_last(a: Any, b: Any) -> Any:
    total, rows = 0.0, a.shape[0] - 1
    for i in range(rows):
        for j in range(i + 1):
            dot = 0.0
            for k in range(rows):
                dot += a[i, k] * b[k, j]
            total += np.sin(dot)
    return total


@pytest.mark.parametrize("f", [without_the_last, below_the_last])
def test_the_last_row_and_column_spoil_nothing(f: Callable[..., Any]) -> None:
    a, b = arguments()
    _, exact = sd.value_and_grad(f, argnums=(0, 1), jit=False)(a, b)
    for matrix in (a, b):
        matrix[-1] = matrix[:, -1] = np.nan
    derivative = sd.value_and_grad(f, argnums=(0, 1), jit=False)
    assert is_product(derivative, (a, b))
    for bar, expected in zip(derivative(a, b)[1], exact, strict=True):
        np.testing.assert_array_equal(bar, expected)
