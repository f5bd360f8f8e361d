"""Solvers along the lines of a grid: work arrays of iterations, guards in nests, recurrences."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd

A = np.random.default_rng(1).normal(size=(12, 12))
C = np.random.default_rng(2).normal(size=12)


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


def columns(a: Any, c: Any) -> Any:
    """A recurrence down each column, through a work array that is not filled to its ends."""
    u = a.copy()
    n = u.shape[0]
    q = np.zeros(n)
    for i in range(1, n - 1):
        q[0] = 1.0
        for j in range(1, n - 1):
            q[j] = u[j, i] - c[j] * q[j - 1]
        for j in range(n - 2, 0, -1):
            u[j, i] = c[j] * u[j + 1, i] + q[j]
    return np.sum(u * u)


def rows(a: Any, c: Any) -> Any:
    """The same along each row."""
    u = a.copy()
    n = u.shape[0]
    q = np.zeros(n)
    for i in range(1, n - 1):
        u[i, 0] = 1.0
        q[0] = 1.0
        for j in range(1, n - 1):
            q[j] = u[i, j] - c[j] * q[j - 1]
        for j in range(n - 2, 0, -1):
            u[i, j] = c[j] * u[i, j + 1] + q[j]
    return np.sum(u * u)


def last_element(a: Any, c: Any) -> Any:
    """What is filled is read at its last element."""
    u = a.copy()
    n, m = u.shape
    q = np.zeros(m)
    for i in range(n):
        for j in range(m):
            q[j] = u[i, j] * c[j]
            if j > 0:
                q[j] += q[j - 1] * c[j]
        u[i, 0] = q[m - 1]
    return np.sum(u * u)


def carried(a: Any, c: Any) -> Any:
    """An element comes from the iteration before: the array is not private."""
    u = a.copy()
    n = u.shape[0]
    q = np.zeros(n)
    for i in range(n):
        for j in range(1, n - 1):
            q[j] = u[i, j] - c[j] * q[j + 1]
        q[n - 1] = u[i, 0]
    return np.sum(q * q)


def seen_below(a: Any, c: Any) -> Any:
    """An iteration fills only the part that the one before it did not."""
    u = a.copy()
    n = u.shape[0]
    q = np.ones(n)
    for i in range(n):
        for j in range(i, n):
            q[j] = q[j] * c[j] + u[i, j]
        u[i, 0] = q[0]
    return np.sum(u * u)


PROGRAMS: tuple[Callable[..., Any], ...] = (columns, rows, last_element, carried, seen_below)


def text_of(f: Callable[..., Any], argnums: tuple[int, ...] = (0, 1)) -> str:
    text = sd.value_and_grad(f, argnums, jit=False).source(A, C)
    return re.sub(" *#.*", "", text)


def sunk(f: Callable[..., Any]) -> bool:
    """Say whether the work array is made in the loop."""
    stages = sd.value_and_grad(f, (0, 1), jit=False).stages(A, C)
    (text,) = (text for name, text in stages.items() if name.endswith("_sink"))
    return "        q = np.empty" in text


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [3, 5, 12])
def test_gradients(f: Callable[..., Any], n: int) -> None:
    sd.testing.check_grads(f, (A[:n, :n].copy(), C[:n].copy()), (0, 1), order=1, jit=False)


@pytest.mark.parametrize("f", [columns, rows, last_element], ids=lambda f: f.__name__)
def test_arrays_that_are_filled_but_for_some_elements_are_private(f: Callable[..., Any]) -> None:
    assert sunk(f)


@pytest.mark.parametrize("f", [carried, seen_below], ids=lambda f: f.__name__)
def test_what_an_iteration_has_from_another_one_stays(f: Callable[..., Any]) -> None:
    assert not sunk(f)


def test_columns_run_along_rows() -> None:
    """The work array has an element for each column, and LLVM a loop along a row."""
    text = text_of(columns, (0,))
    assert re.search(r"q\w*\[j, i\] = .* q\w*\[j - 1, i\]", text), text
    assert re.search(r"q_bar\w*\[j - 1, i\] \+= ", text), text


def test_rows_are_solved_three_at_once() -> None:
    text = text_of(rows)
    assert re.search(r"for i in range\(1, rest, 3\)", text), text
    assert text.count("raise") == text.count("    if ")


def test_guards_move_in_front_of_a_nest() -> None:
    """There is an error only where an iteration would have raised it."""
    f = sd.value_and_grad(rows, (0, 1), jit=False)
    empty = np.ones((2, 0))
    assert f(empty, C)[0] == 0.0
    with pytest.raises(sd.BoundsError, match="fewer than 1"):
        f(np.ones((3, 0)), C)


def shared_quotient(a: Any, c: Any) -> Any:
    """A quotient that is stored: its adjoint needs it, and not what is divided."""
    total = 0.0
    x = np.zeros(c.shape[0])
    for i in range(c.shape[0]):
        rest = c[i]
        for j in range(i):
            rest -= a[i, j] * x[j]
        x[i] = rest / (a[i, i] + 4.0)
        total += x[i] ** 2
    return total


def test_a_quotient_is_read_where_it_was_stored() -> None:
    sd.testing.check_grads(shared_quotient, (A, C), (0, 1), order=1, jit=False)
    assert "rest_saved" not in text_of(shared_quotient)


def columns_kept(a: Any, c: Any) -> Any:
    """What is kept last, of each round of the inner loop, is still in the cache."""
    u = a.copy()
    n, m = u.shape
    for i in range(n):
        y = 1.0
        for j in range(m):
            y = np.sin(y * c[j]) + u[i, j]
            u[i, j] = y * y
    return np.sum(u * u)


def test_loops_go_back_to_what_they_kept_last() -> None:
    sd.testing.check_grads(columns_kept, (A, C), (0, 1), order=1, jit=False)
    assert re.search(r"for i in range\(.*, -1, -1\):\n", text_of(columns_kept))
