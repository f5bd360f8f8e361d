"""Matrices that are laid out by columns."""

from typing import Any

import numpy as np
import pytest

from srcdiff import pipeline
from srcdiff.ir.nodes import Call, Function, Value
from srcdiff.ir.walk import asks, statements
from srcdiff.transform.lay import lay
from tests.transform.examples import Example
from tests.transform.factorisations import Program, check_gradient, orthonormal, source, total
from tests.transform.soundness import check_memory_programs, check_references


def along_both(a: Any) -> Any:
    """One loop walks down the columns, and another one along the rows."""
    b = a.copy()
    n = a.shape[0]
    for k in range(n):
        for j in range(n):
            for i in range(n):
                b[i, j] += 0.1 * a[k, 0] * b[i, k]
        for i in range(n):
            for j in range(n):
                b[i, j] *= 0.9 + 0.1 * a[k, k]
    return total(b)


def seen_as_a_whole(a: Any) -> Any:
    b = a.copy()
    n = a.shape[0]
    for k in range(1, n):
        for j in range(n):
            for i in range(n):
                b[i, j] += 0.1 * a[k, 0] * b[i, k - 1]
    return total(b.T)


def with_a_parameter(a: Any) -> Any:
    """The same loop walks down a matrix of the caller's."""
    b = np.zeros((a.shape[0], a.shape[1]))
    n = a.shape[0]
    for k in range(1, n):
        for j in range(n):
            for i in range(n):
                b[i, j] += a[k, 0] * a[i, k]
    return total(b)


def from_the_end(a: Any) -> Any:
    """Indices that count from the end do so in the other order, too."""
    b = a.copy()
    n = a.shape[0]
    for k in range(n):
        for j in range(n):
            for i in range(n):
                b[i - n, -1 - j] += 0.1 * a[k, k] * b[i, -1]
    return total(b)


def test_columns_become_rows() -> None:
    text = source(orthonormal)
    assert "q[k, i] = a_1[k, i] / " in text
    assert "a_1[j_1, i_1] = a[i_1, j_1]" in text


STAYS: tuple[Program, ...] = (along_both, seen_as_a_whole, with_a_parameter)


@pytest.mark.parametrize("function", STAYS)
def test_what_stays(function: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = source(function)
    passes = tuple(each for each in pipeline.PREPARE if each is not lay)
    monkeypatch.setattr(pipeline, "PREPARE", passes)
    assert with_it == source(function)


@pytest.mark.parametrize("function", [orthonormal, from_the_end, *STAYS])
@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_gradients(function: Program, size: int) -> None:
    check_gradient(function, size)


def test_extents_are_asked_of_the_other_axis() -> None:
    function = nest()
    extents = [s for s in statements(lay(function).body) if asks(s)]
    assert [dict(s.static)["axis"] for s in extents if isinstance(s, Call)][-1] == 0


def nest() -> Function:
    """Return a nest that walks down a copy of w, and asks for its last extent."""
    example = Example()
    a = example.builder.copy(example.w, "a")

    def column(i: Value, j: Value, k: Value) -> None:
        example.builder.increment(a, (i, j), example.builder.load(a, (i, k)))

    columns = lambda k: example.loop(  # noqa: E731
        lambda j: example.loop(lambda i: column(i, j, k), "i"), "j"
    )
    example.loop(columns, "k")
    example.builder.extent(a, 1)
    return example.function()


def test_programs_mean_the_same() -> None:
    check_memory_programs(lay, range(200))
    check_references(lay, range(100))
