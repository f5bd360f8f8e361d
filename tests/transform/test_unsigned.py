"""Unsigned indices in loops that begin at a number of the run time."""

from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Call, Carried, Const, For, Function, Operand, Value
from srcdiff.ir.types import FLOAT64, PYTHON_INT
from srcdiff.transform.unsigned import unsigned
from srcdiff.words import radd
from tests.ir.interpreter import run
from tests.transform.examples import ZERO, Example
from tests.transform.soundness import check_memory_programs, check_references, text

ONE = Const(1.0, FLOAT64)


def triangle(*, shift: int = 0, start: Operand | None = None, square: bool = True) -> Function:
    """Return the program `for i: for j in range(start or i, n): w[i, j] += x[j + shift]`."""
    example = Example()

    def element(i: Value, j: Value) -> None:
        b = example.builder
        b.increment(example.w, (i, j), b.load(example.x, (b.fold(np.add, j, integer(shift)),)))

    def row(i: Value) -> None:
        stop = example.n if square else example.builder.fold(np.subtract, example.n, integer(1))
        example.loop(lambda j: element(i, j), "j", start or i, stop)

    example.loop(row)
    return example.function()


def test_example() -> None:
    assert text(unsigned(triangle())) == (
        "for i in range(x.shape[0]):\n"
        "    for j in range(i, x.shape[0]):\n"
        "        at = np.uint64(j)\n"
        "        w[i, at] += x[at]"
    )


def test_a_neighbour_has_an_index_of_its_own() -> None:
    found = text(unsigned(triangle(shift=1, square=False)))
    assert "w[i, np.uint64(j)] += x[np.uint64(j + 1)]" in found


def test_an_index_that_may_count_from_the_end_stays() -> None:
    function = unsigned(triangle(shift=-1))
    assert "w[i, np.uint64(j)] += x[j - 1]" in text(function)
    (x, w), (x_1, w_1) = ((np.arange(3.0), np.zeros((3, 3))) for _ in "ab")
    run(function, x, np.zeros(3), w)
    run(triangle(shift=-1), x_1, np.zeros(3), w_1)
    np.testing.assert_array_equal(w, w_1)
    assert w[0, 0] == 2.0


def test_llvm_knows_literals() -> None:
    assert "uint64" not in text(unsigned(triangle(start=integer(1))))


def test_a_start_that_may_be_negative() -> None:
    example = Example()
    b = example.builder
    start = b.call(np.subtract, example.n, integer(5))
    example.loop(lambda j: example.builder.increment(example.x, (j,), ONE), "j", start)
    assert "uint64" not in text(unsigned(example.function()))


def test_a_sum_in_the_order_of_the_user_is_no_vector_code() -> None:
    def summed(add: Callable[..., Any]) -> str:
        example, index = Example(), Value("j", PYTHON_INT)
        phi, following, out = (Value("s", FLOAT64) for _ in range(3))
        inner = Builder()
        term = inner.load(example.x, (index,))
        inner.append(Call(following, add, (phi, term)))
        b = example.builder
        start = b.call(np.floor_divide, example.n, integer(2), type=PYTHON_INT, shape=())
        start = b.call(np.maximum, start, integer(0))
        entry = Carried(phi, ZERO, following, out)
        b.append(For(index, start, example.n, integer(1), (entry,), inner.block()))
        return text(unsigned(example.function(out)))

    assert "uint64" in summed(radd)
    assert "uint64" not in summed(np.add)


def test_programs_mean_the_same() -> None:
    check_memory_programs(unsigned, range(300))
    check_references(unsigned, range(100))
