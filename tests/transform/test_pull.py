"""Adjoints of stencils that pull: where they do, where they must not, and what comes out."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients


def line(a: Any, c: Any, steps: Any) -> Any:
    """Two arrays in turns; the borders are added up."""
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        for i in range(1, a.shape[0] - 1):
            b[i] = (a[i - 1] + a[i] - 2.0 * a[i + 1]) / 3.0
        for i in range(1, a.shape[0] - 1):
            a[i] = 0.5 * (b[i - 1] + b[i + 1])
    return np.sum(a * a * a)


def lopsided(a: Any, c: Any, steps: Any) -> Any:
    """Neighbours two and three away, on different sides, and one array."""
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(3, a.shape[0] - 2):
            new[i] = 0.25 * old[i - 3] - 0.5 * old[i + 2] + old[i]
    return np.sum(new * new)


def growing(a: Any, c: Any, steps: Any) -> Any:
    """Nothing is set to 0, so that all is added."""
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] += c * (old[i - 1] - 2.0 * old[i] + old[i + 1])
    return np.sum(new * new)


def plane(a: Any, c: Any, steps: Any) -> Any:
    """A coefficient that is differentiated is summed by itself; corners count too."""
    n, m = a.shape
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = old[i - 1, j - 1] - old[i + 1, j + 1] + 2.0 * old[i - 1, j + 1]
                new[i, j] = old[i, j] + c * (around + old[i, j - 1])
    return np.sum(new * new)


def in_turns(a: Any, c: Any, steps: Any) -> Any:
    n, m = a.shape
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(2, m - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 2] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, n - 1):
            for j in range(2, m - 1):
                a[i, j] = 0.3 * (b[i, j - 1] + b[i, j + 1] - b[i - 1, j - 2])
    return np.sum(a * a)


def slices(a: Any, c: Any, steps: Any) -> Any:
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] - a[:-2, 1:-1])
        a[1:-1, 1:-1] = c * (b[1:-1, 1:-1] + b[1:-1, :-2])
    return np.sum(a * a)


def until(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    size = 1.0
    while size > 0.1 and steps > 0:
        old = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
        size = size / (steps + 1.0)
    return np.sum(new * new)


def box(a: Any, c: Any, steps: Any) -> Any:
    n, m, p = a.shape
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                for k in range(1, p - 1):
                    across = old[i, j, k - 1] + old[i, j - 1, k + 1] - old[i - 1, j + 1, k]
                    new[i, j, k] = old[i, j, k] + c * (across + old[i + 1, j, k])
    return np.sum(new * new)


def border_is_read(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    n = a.shape[0]
    for _ in range(steps):
        old = new.copy()
        for i in range(1, n - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
        new[0] = new[n - 2] * c
    return np.sum(new * new)


def read_in_between(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    total = 0.0
    for _ in range(steps):
        old = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
        for i in range(a.shape[0]):
            total += new[i] * new[i]
    return total


def other_bounds(a: Any, c: Any, steps: Any) -> Any:
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        for i in range(1, a.shape[0] - 1):
            b[i] = 0.5 * (a[i - 1] + a[i + 1])
        for i in range(2, a.shape[0] - 1):
            a[i] = 0.5 * (b[i - 1] - b[i + 1])
    return np.sum(a * a) + np.sum(b * b)


def backwards(a: Any, c: Any, steps: Any) -> Any:
    """The adjoint goes upwards, over what changes in the meantime."""
    a = a.copy()
    for _ in range(steps):
        for i in range(a.shape[0] - 2, 0, -1):
            a[i] = 0.5 * (a[i - 1] + a[i + 1])
    return np.sum(a * a)


def shrinking(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    for t in range(steps):
        old = new.copy()
        for i in range(1, a.shape[0] - 1 - t):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
    return np.sum(new * new)


def views(a: Any, c: Any, steps: Any) -> Any:
    """Two names that overlap."""
    a = a.copy()
    left, right = a[:-1], a[1:]
    for _ in range(steps):
        for i in range(1, a.shape[0] - 2):
            left[i] = 0.5 * (right[i - 1] + right[i + 1])
        for i in range(1, a.shape[0] - 2):
            right[i] = 0.5 * (left[i - 1] + left[i + 1])
    return np.sum(a * a)


def nonlinear(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = 0.5 * (old[i - 1] * old[i] + old[i + 1])
    return np.sum(new * new)


def taken_twice(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
        older = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = 0.5 * (older[i - 1] - older[i + 1])
    return np.sum(new * new)


def taken_of_two_sizes(a: Any, c: Any, steps: Any) -> Any:
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
        older = new.copy()
        for i in range(2, a.shape[0] - 3):
            new[i] += 0.5 * (older[i - 2] - c * older[i + 1])
        new[0] = c * new[1]
    return np.sum(new * new)


def round_and_round(a: Any, c: Any, steps: Any) -> Any:
    """A line that is a ring, on both sides."""
    m = a.shape[0]
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for j in range(m):
            new[j] = 0.5 * (old[(j - 1) % m] - c * old[(j + 2) % m]) + old[j]
    return np.sum(new * new)


def channel(a: Any, c: Any, steps: Any) -> Any:
    """A ring along one axis, walls along the other, which are read."""
    n, m = a.shape
    p = a.copy()
    for _ in range(steps):
        old = p.copy()
        for i in range(1, n - 1):
            for j in range(m):
                across = old[i, (j + 1) % m] - old[i - 1, (j - 1) % m]
                p[i, j] = (across + c * old[i + 1, j]) / (2.0 + c)
        for j in range(m):
            p[0, j] = p[n - 1, j]
    return np.sum(p * p)


def torus(a: Any, c: Any, steps: Any) -> Any:
    n, m = a.shape
    p = a.copy()
    for _ in range(steps):
        old = p.copy()
        for i in range(n):
            for j in range(m):
                around = old[(i + 1) % n, (j + 1) % m] - old[(i - 1) % n, (j - 1) % m]
                p[i, j] += c * (around + old[i, (j - 2) % m])
    return np.sum(p * p)


def other_ring(a: Any, c: Any, steps: Any) -> Any:
    """Not all of the axis, and not its own extent."""
    m = a.shape[0]
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for j in range(1, m):
            new[j] = 0.5 * (old[(j - 1) % m] - c * old[(j + 1) % m])
    return np.sum(new * new)


def straight_and_round(a: Any, c: Any, steps: Any) -> Any:
    """The element before the first one is the last one, by its index or by a remainder."""
    m = a.shape[0]
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        for j in range(m):
            new[j] = 0.5 * (old[(j + 1) % m] - c * old[j - 1])
    return np.sum(new * new)


def from_the_start(a: Any, c: Any, steps: Any) -> Any:
    """What is made first is not 0 before the loop: it is read behind it."""
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        for i in range(1, a.shape[0] - 1):
            b[i] = 0.5 * (a[i - 1] + a[i + 1])
        for i in range(1, a.shape[0] - 1):
            a[i] = 0.5 * (b[i - 1] - b[i + 1])
    for i in range(a.shape[0]):
        a[i] += b[i] * b[i]
    return np.sum(a * b)


LINES = (line, lopsided, growing, until)
CASES = [(line, (9,)), (plane, (6, 7)), (box, (4, 5, 6)), (channel, (5, 6))]
PLANES = (plane, in_turns, slices)
NEAR = (border_is_read, read_in_between, taken_twice, taken_of_two_sizes, round_and_round)
RINGS = (channel, torus)
LEFT = (
    *(other_bounds, backwards, shrinking, views, nonlinear, from_the_start),
    *(other_ring, straight_and_round),
)


def check(f: Callable[..., Any], shape: tuple[int, ...], steps: int, **options: Any) -> None:
    random = np.random.default_rng(sum(shape))
    args = random.normal(size=shape), 0.3, steps
    value, exact = gradients(f, args, (0, 1))
    found_value, found = sd.value_and_grad(f, (0, 1), **options)(*args)
    assert found_value == pytest.approx(value, rel=1e-12, abs=1e-12)
    for part, wanted in zip(found, exact, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-11, atol=1e-12)


def source(f: Callable[..., Any], ndim: int) -> str:
    made = sd.value_and_grad(f, (0, 1)).source(np.ones((6,) * ndim), 0.3, 2)
    return re.sub(r" *#.*", "", str(made))


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("f", [*LINES, *NEAR, *LEFT], ids=lambda f: f.__name__)
def test_lines(f: Callable[..., Any], steps: int) -> None:
    for n in (2, 3, 4, 5, 6, 7, 11):
        check(f, (n,), steps, jit=False)


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("f", [*PLANES, *RINGS], ids=lambda f: f.__name__)
def test_planes(f: Callable[..., Any], steps: int) -> None:
    for shape in ((2, 2), (2, 5), (3, 3), (3, 6), (5, 3), (4, 4), (6, 7)):
        check(f, shape, steps, jit=False)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (2, 3), (4, 0), (0, 4)])
def test_rings_that_are_shorter_than_the_way_round(shape: tuple[int, ...]) -> None:
    check(torus, shape, 3, jit=False)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (4, 3, 5), (3, 5, 4), (5, 4, 6)])
def test_boxes(shape: tuple[int, ...]) -> None:
    check(box, shape, 3, jit=False)


@pytest.mark.parametrize(("f", "shape"), CASES)
def test_compiled(f: Callable[..., Any], shape: tuple[int, ...]) -> None:
    check(f, shape, 3)


@pytest.mark.parametrize("f", [*LINES, *NEAR, *PLANES, *RINGS, box], ids=lambda f: f.__name__)
def test_what_pulls(f: Callable[..., Any]) -> None:
    made = source(f, 1 if f in LINES + NEAR else 2 if f in PLANES + RINGS else 3)
    assert "inside" in made
    assert not re.search(r"part(_1)? = np.zeros", made)
    assert "old_bar" not in made


@pytest.mark.parametrize("f", LEFT, ids=lambda f: f.__name__)
def test_what_is_left(f: Callable[..., Any]) -> None:
    assert "inside" not in source(f, 1)


def test_two_arrays_are_assigned_in_turns() -> None:
    loop = source(line, 1).partition("range(steps - 1, -1, -1):\n")[2]
    assert loop.startswith(
        "        for i in range(1, t_1):\n"
        "            inside_2[i] = 0.5 * (inside_1[i - 1] + inside_1[i + 1])\n"
        "        if t_5:\n"
        "            b_bar[t_2 + 1] += 0.5 * inside_1[t_2]\n"
        "            b_bar[0] += 0.5 * inside_1[1]\n"
    )


def test_one_array_changes_places_with_what_is_made_of_it() -> None:
    made = source(plane, 2)
    assert "        inside_1, inside_2 = inside_2, inside_1\n" in made
    assert "c_bar = radd(c_bar, " in made


@pytest.mark.parametrize("f", [line, growing], ids=lambda f: f.__name__)
def test_products_with_hessians(f: Callable[..., Any]) -> None:
    """Second derivatives pass through the same nests."""
    random = np.random.default_rng(5)
    x, v = random.normal(size=(2, 7))
    step = 1e-6
    one, other = (sd.grad(f, 0, jit=False)(x + s * step * v, 0.3, 3) for s in (1.0, -1.0))
    found = sd.hvp(f, 0, jit=False)(v, x, 0.3, 3)
    np.testing.assert_allclose(found, (one - other) / (2.0 * step), rtol=1e-6, atol=1e-8)
