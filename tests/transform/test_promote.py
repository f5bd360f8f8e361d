"""Sums in scalars."""

from typing import Any

import numpy as np

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import NOWHERE, Origin, Value
from srcdiff.transform.promote import promote
from tests.ir.interpreter import run
from tests.transform.examples import ADJOINT, Example
from tests.transform.soundness import check_memory_programs, check_references, text


def row_sums(origin: Origin = ADJOINT, *, read: bool = False) -> str:
    """Return the text of `x[i] += w[i, j]`, with a read of x beside it if `read`."""
    example = Example(origin)

    def element(i: Value, j: Value) -> None:
        b = example.builder
        b.increment(example.x, (i,), b.load(example.w, (i, j)))
        if read:
            b.store(example.y, (j,), b.load(example.x, (j,)))

    example.loop(lambda i: example.loop(lambda j: element(i, j), "j"))
    return text(promote(example.function()))


def test_example() -> None:
    assert row_sums() == (
        "for i in range(x.shape[0]):\n"
        "    x_1 = 0.0\n"
        "    for j in range(x.shape[0]):\n"
        "        x_1 = radd(x_1, w[i, j])\n"
        "    x[i] += x_1"
    )


def test_the_users_sums_keep_their_order() -> None:
    assert "x[i] += w[i, j]" in row_sums(NOWHERE)


def test_an_array_that_is_read_is_not_summed_beside() -> None:
    assert "x[i] += w[i, j]" in row_sums(read=True)


def first_element() -> Any:
    example = Example()

    def body(i: Value) -> None:
        b = example.builder
        b.increment(example.y, (integer(0),), b.load(example.x, (i,)))

    example.loop(body)
    return promote(example.function())


def test_an_element_that_may_not_exist() -> None:
    function = first_element()
    assert text(function).endswith("if 0 < x.shape[0]:\n    y[0] += y_1")
    run(function, np.zeros(0), np.zeros(0), np.zeros((0, 0)))
    y = np.ones(3)
    run(function, np.arange(3.0), y, np.zeros((3, 3)))
    np.testing.assert_array_equal(y, [4.0, 1.0, 1.0])


def test_an_element_that_was_accessed_exists() -> None:
    example = Example()
    example.builder.increment(
        example.y, (integer(0),), example.builder.load(example.x, (integer(0),))
    )

    def body(i: Value) -> None:
        b = example.builder
        b.increment(example.y, (integer(0),), b.load(example.x, (i,)))

    example.loop(body)
    assert "if " not in text(promote(example.function()))


def test_programs_mean_the_same() -> None:
    check_memory_programs(promote, range(400))
    check_references(promote, range(200))
