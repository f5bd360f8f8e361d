"""What was kept is read where it is kept."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import NOWHERE, Block, For, Function, Operand, Origin, Store, Value
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import statements
from srcdiff.transform.bypass import bypass
from tests.dual import gradients
from tests.ir.interpreter import run
from tests.transform.examples import ADJOINT, FLOAT, Example
from tests.transform.soundness import check_memory_programs, check_references, text

Row = Callable[[Example, Value, Value], object]


def nest(second: Row, origin: Origin = ADJOINT, first: Row | None = None) -> Function:
    """Return the program `for i: (for j: a[j] = w[i, j]); (for j: second)` with an array a."""
    example = Example(origin)
    example.a = example.builder.zeros((example.n,), FLOAT, "a")  # type: ignore[attr-defined]

    def row(i: Value) -> None:
        example.loop(lambda j: (first or put_back)(example, i, j), "j")
        example.loop(lambda j: second(example, i, j), "j")

    example.loop(row)
    return example.function()


def put_back(example: Example, i: Value, j: Value) -> None:
    b = example.builder
    b.store(example.a, (j,), b.load(example.w, (i, j)))  # type: ignore[attr-defined]


def read(example: Example, i: Value, j: Value) -> None:
    b = example.builder
    b.increment(example.y, (i,), b.load(example.a, (j,)))  # type: ignore[attr-defined]


def stores(function: Function) -> int:
    return sum(isinstance(s, Store) for s in statements(function.body))


def same_as_before(function: Function) -> None:
    found = []
    for each in (function, bypass(function)):
        random = np.random.default_rng(0)
        arrays = [random.normal(size=shape) for shape in (5, 5, (5, 5))]
        run(each, *arrays)
        found.append(arrays)
    for before, after in zip(*found, strict=True):
        np.testing.assert_array_equal(after, before)


def test_example() -> None:
    function = nest(read)
    changed = bypass(function)
    assert stores(changed) == 0
    assert "y[i] += w[i, j]" in text(changed)
    same_as_before(function)


def test_the_primal_sweep_stays() -> None:
    function = nest(read, NOWHERE)
    assert bypass(function) is function


def another_element(example: Example, i: Value, j: Value) -> None:
    b = example.builder
    b.increment(example.y, (i,), b.load(example.a, (integer(0),)))  # type: ignore[attr-defined]


def changed_between(example: Example, i: Value, j: Value) -> None:
    read(example, i, j)
    example.builder.increment(example.a, (j,), example.builder.load(example.x, (j,)))  # type: ignore[attr-defined]


def source_changes(example: Example, i: Value, j: Value) -> None:
    read(example, i, j)
    example.builder.store(example.w, (i, j), example.builder.load(example.x, (j,)))


def as_a_whole(example: Example, i: Value, j: Value) -> None:
    b = example.builder
    b.increment(example.y, (i,), b.sum(example.a, (0,)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("second", [another_element, changed_between, source_changes, as_a_whole])
def test_a_reader_of_something_else_needs_the_store(second: Row) -> None:
    function = nest(second)
    assert stores(bypass(function)) == stores(function)
    same_as_before(function)


def to_one_element(example: Example, i: Value, j: Value) -> None:
    b = example.builder
    b.store(example.a, (integer(0),), b.load(example.w, (i, j)))  # type: ignore[attr-defined]


def test_the_last_of_several_stores_counts() -> None:
    function = nest(another_element, first=to_one_element)
    assert stores(bypass(function)) == 1
    same_as_before(function)


def shorter(stop: Callable[[Builder, Operand], Operand]) -> Function:
    """Return the program whose second loop goes over other elements."""
    example = Example()
    a = example.builder.zeros((example.n,), FLOAT, "a")
    example.a = a  # type: ignore[attr-defined]

    def row(i: Value) -> None:
        end = stop(example.builder, example.n)
        example.loop(lambda j: put_back(example, i, j), "j", None, end)
        example.loop(lambda j: read(example, i, j), "j")

    example.loop(row)
    return example.function()


def test_other_elements_are_what_they_were() -> None:
    function = shorter(lambda b, n: b.fold(np.subtract, n, integer(1)))
    assert stores(bypass(function)) == 1
    same_as_before(function)


def test_a_loop_that_counts_down_goes_over_the_same_elements() -> None:
    example = Example()
    b, j = example.builder, Value("j", PYTHON_INT)
    example.a = b.zeros((example.n,), FLOAT, "a")  # type: ignore[attr-defined]
    last, body = b.fold(np.subtract, example.n, integer(1)), Builder(ADJOINT)
    body.store(example.a, (j,), body.load(example.w, (integer(0), j)))  # type: ignore[attr-defined]
    b.append(For(j, last, integer(-1), integer(-1), (), body.block(), origin=ADJOINT))
    example.loop(lambda k: read(example, k, k), "k")
    function = example.function()
    assert stores(bypass(function)) == 1  # there is no loop around both
    loops = tuple(s for s in function.body.statements if isinstance(s, For))
    around = For(
        Value("i", PYTHON_INT), integer(0), integer(2), integer(1), (), Block(loops), origin=ADJOINT
    )
    rest = tuple(s for s in function.body.statements if not isinstance(s, For))
    function = replace(function, body=Block((*rest, around)))
    assert stores(bypass(function)) == 0
    same_as_before(function)


def orthogonal(a):  # type: ignore[no-untyped-def]
    """The method of Gram and Schmidt: the columns are kept at each step."""
    a = a.copy()
    m, n = a.shape
    q, r = np.zeros((m, n)), np.zeros((n, n))
    for k in range(n):
        square = 0.0
        for i in range(m):
            square += a[i, k] * a[i, k]
        r[k, k] = np.sqrt(square)
        for i in range(m):
            q[i, k] = a[i, k] / r[k, k]
        for j in range(k + 1, n):
            for i in range(m):
                r[k, j] += q[i, k] * a[i, j]
            for i in range(m):
                a[i, j] -= q[i, k] * r[k, j]
    return np.sum(q[:, 0] * q[:, 0]) + np.sum(r * r * r) + np.sum(q)


def test_columns_are_not_put_back() -> None:
    a = np.random.default_rng(1).normal(size=(5, 4))
    gradient = sd.value_and_grad(orthogonal, jit=False)
    _, adjoint = gradient.source(a).split("# ---- adjoint sweep ----")
    assert "a_saved[" in adjoint
    assert "= a_saved[" not in adjoint
    value, bar = gradient(a)
    expected, (expected_bar,) = gradients(orthogonal, (a,), (0,))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(bar, expected_bar, rtol=1e-9, atol=1e-11)


def test_memory_programs_stay_the_same() -> None:
    check_memory_programs(bypass, range(150))


def test_references_stay_the_same() -> None:
    check_references(bypass, range(60))
