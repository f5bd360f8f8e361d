"""Loops along rings: what is read from a wider copy, what must not be, and what comes out."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.widen import widen
from tests.dual import gradients
from tests.transform.soundness import check_memory_programs, check_references


def line(a: Any, c: Any, steps: Any) -> Any:
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for j in range(a.shape[0]):
            x[j] = old[j] - 0.2 * (old[(j + 1) % a.shape[0]] - old[(j - 1) % a.shape[0]])
    return c * np.sum(x * x)


def far(a: Any, c: Any, steps: Any) -> Any:
    """Farther than the ring is long, if that is short; down, and not all of the ring."""
    m = a.shape[0]
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for j in range(m - 1, 0, -1):
            x[j] = old[(j + 3) % m] * c - old[(j - 2) % m]
    return np.sum(x * x)


def plane(a: Any, c: Any, steps: Any) -> Any:
    n, m = a.shape
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for i in range(1, n - 1):
            for j in range(m):
                x[i, j] += c * (old[i + 1, (j + 1) % m] - old[i - 1, (j - 2) % m] * old[i, j])
    return np.sum(x * x)


def torus(a: Any, c: Any, steps: Any) -> Any:
    n, m = a.shape
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for i in range(n):
            for j in range(m):
                x[i, j] = old[(i + 1) % n, j] + c * old[i, (j - 1) % m] * old[i, (j + 1) % m]
    return np.sum(x * x)


def history(a: Any, c: Any, steps: Any) -> Any:
    """A row is read while the next one is written."""
    m = a.shape[0]
    h = np.zeros((steps + 1, m))
    for j in range(m):
        h[0, j] = a[j]
    for t in range(steps):
        for j in range(m):
            h[t + 1, j] = h[t, j] + c * (h[t, (j + 1) % m] - h[t, (j - 1) % m])
    return np.sum(h * h)


def beside(a: Any, c: Any, steps: Any) -> Any:
    """What is read besides may be an element that is not there."""
    m = a.shape[0]
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for j in range(m):
            x[j] = old[(j + 1) % m] * old[j - 1]
    return np.sum(x * x) * c


def in_place(a: Any, c: Any, steps: Any) -> Any:
    m = a.shape[0]
    x = a.copy()
    for _ in range(steps):
        for j in range(m):
            x[j] = x[j] + c * (x[(j + 1) % m] - x[(j - 1) % m])
    return np.sum(x * x)


def shorter(a: Any, c: Any, steps: Any) -> Any:
    """The ring is not all of the axis."""
    m = a.shape[0] // 2
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for j in range(m):
            x[j] = c * old[(j + 1) % m]
    return np.sum(x * x)


def own_size(a: Any, c: Any, steps: Any) -> Any:
    """Another array tells how far the loop goes."""
    x, y = a.copy(), np.zeros(a.shape[0] + 1)
    for j in range(a.shape[0]):
        y[j + 1] = a[j]
    for _ in range(steps):
        for j in range(x.shape[0]):
            x[j] = c * y[(j + 1) % y.shape[0]] + y[j]
    return np.sum(x * x)


def longer(a: Any, c: Any, steps: Any) -> Any:
    """The loop goes round twice."""
    m = a.shape[0]
    total = 0.0
    for _ in range(steps):
        for j in range(2 * m):
            total += a[(j + 1) % m] * a[(j - 1) % m] * j
    return total * c


def waves(a: Any, c: Any, steps: Any) -> Any:
    m = a.shape[0]
    x = a.copy()
    for _ in range(steps):
        old = x.copy()
        for j in range(m):
            one, other = np.sin(old[(j + 1) % m]), np.exp(c * old[(j - 1) % m])
            more = np.sin(one * other) + np.cos(one - other) + np.tanh(one + 2.0 * other)
            x[j] = one * other + more * np.exp(-more * more) + 0.5 * more * old[j] - one / (2.0 + c)
    return np.sum(x * x)


LINES = (line, far, history)
PLANES = (plane, torus)
LEFT = (beside, in_place, shorter, own_size, longer)


def check(f: Callable[..., Any], shape: tuple[int, ...], steps: int, **options: Any) -> None:
    args = 0.5 * np.random.default_rng(sum(shape)).normal(size=shape), 0.3, steps
    value, exact = gradients(f, args, (0, 1))
    found_value, found = sd.value_and_grad(f, (0, 1), **options)(*args)
    assert found_value == pytest.approx(value, rel=1e-12, abs=1e-12)
    for part, wanted in zip(found, exact, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-11, atol=1e-12)


def primal_sweep(f: Callable[..., Any], ndim: int = 1) -> str:
    text = str(sd.value_and_grad(f, (0, 1)).source(np.ones((6,) * ndim), 0.3, 2))
    return re.sub(r" *#.*", "", text.split("# ---- adjoint sweep ----")[0])


def test_what_was_copied_is_copied_at_once() -> None:
    text = primal_sweep(line)
    assert re.search(
        r"old_wide = np\.empty\(a\.shape\[0\] \+ 2\)\n"
        r" +for (\w+) in range\(a\.shape\[0\]\):\n"
        r" +old_wide\[\1 \+ 1\] = x\[\1\]\n"
        r" +if 0 < a\.shape\[0\]:\n"
        r" +old_wide\[0\] = x\[a\.shape\[0\] - 1\]\n"
        r" +old_wide\[a\.shape\[0\] \+ 1\] = x\[0\]\n"
        r" +for j in range\(a\.shape\[0\]\):\n"
        r" +x\[j\] = old_wide\[j \+ 1\] - 0\.2 \* \(old_wide\[j \+ 2\] - old_wide\[j\]\)\n",
        text,
    )
    assert "x.copy()" not in text


@pytest.mark.parametrize(("f", "ndim"), [(far, 1), (history, 1), (plane, 2), (torus, 2)])
def test_what_is_read_from_a_wider_copy(f: Callable[..., Any], ndim: int) -> None:
    text = primal_sweep(f, ndim)
    assert "_wide" in text
    nest = text[text.rindex("for j in range(") :]
    assert "%" not in nest.split("\n\n")[0]


def test_a_row_is_copied_by_itself() -> None:
    assert re.search(r"h_wide = np\.empty\(m \+ 2\)", primal_sweep(history))


@pytest.mark.parametrize("f", LEFT, ids=lambda f: f.__name__)
def test_what_is_read_where_it_is(f: Callable[..., Any]) -> None:
    assert "_wide[j]" not in primal_sweep(f)


def test_elements_that_may_not_be_there_are_read_where_they_are() -> None:
    assert re.search(r"old_wide\[j \+ 2\] \* old\[j - 1\]", primal_sweep(beside))


def test_a_loop_counts_without_a_division() -> None:
    text = primal_sweep(in_place)
    assert "%" not in text
    assert re.search(r"x\[j \+ 1 if j \+ 1 < m else 0\]", text)
    assert re.search(r"x\[m - 1 if j - 1 < 0 else j - 1\]", text)
    assert "%" in primal_sweep(longer)


def test_lanes_are_left_to_elementary_functions() -> None:
    adjoint = str(sd.value_and_grad(waves, (0, 1)).source(np.ones(6), 0.3, 2))
    assert "lane" in adjoint
    assert "lane" not in str(sd.value_and_grad(torus, (0, 1)).source(np.ones((6, 6)), 0.3, 2))


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("f", [*LINES, *LEFT, waves], ids=lambda f: f.__name__)
def test_lines(f: Callable[..., Any], steps: int) -> None:
    for m in range(7):
        check(f, (m,), steps, jit=False)


@pytest.mark.parametrize("f", PLANES, ids=lambda f: f.__name__)
def test_planes(f: Callable[..., Any]) -> None:
    for shape in ((0, 0), (3, 0), (0, 3), (1, 1), (3, 1), (4, 2), (2, 5), (5, 6)):
        check(f, shape, 2, jit=False)


@pytest.mark.parametrize(
    ("f", "shape"), [(line, (9,)), (far, (1,)), (plane, (4, 9)), (waves, (9,))]
)
def test_compiled(f: Callable[..., Any], shape: tuple[int, ...]) -> None:
    check(f, shape, 3)


def test_what_programs_compute_stays() -> None:
    check_memory_programs(widen, range(20))
    check_references(widen, range(40))
