"""Nests that run along rows instead of down columns."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import (
    NOWHERE,
    Call,
    Carried,
    Const,
    For,
    Function,
    Operand,
    Origin,
    Transpose,
    Value,
)
from srcdiff.ir.types import FLOAT64, PYTHON_INT, Array
from srcdiff.transform import interchange as module
from srcdiff.transform.interchange import interchange
from srcdiff.transform.restore import restore
from tests.ir.interpreter import run
from tests.transform.examples import ADJOINT, FLOAT, ZERO, Example
from tests.transform.soundness import check_memory_programs, check_references, text

Bound = Callable[[Builder, Value], Operand]


class Nest:
    """The program `for j: before; for k: inner; after`."""

    def __init__(self, origin: Origin = ADJOINT) -> None:
        self.example = Example(origin)

    @property
    def b(self) -> Builder:
        return self.example.builder

    def function(self, row: Callable[[Value], object], start: Operand | None = None) -> Function:
        self.example.loop(row, "j", start)
        return self.example.function()

    def inner(self, write: Callable[[Value], object], stop: Operand | None = None) -> None:
        self.example.loop(write, "k", None, stop)

    def total(self, start: Operand, term: Callable[[Builder, Value], Value]) -> Value:
        """Append a sum in order over k and return it."""
        k, inner = Value("k", PYTHON_INT), Builder(self.b.origin)
        phi, following, out = (Value("dot", FLOAT64) for _ in range(3))
        inner.append(Call(following, np.subtract, (phi, term(inner, k))))
        entry = Carried(phi, start, following, out)
        stop = self.example.n
        self.b.append(For(k, integer(0), stop, integer(1), (entry,), inner.block()))
        return out


def same_as_before(
    function: Function, change: Callable[[Function], Function] = interchange, size: int = 5
) -> None:
    """Hold all that a function writes against what it writes after a pass, bit by bit."""
    found = []
    for each in (function, change(function)):
        random = np.random.default_rng(0)
        arrays = [random.normal(size=shape) for shape in (size, size, (size, size))]
        run(each, *arrays)
        found.append(arrays)
    for before, after in zip(*found, strict=True):
        np.testing.assert_array_equal(after, before)


def column_sums(origin: Origin = ADJOINT) -> Function:
    nest = Nest(origin)

    def row(j: Value) -> None:
        t = nest.b.load(nest.example.x, (j,))
        nest.inner(lambda k: nest.b.increment(nest.example.w, (k, j), t))

    return nest.function(row)


def test_example() -> None:
    assert text(interchange(column_sums())) == (
        "for k in range(x.shape[0]):\n    for j in range(x.shape[0]):\n        w[k, j] += x[j]"
    )


@pytest.mark.parametrize("size", [0, 1, 5])
def test_the_user_may_add_down_columns(size: int) -> None:
    same_as_before(column_sums(NOWHERE), size=size)
    assert "w[k, j] += x[j]" in text(interchange(column_sums(NOWHERE)))


def test_what_runs_along_rows_stays() -> None:
    nest = Nest()
    function = nest.function(
        lambda j: nest.inner(lambda k: nest.b.increment(nest.example.w, (j, k), ONE))
    )
    assert interchange(function) is function


ONE = Const(1.0, FLOAT64)


def factor(place: Callable[[Nest, Value], Operand] = lambda _, j: j) -> Function:
    """Return a sum that is read from an element, and stored there behind the inner loop."""
    nest = Nest(NOWHERE)

    def row(j: Value) -> None:
        at = place(nest, j)
        start = nest.b.load(nest.example.y, (at,))
        out = nest.total(start, lambda b, k: b.load(nest.example.w, (k, j)))
        nest.b.store(nest.example.y, (at,), out)

    return nest.function(row)


def test_a_sum_of_the_user_stays_where_it_comes_from() -> None:
    function = factor()
    assert text(interchange(function)) == (
        "for k in range(x.shape[0]):\n    for j in range(x.shape[0]):\n        y[j] -= w[k, j]"
    )
    same_as_before(function)


def test_all_iterations_add_to_one_element() -> None:
    function = factor(lambda *_: integer(0))
    assert text(interchange(function)) == text(function)


def dots(*, read: bool = False, origin: Origin = NOWHERE) -> Function:
    """Return sums that begin with 0 and are used behind, and beside, the inner loop."""
    nest = Nest(origin)

    def row(j: Value) -> None:
        seen = nest.b.load(nest.example.y, (integer(0),) if read else (j,))
        scale = nest.b.call(np.exp, seen, name="scale")
        out = nest.total(ZERO, lambda b, k: b.load(nest.example.w, (k, j)))
        nest.b.store(nest.example.y, (j,), nest.b.call(np.multiply, out, scale))

    return nest.function(row)


@pytest.mark.parametrize("size", [0, 1, 5])
def test_what_one_part_leaves_to_another_is_an_array(size: int) -> None:
    found = text(interchange(dots()))
    assert "dot_row[j] -= w[k, j]" in found
    assert "    scale_row[j] = scale\n" in found
    assert found.count("np.exp") == 1
    same_as_before(dots(), size=size)


def test_what_an_earlier_iteration_wrote_is_read() -> None:
    function = dots(read=True)
    assert text(interchange(function)) == text(function)


def test_rounds_of_another_iteration() -> None:
    """Iteration j reads in round k what iteration j - 1 wrote in round k + 1."""

    def shifted(down: int) -> Function:
        nest = Nest(NOWHERE)
        last = nest.b.call(np.subtract, nest.example.n, integer(1))

        def row(j: Value) -> None:
            def element(k: Value) -> None:
                beside = nest.b.call(np.subtract, j, integer(1))
                below = nest.b.fold(np.add, k, integer(down))
                nest.b.store(nest.example.w, (k, j), nest.b.load(nest.example.w, (below, beside)))

            nest.inner(element, last)

        return nest.function(row, integer(1))

    assert text(interchange(shifted(1))) == text(shifted(1))
    assert text(interchange(shifted(0))) != text(shifted(0))
    same_as_before(shifted(0))


def test_views_of_what_is_written() -> None:
    nest = Nest(NOWHERE)
    n = nest.example.n
    turned = nest.b.view(nest.example.w, Transpose((1, 0)), Array(FLOAT, 2, "A"), (n, n), "v")

    def row(j: Value) -> None:
        def element(k: Value) -> None:
            nest.b.store(nest.example.w, (k, j), nest.b.load(turned, (k, j)))

        nest.inner(element)

    function = nest.function(row)
    assert text(interchange(function)) == text(function)


def test_bounds_that_differ_from_iteration_to_iteration() -> None:
    nest = Nest()

    def row(j: Value) -> None:
        half = nest.b.fold(np.floor_divide, j, integer(2))
        nest.inner(lambda k: nest.b.increment(nest.example.w, (k, j), ONE), half)

    function = nest.function(row)
    assert text(interchange(function)) == text(function)


def test_a_triangle_is_turned() -> None:
    nest = Nest()

    def row(j: Value) -> None:
        nest.inner(lambda k: nest.b.increment(nest.example.w, (k, j), ONE), j)

    function = nest.function(row)
    assert "for j in range(k + 1, x.shape[0]):" in text(interchange(function))
    same_as_before(function)


def kept_value(*, added: bool = True, elsewhere: bool = False) -> Function:
    """Return `t = w[j, j]; w[j, j] = 0; for k in range(j): w[j, k] += t; w[j, j] += t`."""
    nest = Nest()
    w = nest.example.w

    def row(j: Value) -> None:
        t = nest.b.load(w, (j, j))
        nest.b.store(w, (j, j), ZERO)
        k_stop = nest.example.n if elsewhere else j
        nest.inner(lambda k: nest.b.increment(w, (j, k), t), k_stop)
        nest.b.increment(w, (j, j), t if added else ONE)

    return nest.function(row)


def test_a_zero_that_is_written_for_nothing() -> None:
    assert text(restore(kept_value())) == (
        "for j in range(x.shape[0]):\n    t = w[j, j]\n    for k in range(j):\n        w[j, k] += t"
    )
    same_as_before(kept_value(), restore)


def test_another_value_takes_the_place_of_the_zero() -> None:
    found = text(restore(kept_value(added=False)))
    assert found.endswith("w[j, j] = 1.0")
    assert "= 0.0" not in found


def test_a_loop_that_adds_to_the_element_too() -> None:
    function = kept_value(elsewhere=True)
    assert restore(function).body is function.body
    same_as_before(function, restore)


def test_programs_mean_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(function: Function) -> Function:
        return interchange(restore(function))

    turned: list[Any] = []
    distributed = module.distributed

    def noted(*args: Any) -> Any:
        turned.append(distributed(*args))
        return turned[-1]

    monkeypatch.setattr(module.Walks, "is_down", lambda *_: True)
    monkeypatch.setattr(module, "distributed", noted)
    check_memory_programs(both, range(600))
    check_references(both, range(150))
    assert sum(each is not None for each in turned) > 100
