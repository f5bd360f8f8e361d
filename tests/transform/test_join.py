"""Two nests that are one."""

from typing import Any

import pytest

from srcdiff import pipeline
from srcdiff.transform.join import join
from tests.transform.factorisations import ALL, Program, by_entries, check_gradient, source, total
from tests.transform.soundness import check_memory_programs, check_references


def with_gap(a: Any) -> Any:
    """The second nest begins one column behind the first one."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i + 1, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    return total(a)


def of_other_terms(a: Any) -> Any:
    """The second nest adds something else."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[k, i] * a[k, j]
    return total(a)


def scaled(a: Any) -> Any:
    """What the second nest reads is changed behind the sums of the first one, and after them."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, 0] *= 0.5
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    return total(a)


def test_one_nest_is_left() -> None:
    text = source(by_entries)
    assert "for j in range(k + 1, n):" in text
    assert "for j in range(i, n):" not in text


OTHERS: tuple[Program, ...] = (with_gap, of_other_terms, scaled)


@pytest.mark.parametrize("function", OTHERS)
def test_what_is_not_one_stays(function: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = source(function)
    passes = tuple(each for each in pipeline.PREPARE if each is not join)
    monkeypatch.setattr(pipeline, "PREPARE", passes)
    assert with_it == source(function)


@pytest.mark.parametrize("function", [*ALL, *OTHERS])
@pytest.mark.parametrize("size", [1, 2, 5, 6, 9, 12])
def test_gradients(function: Program, size: int) -> None:
    check_gradient(function, size)


def test_programs_mean_the_same() -> None:
    check_memory_programs(join, range(200))
    check_references(join, range(100))
