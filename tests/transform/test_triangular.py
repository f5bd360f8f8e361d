"""Triangular nests, turned around or run four iterations at once."""

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.staircase import stepped
from srcdiff.transform.triangular import turned
from tests.dual import gradients
from tests.transform.triangles import check


def test_turned_nests_write_the_same() -> None:
    assert check(turned, [*range(400), 689], writes=True) > 100


def test_turned_sums_write_the_same() -> None:
    assert check(turned, range(200), writes=False) > 100


def test_four_at_once_write_the_same() -> None:
    assert check(stepped, range(200), writes=False) > 50


def factors(a):  # type: ignore[no-untyped-def]
    """Both factors of a matrix, by products of rows and columns."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    return np.sum(a * a)


def root(a):  # type: ignore[no-untyped-def]
    """The factor of Cholesky: both of what is multiplied are rows."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
        for k in range(i):
            a[i, i] -= a[i, k] * a[i, k]
        a[i, i] = np.sqrt(a[i, i])
    return np.sum(a * a)


def solution(a):  # type: ignore[no-untyped-def]
    n = a.shape[0]
    x = np.empty(n)
    for i in range(n):
        s = 1.0
        for j in range(i):
            s -= a[i, j] * x[j]
        x[i] = s / a[i, i]
    return np.sum(x * x)


def overwritten_rows(a):  # type: ignore[no-untyped-def]
    """What one iteration writes, the rounds of the next ones read: nothing may be turned."""
    a = a.copy()
    n = a.shape[0]
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= a[k, j] * a[k, n - 1]
        a[0, n - 1] = s
    return np.sum(a * a)


PRIMALS = (factors, root, solution, overwritten_rows)


@pytest.mark.parametrize("function", PRIMALS)
@pytest.mark.parametrize("size", [1, 2, 4, 5, 9])
def test_gradients(function, size: int) -> None:  # type: ignore[no-untyped-def]
    random = np.random.default_rng(size)
    half = random.normal(size=(size, size))
    a = half @ half.T / size + np.eye(size) * size
    value, bar = sd.value_and_grad(function, jit=False)(a)
    expected, (expected_bar,) = gradients(function, (a,), (0,))
    assert value == expected
    np.testing.assert_allclose(bar, expected_bar, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (factors, "for j in range(k + 1, n):"),
        (root, "for k in range(rest, i):"),
        (solution, "for i in range(rest, n):"),
    ],
)
def test_which_way_is_taken(function, line: str) -> None:  # type: ignore[no-untyped-def]
    assert line in sd.grad(function, jit=False).source(np.eye(3))


def test_what_may_not_be_turned_stays() -> None:
    text = sd.grad(overwritten_rows, jit=False).source(np.eye(3))
    assert "for k in range(j):" in text
    assert "rest" not in text


def columns_and_counts(a):  # type: ignore[no-untyped-def]
    """The adjoint of the inner loop needs nothing of what is written in front of it."""
    b, y = 0.5 * a, 0.7 * a[0]
    n = a.shape[0]
    for i in range(n - 1):
        for j in range(n - 1, -1, -1):
            for k in range(j):
                b[k, j] = 0.35
            y[n - 1 - j] += 0.2
        for k in range(1, n):
            b[k, i] += y[i] * b[i, i]
    return np.sum(b)


def test_what_is_written_in_front_stays_if_the_rounds_need_nothing_of_it() -> None:
    a = np.random.default_rng(7).normal(size=(5, 5))
    _, (expected,) = gradients(columns_and_counts, (a,), (0,))
    found = sd.grad(columns_and_counts, jit=False)(a)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
