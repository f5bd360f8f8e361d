"""Loops that are parted at the iteration that meets the others."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.postpone import postpone
from srcdiff.transform.split import split
from tests.transform.soundness import check_memory_programs, check_references

PARTS = "for part in range(3):"


def shortest(p: Any) -> Any:
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(p.shape[0]):
            for j in range(p.shape[0]):
                p[i, j] = min(p[i, j], p[i, k] + p[k, j])
    return np.sum(p * p)


def shifted(p: Any) -> Any:
    """The iteration that is met is the one before k, which may be none."""
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(p.shape[0]):
            for j in range(p.shape[0] - 1):
                p[i, j + 1] = 0.5 * p[i, j + 1] + np.sqrt(1.0 + p[i, k] * p[i, k])
    return np.sum(p * p)


def beyond(p: Any) -> Any:
    """The element is before all that change, behind them, or one of them."""
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(p.shape[0]):
            for j in range(1, p.shape[0] - 2):
                p[i, j] = p[i, j] * 0.5 + p[i, k]
    return np.sum(p * p)


def down(p: Any) -> Any:
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(p.shape[0]):
            for j in range(p.shape[0] - 1, -1, -1):
                p[i, j] = min(p[i, j], p[i, k] + p[k, j])
    return np.sum(p * p)


def behind(p: Any) -> Any:
    """The element is never one of those that change."""
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(k + 1, p.shape[0]):
            for j in range(k + 1, p.shape[0]):
                p[i, j] -= p[i, k] * p[k, j]
    return np.sum(p * p)


def neighbours(p: Any) -> Any:
    """Each iteration meets the one before it."""
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(p.shape[0]):
            for j in range(1, p.shape[0]):
                p[i, j] = p[i, j - 1] + p[i, k]
    return np.sum(p * p)


def two_points(p: Any) -> Any:
    p = p.copy()
    for k in range(p.shape[0] - 1):
        for i in range(p.shape[0]):
            for j in range(p.shape[0]):
                p[i, j] = min(p[i, j], p[i, k] + p[i, k + 1])
    return np.sum(p * p)


def read_late(p: Any) -> Any:
    """The element is read after the iteration that meets it has changed it."""
    p = p.copy()
    for k in range(p.shape[0]):
        for i in range(p.shape[0]):
            for j in range(p.shape[0]):
                p[i, j] = 0.5 * p[i, j]
                p[i, j] += 0.25 * p[i, k]
    return np.sum(p * p)


def from_the_end(p: Any) -> Any:
    p = p.copy()
    for k in range(-p.shape[0], 0):
        for i in range(p.shape[0]):
            for j in range(p.shape[0]):
                p[i, j] = min(p[i, j], p[i, k] + p[0, 0])
    return np.sum(p * p)


def other_name(p: Any) -> Any:
    """The view is flattened, and has the element at another index."""
    p = p.copy()
    for k in range(p.shape[0] - 1):
        for i in range(p.shape[0]):
            row = p[i, 1:]
            for j in range(p.shape[0] - 1):
                row[j] = min(row[j], p[i, k] + 1.0)
    return np.sum(p * p)


def lengths(n: int) -> Any:
    return np.random.default_rng(n).uniform(0.1, 1.0, size=(n, n))


def sweeps(f: Callable[..., Any]) -> list[str]:
    text = str(sd.value_and_grad(f).source(lengths(3)))
    return text.split("# ---- adjoint sweep ----")


def test_both_sweeps_are_parted() -> None:
    primal, adjoint = sweeps(shortest)
    assert re.search(
        r"edge = 0\n +for part in range\(3\):.*\n"
        r" +(\w+) = max\(edge, min\(p\.shape\[0\], p\.shape\[0\] if part == 2 else k \+ part\)\)\n"
        r" +if edge < \1:\n"
        r" +p_i_k = p_1\[i, k\].*\n"
        r" +for j in range\(edge, \1\):",
        primal,
    )
    assert re.search(
        r"for part in range\(3\):.*\n"
        r" +(\w+) = max\(0, min\(edge, 0 if part == 2 else k \+ 1 - part\)\)\n"
        r" +if \1 < edge:\n"
        r" +(p_bar_1) = 0\.0\n"
        r" +for j in range\(\1, edge\):(?:\n.*)*?"
        r" +p_bar_1 = radd\(p_bar_1, \w+\)\n"
        r" +p_bar\[i, k\] \+= p_bar_1",
        adjoint,
    )


def test_the_increment_of_another_row_waits() -> None:
    _, adjoint = sweeps(shortest)
    assert re.search(r"p_bar\[i, j\] = (.*)\n +p_bar\[k, j\] \+= ", adjoint)
    assert "p_bar[i, j] +=" not in adjoint


@pytest.mark.parametrize("f", [shifted, beyond, down, other_name], ids=lambda f: f.__name__)
def test_what_is_parted(f: Callable[..., Any]) -> None:
    assert PARTS in sweeps(f)[0]


def test_an_element_that_is_never_met_is_read_before() -> None:
    primal, adjoint = sweeps(behind)
    assert PARTS not in primal + adjoint
    assert re.search(r"p_i_k\w* = p_1\[i, k\].*\n +for j in range\(k \+ 1", primal)
    assert "if k + 1 < " not in primal  # the loop around has the same bounds, and runs


STAYS = (neighbours, two_points, read_late, from_the_end)


@pytest.mark.parametrize("f", STAYS, ids=lambda f: f.__name__)
def test_what_stays_one_loop(f: Callable[..., Any]) -> None:
    assert PARTS not in sweeps(f)[0]


@pytest.mark.parametrize(
    "f", [shortest, shifted, beyond, down, behind, other_name, *STAYS], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_values_and_gradients(f: Callable[..., Any], n: int) -> None:
    p = lengths(n)
    value, p_bar = sd.value_and_grad(f, jit=False)(p)
    assert value == pytest.approx(f(p), rel=1e-14)
    for index in np.ndindex(p.shape):
        ahead, back = p.copy(), p.copy()
        ahead[index] += 1e-6
        back[index] -= 1e-6
        slope = (f(ahead) - f(back)) / 2e-6
        assert p_bar[index] == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("f", [shortest, shifted, beyond, down, behind], ids=lambda f: f.__name__)
def test_compiled(f: Callable[..., Any]) -> None:
    p = lengths(30)
    value, p_bar = sd.value_and_grad(f)(p)
    plain, plain_bar = sd.value_and_grad(f, jit=False)(p)
    assert value == pytest.approx(plain, rel=1e-13)
    np.testing.assert_allclose(p_bar, plain_bar, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("change", [split, postpone], ids=lambda f: f.__name__)
def test_what_programs_compute_stays(change: Any) -> None:
    check_memory_programs(change, range(20))
    check_references(change, range(40))
