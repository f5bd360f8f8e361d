"""Rows that are read where they are, and not in a copy."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.borrow import borrow
from tests.transform.soundness import check_memory_programs, check_references


def rows(a: Any, x: Any) -> Any:
    """The adjoint of row i is copied, as it is overwritten, and added to row k, which may be it."""
    b = a.copy()
    for k in range(a.shape[0]):
        for i in range(a.shape[0]):
            b[i] = np.minimum(b[i], x[k] + b[k])
    return np.sum(b * b)


def inside(a: Any, x: Any) -> Any:
    y = x.copy()
    for _ in range(3):
        z = 0.5 * y
        y[1:-1] = np.sin(z[1:-1])
    return np.sum(y * y)


def copied(a: Any, x: Any) -> Any:
    """The user's copy of a row."""
    b = a.copy()
    for i in range(1, a.shape[0]):
        old = b[i].copy()
        for j in range(a.shape[1]):
            b[i, j] = b[i, j] * b[i - 1, j] + old[j]
    return np.sum(b * b)


def neighbours(a: Any, x: Any) -> Any:
    """An iteration changes what the next one reads in the copy."""
    y = x.copy()
    for _ in range(2):
        old = y.copy()
        for j in range(x.shape[0] - 1):
            y[j + 1] = 0.5 * old[j] + y[j + 1]
    return np.sum(y * y)


def changed_before(a: Any, x: Any) -> Any:
    y = x.copy()
    for _ in range(2):
        old = y.copy()
        y[0] = 7.0
        for j in range(x.shape[0]):
            y[j] = y[j] * old[j]
    return np.sum(y * y)


def read_twice(a: Any, x: Any) -> Any:
    y = x.copy()
    for _ in range(2):
        old = y.copy()
        for j in range(x.shape[0]):
            y[j] = y[j] * old[j]
        for j in range(x.shape[0]):
            y[j] = y[j] + old[j]
    return np.sum(y * y)


def other_way(a: Any, x: Any) -> Any:
    """The loop reads the copy backwards."""
    y = x.copy()
    for _ in range(2):
        old = y.copy()
        for j in range(x.shape[0]):
            y[j] = y[j] * old[x.shape[0] - 1 - j]
    return np.sum(y * y)


def column(a: Any, x: Any) -> Any:
    """Column j is written, and row i has been copied."""
    b = a.copy()
    for i in range(a.shape[0]):
        old = b[i].copy()
        for j in range(a.shape[1]):
            b[j, i] = 0.5 * b[j, i] + old[j]
    return np.sum(b * b)


def arguments() -> tuple[Any, Any]:
    random = np.random.default_rng(7)
    return random.normal(size=(4, 4)), random.normal(size=5)


def source(f: Callable[..., Any], argnum: int) -> str:
    text = str(sd.value_and_grad(f, argnum).source(*arguments()))
    return re.sub(r" # (?!----).*", "", text)


def test_a_row_is_read_where_it_is() -> None:
    _, adjoint = source(rows, 0).split("# ---- adjoint sweep ----")
    assert ".copy()" not in adjoint


@pytest.mark.parametrize(("f", "argnum"), [(inside, 1), (copied, 0)])
def test_copies_that_are_not_made(f: Callable[..., Any], argnum: int) -> None:
    assert source(f, argnum).count(".copy()") == 1


def kept(a: Any, x: Any) -> Any:
    y = x.copy()
    for _ in range(2):
        y[1:-1] = y[1:-1] + np.sin(x[1:-1])
    return np.sum(y * y)


def test_what_an_element_is_is_not_stored() -> None:
    _, adjoint = source(kept, 1).split("# ---- adjoint sweep ----")
    assert not re.search(r"(\w+) = y_bar\[i \+ 1\]\n +y_bar\[i \+ 1\] = \1", adjoint)


NEEDED = ((neighbours, 1), (changed_before, 1), (read_twice, 1), (other_way, 1), (column, 0))


@pytest.mark.parametrize(("f", "argnum"), NEEDED)
def test_copies_that_are_needed(f: Callable[..., Any], argnum: int) -> None:
    primal, _ = source(f, argnum).split("# ---- adjoint sweep ----")
    assert primal.count(".copy()") == 2


CASES = ((kept, 1), (rows, 0), (rows, 1), (inside, 1), (copied, 0), *NEEDED)


@pytest.mark.parametrize(("f", "argnum"), CASES)
def test_gradients(f: Callable[..., Any], argnum: int) -> None:
    args = arguments()
    value, _ = sd.value_and_grad(f, argnum, jit=False)(*args)
    assert value == pytest.approx(f(*args), rel=1e-13)
    sd.testing.check_grads(f, args, argnum, order=1, jit=False)


def test_what_programs_compute_stays() -> None:
    check_memory_programs(borrow, range(20))
    check_references(borrow, range(40))
