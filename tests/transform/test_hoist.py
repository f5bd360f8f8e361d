"""Buffers that are made once."""

import numpy as np

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Block, Carried, For, Function, Value
from srcdiff.ir.types import PYTHON_INT
from srcdiff.transform.hoist import hoist
from tests.ir.interpreter import run
from tests.transform.examples import FLOAT, Example
from tests.transform.soundness import check_memory_programs, check_references, text


def test_example() -> None:
    example = Example()

    def body(i: Value) -> None:
        row = example.builder.zeros((example.n,), FLOAT, "row")
        example.builder.increment(row, (i,), example.builder.load(example.x, (i,)))
        example.builder.store(example.y, (i,), example.builder.sum(row, (0,)))

    example.loop(lambda _: example.loop(body), "k", stop=integer(2))
    assert text(hoist(example.function())) == (
        "row = np.empty_like(x)\n"
        "for k in range(2):\n"
        "    for i in range(x.shape[0]):\n"
        "        row[:] = 0.0\n"
        "        row[i] += x[i]\n"
        "        y[i] = np.sum(row, axis=(0,))"
    )


def stays(function: Function) -> bool:
    return text(hoist(function)) == text(function)


def test_an_extent_of_the_iteration_stays_inside() -> None:
    example = Example()

    def body(i: Value) -> None:
        part = example.builder.zeros((i,), FLOAT, "part")
        example.builder.store(example.y, (i,), example.builder.sum(part, (0,)))

    example.loop(body)
    assert stays(example.function())


def test_an_extent_that_may_be_negative_stays_inside() -> None:
    example = Example()
    less = example.builder.call(np.subtract, example.n, integer(1))

    def body(i: Value) -> None:
        part = example.builder.zeros((less,), FLOAT, "part")
        example.builder.store(example.y, (i,), example.builder.sum(part, (0,)))

    example.loop(body)
    function = example.function()
    assert stays(function)
    run(hoist(function), np.zeros(0), np.zeros(0), np.zeros((0, 0)))


def test_a_reference_that_is_carried_stays_inside() -> None:
    example = Example()
    b = example.builder
    phi, out = (Value("c", example.x.type, (example.n,)) for _ in "po")
    index = Value("i", PYTHON_INT)
    inner = Example()
    made = inner.builder.zeros((example.n,), FLOAT, "made")
    inner.builder.store(example.y, (index,), inner.builder.load(phi, (index,)))
    carried = (Carried(phi, example.x, made, out),)
    body = Block(tuple(inner.builder.statements[1:]))
    b.append(For(index, integer(0), example.n, integer(1), carried, body))
    assert stays(example.function())


def test_programs_mean_the_same() -> None:
    check_memory_programs(hoist, range(300))
    check_references(hoist, range(200))
