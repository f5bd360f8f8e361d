"""Known elements, and writes that are one."""

import numpy as np

from srcdiff.errors import BoundsError
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import NOWHERE, Const, Value
from srcdiff.ir.types import FLOAT64
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.forward import forward
from tests.transform.examples import ZERO, Example
from tests.transform.soundness import check_memory_programs, check_references, text

FIRST, SECOND = (integer(0),), (integer(1),)


def test_example() -> None:
    example = Example()

    def body(i: Value) -> None:
        b = example.builder
        c = b.load(example.y, (i,))
        b.store(example.x, (i,), c)
        again = b.load(example.x, (i,))
        b.store(example.y, (i,), ZERO)
        below = b.call(np.subtract, i, integer(1))
        b.increment(example.y, (below,), c)
        b.increment(example.y, (i,), again)

    example.loop(body, start=integer(1))
    assert text(eliminate(forward(example.function()))) == (
        "for i in range(1, x.shape[0]):\n    t = y[i]\n    x[i] = t\n    y[i - 1] += t"
    )


def test_what_gets_back_what_it_was_is_not_written() -> None:
    example = Example()

    def body(i: Value, factor: int) -> None:
        b = example.builder
        c = b.load(example.y, (i,))
        b.store(example.y, (i,), ZERO)
        b.increment(example.x, (i,), c)
        term = c if factor == 1 else b.call(np.multiply, Const(2.0, FLOAT64), c)
        b.increment(example.y, (i,), term)

    example.loop(lambda i: body(i, 1))
    example.loop(lambda i: body(i, 2))
    assert text(eliminate(forward(example.function()))) == (
        "for i in range(x.shape[0]):\n"
        "    x[i] += y[i]\n"
        "for i in range(x.shape[0]):\n"
        "    t = y[i]\n"
        "    x[i] += t\n"
        "    y[i] = 2.0 * t"
    )


def test_an_index_that_may_wrap_may_be_the_same_element() -> None:
    example = Example()

    def body(i: Value) -> None:
        b = example.builder
        c = b.load(example.x, (i,))
        b.store(example.y, (i,), ZERO)
        b.increment(example.y, (b.call(np.subtract, i, integer(1)),), c)
        b.increment(example.y, (i,), c)

    example.loop(body)
    function = example.function()
    assert text(forward(function)) == text(function)


def test_two_increments_are_one() -> None:
    example = Example()
    b = example.builder
    value = b.load(example.y, FIRST)
    for _ in "ab":
        b.increment(example.x, FIRST, value)
    b.increment(example.x, SECOND, value)
    assert text(eliminate(forward(example.function()))) == ("t = y[0]\nx[0] += 2.0 * t\nx[1] += t")


def test_the_users_increments_keep_their_order() -> None:
    example = Example(NOWHERE)
    b = example.builder
    value = b.load(example.y, FIRST)
    for _ in "ab":
        b.increment(example.x, FIRST, value)
    function = example.function()
    assert text(forward(function)) == text(function)


def test_an_increment_that_is_read_is_done_on_the_value() -> None:
    example = Example()
    b = example.builder
    b.increment(example.x, FIRST, b.load(example.y, FIRST))
    b.store(example.y, FIRST, b.load(example.x, FIRST))
    b.store(example.x, FIRST, ZERO)
    assert text(eliminate(forward(example.function()))) == "y[0] = x[0] + y[0]\nx[0] = 0.0"


def test_an_error_finds_the_writes_before_it_done() -> None:
    example = Example()
    b = example.builder
    b.store(example.x, FIRST, ZERO)
    b.guard(b.call(np.less, integer(2), example.n), BoundsError, "short")
    b.store(example.x, FIRST, b.load(example.y, FIRST))
    function = example.function()
    assert text(forward(function)) == text(function)


def test_programs_mean_the_same() -> None:
    check_memory_programs(forward, range(400))
    check_references(forward, range(200))
