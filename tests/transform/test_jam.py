"""Four iterations of a loop at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import (
    NOWHERE,
    Call,
    Carried,
    For,
    Function,
    Index,
    Operand,
    Origin,
    Slice,
    Store,
    Value,
)
from srcdiff.ir.types import FLOAT64, PYTHON_INT, Array
from srcdiff.transform import jam as module
from srcdiff.transform.jam import jam
from tests.ir.interpreter import run
from tests.transform.examples import ADJOINT, FLOAT, ZERO, Example
from tests.transform.soundness import check_memory_programs, check_references, text

Write = Callable[[Example, Value, Value], object]


def products(stop: Callable[[Builder, Value], Operand] | None = None) -> Function:
    """Return the program `for i: for j: y[j] = sum of w[i, k] x[k], in the order of k`."""
    example = Example(NOWHERE)

    def row(j: Value) -> None:
        k, inner = Value("k", PYTHON_INT), Builder()
        phi, following, out = (Value("dot", FLOAT64) for _ in range(3))
        factor = inner.load(example.w, (j, k))
        term = inner.call(np.multiply, factor, inner.load(example.x, (k,)))
        inner.append(Call(following, np.add, (phi, term)))
        entry = Carried(phi, ZERO, following, out)
        end = stop(example.builder, j) if stop else example.n
        body = inner.block()
        example.builder.append(For(k, integer(0), end, integer(1), (entry,), body))
        example.builder.store(example.y, (j,), out)

    example.loop(row, "j")
    return example.function()


def nest(write: Write, origin: Origin = ADJOINT) -> Function:
    """Return the program `for i: for j in range(i + 1): for k: write`."""
    example = Example(origin)

    def row(i: Value) -> None:
        stop = example.builder.fold(np.add, i, integer(1))
        columns = lambda j: example.loop(lambda k: write(example, j, k), "k")  # noqa: E731
        example.i = i  # type: ignore[attr-defined]
        example.loop(columns, "j", integer(0), stop)

    example.loop(row)
    return example.function()


def rank_update(example: Example, j: Value, k: Value) -> None:
    """Both rows of a symmetric product, each of which may be the other one."""
    i, b = example.i, example.builder  # type: ignore[attr-defined]
    b.increment(example.w, (j, k), b.load(example.x, (k,)))
    b.increment(example.w, (i, k), b.load(example.y, (k,)))


def same_as_before(function: Function, size: int, tolerance: float = 1e-14) -> None:
    """Hold what a function writes against what it writes after the pass."""
    found = []
    for each in (function, jam(function)):
        random = np.random.default_rng(0)
        arrays = [random.normal(size=size), np.zeros(size), random.normal(size=(size, size))]
        run(each, *arrays)
        found.append(arrays)
    for before, after in zip(*found, strict=True):
        np.testing.assert_allclose(after, before, rtol=tolerance)


def test_example() -> None:
    lines = text(jam(products())).splitlines()
    assert lines[0] == "rest = x.shape[0] // 4 * 4"
    assert lines[1] == "for j in range(0, rest, 4):"
    assert [line.strip() for line in lines].count("t = x[k]") == 1
    assert sum("dot" in line and "+=" in line for line in lines) == 5
    assert "for j in range(rest, x.shape[0]):" in lines


@pytest.mark.parametrize("size", [0, 1, 3, 4, 7, 9])
def test_the_users_sums_are_the_same_bit_by_bit(size: int) -> None:
    function, random = products(), np.random.default_rng(1)
    x, w = random.normal(size=size), random.normal(size=(size, size))
    before, after = np.zeros(size), np.zeros(size)
    run(function, x, before, w)
    run(jam(function), x, after, w)
    np.testing.assert_array_equal(before, after)


def test_bounds_that_differ_from_iteration_to_iteration() -> None:
    function = products(lambda b, j: b.fold(np.floor_divide, j, integer(2)))
    assert text(jam(function)) == text(function)


@pytest.mark.parametrize("size", [0, 1, 4, 7, 9])
def test_a_triangle_goes_together_as_far_as_it_can(size: int) -> None:
    function = products(lambda _, j: j)
    assert "for j in range(0, rest, 4):" in text(jam(function))
    same_as_before(function, size, 0.0)


@pytest.mark.parametrize("size", [1, 4, 6, 9])
def test_rows_that_may_be_one_row(size: int) -> None:
    function = nest(rank_update)
    found = text(jam(function))
    assert "opaque(j + 1)" in found
    assert found.count("w[i, k] +=") == 2
    same_as_before(function, size)


def test_the_users_additions_to_rows_that_may_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    function = nest(rank_update, NOWHERE)
    assert text(jam(function)) == text(function)
    monkeypatch.setattr(module._Nest, "gains", lambda _: True)
    assert text(jam(function)) != text(function)
    same_as_before(function, 6, tolerance=0.0)


def read_behind(example: Example, j: Value, k: Value) -> None:
    """Read the next row, which the next iteration writes, in an earlier round."""
    b = example.builder
    following = b.fold(np.subtract, example.n, b.fold(np.add, k, integer(1)))
    b.store(example.w, (j, k), b.load(example.w, (following, j)))


def test_what_another_iteration_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Nest, "gains", lambda _: True)
    function = nest(read_behind, NOWHERE)
    assert text(jam(function)) == text(function)


def views(example: Example, j: Value, k: Value) -> None:
    """Write a row and read a column of one matrix, the column through a view."""
    b = example.builder
    whole = Slice(None, None, None)
    column = b.view(example.w, Index((whole, j)), Array(FLOAT, 1, "A"), (example.n,), "v")
    b.store(example.w, (j, k), b.load(column, (k,)))


def test_views_of_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Nest, "gains", lambda _: True)
    function = nest(views, NOWHERE)
    assert text(jam(function)) == text(function)


def test_one_array_through_two_references(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Nest, "gains", lambda _: True)
    example = Example(NOWHERE)
    b = example.builder
    part = Slice(integer(1), None, None)
    shorter = b.call(np.subtract, example.n, integer(1))
    below = b.view(example.w, Index((part, Slice(None, None, None))), Array(FLOAT, 2, "C"),
                   (shorter, example.n), "below")  # fmt: skip

    def element(j: Value, k: Value) -> None:
        inner = example.builder
        following = inner.fold(np.add, k, integer(1))
        inner.store(below, (j, k), inner.load(example.w, (j, following)))

    last = b.call(np.subtract, example.n, integer(1))
    example.loop(lambda j: example.loop(lambda k: element(j, k), "k", None, last), "j", None, last)
    function = example.function()
    assert any(isinstance(s, Store) for s in _inner(function))
    same_as_before(function, 7)


def _inner(function: Function) -> list[Any]:
    outer = function.body.statements[-1]
    assert isinstance(outer, For)
    inner = outer.body.statements[-1]
    assert isinstance(inner, For)
    return [*inner.body.statements]


def filters(origin: Origin = ADJOINT) -> Function:
    """Return the program of rows that are filtered there and back, with a sum through both.

    for i: (for j: last = w[i, j] = w[i, j] + x[j] * last, s += last), and so backwards
    """
    example = Example(origin)
    total, following, out = (Value("s", FLOAT64) for _ in range(3))

    def rounds(i: Value, begin: Operand, end: Value, bounds: tuple[Operand, ...]) -> None:
        j, inner = Value("j", PYTHON_INT), Builder(origin)
        last, made, after = (Value("last", FLOAT64) for _ in range(3))
        phi, added = (Value("s", FLOAT64) for _ in range(2))
        term = inner.call(np.multiply, inner.load(example.x, (j,)), last)
        inner.append(Call(made, np.add, (inner.load(example.w, (i, j)), term), (), origin))
        inner.store(example.w, (i, j), made)
        inner.append(Call(added, np.add, (phi, made), (), origin))
        entries = (Carried(last, ZERO, made, after), Carried(phi, begin, added, end))
        example.builder.append(For(j, *bounds, entries, inner.block(), origin=origin))

    i, outer = Value("i", PYTHON_INT), example.builder
    first = outer.call(np.subtract, example.n, integer(1))
    example.builder, between = Builder(origin), Value("s", FLOAT64)
    rounds(i, total, between, (integer(0), example.n, integer(1)))
    rounds(i, between, following, (first, integer(-1), integer(-1)))
    entry, body = Carried(total, ZERO, following, out), example.builder.block()
    example.builder = outer
    bounds = (integer(0), example.n, integer(1))
    outer.append(For(i, *bounds, (entry,), body, origin=origin))
    outer.store(example.y, (integer(0),), out)
    return example.function()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_rows_of_filters_are_three_at_once(size: int) -> None:
    found = text(jam(filters()))
    assert "for i in range(0, rest, 3):" in found
    assert found.count("for j in range(x.shape[0]):") == 2
    same_as_before(filters(), size)


def test_the_users_sum_through_two_loops_keeps_its_order() -> None:
    function = filters(NOWHERE)
    assert text(jam(function)) == text(function)


def test_long_iterations_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 0)
    assert text(jam(filters())) != text(filters())
    monkeypatch.setattr(module, "LONGEST_RECURRENCE", 8)
    assert text(jam(filters())) == text(filters())


def fibonacci(apart: Callable[[Builder, Value], Operand]) -> For:
    """Return a loop that hands a number on through another one."""
    inner, j = Builder(), Value("j", PYTHON_INT)
    last, before, end, other = (Value("last", FLOAT64) for _ in range(4))
    made = inner.call(np.add, last, apart(inner, before))
    entries = (Carried(before, ZERO, last, other), Carried(last, ZERO, made, end))
    return For(j, integer(0), integer(99), integer(1), entries, inner.block())


def test_a_product_with_what_is_two_iterations_old() -> None:
    assert module.multiplies_on(fibonacci(lambda b, before: b.call(np.multiply, before, before)))
    assert not module.multiplies_on(fibonacci(lambda _, before: before))
    assert not module.multiplies_on(fibonacci(lambda b, before: b.call(np.maximum, before, ZERO)))


def test_programs_mean_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Nest, "gains", lambda nest: nest.rows > 1)
    monkeypatch.setattr(module, "_is_worth_a_look", lambda *_: True)
    monkeypatch.setattr(module, "ROWS", 2)
    check_memory_programs(jam, range(400))
    check_references(jam, range(150))
