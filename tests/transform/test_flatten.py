"""Views that are only indexed."""

import numpy as np

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import NEW_AXIS, Index, Slice, Transpose, Value
from srcdiff.ir.types import Array
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.flatten import flatten
from tests.transform.examples import FLOAT, Example
from tests.transform.soundness import check_memory_programs, check_references, text

ALL = Slice(None, None, None)


def test_example() -> None:
    example = Example()

    def body(i: Value) -> None:
        b = example.builder
        items = Index((i, Slice(integer(1), None, None)))
        row = b.view(example.w, items, Array(FLOAT, 1), (integer(2),), "row")
        b.store(row, (integer(0),), b.load(row, (integer(1),)))

    example.loop(body)
    assert text(eliminate(flatten(example.function()))) == (
        "for i in range(x.shape[0]):\n    w[i, 1] = w[i, 2]"
    )


def test_views_of_views() -> None:
    example = Example()
    b, n = example.builder, example.n
    turned = b.view(example.w, Transpose((1, 0)), Array(FLOAT, 2, "F"), (n, n))
    column = b.view(turned, Index((integer(-1), ALL)), Array(FLOAT, 1, "A"), (n,))
    wide = b.view(column, Index((NEW_AXIS, ALL)), Array(FLOAT, 2, "A"), (integer(1), n))
    b.increment(wide, (integer(0), integer(-2)), b.load(column, (integer(0),)))
    assert text(eliminate(flatten(example.function()))) == "w[-2, -1] += w[0, -1]"


def test_a_negative_index_counts_from_the_end_of_the_slice() -> None:
    example = Example()
    b = example.builder
    part = b.view(
        example.x, Index((Slice(None, integer(2), None),)), Array(FLOAT, 1), (integer(2),)
    )
    b.store(part, (integer(-1),), b.load(part, (integer(1),)))
    function = flatten(example.function())
    assert text(eliminate(function)) == "t = x[:2]\nt[-1] = x[1]"


def test_programs_mean_the_same() -> None:
    check_memory_programs(flatten, range(300))
    check_references(flatten, range(60))


def test_reversed_views_stay() -> None:
    example = Example()
    b = example.builder
    back = b.view(
        example.x,
        Index((Slice(None, None, integer(-1)),)),
        Array(np.dtype(float), 1, "A"),
        (example.n,),
    )
    b.store(back, (integer(0),), b.load(back, (integer(1),)))
    function = example.function()
    assert text(flatten(function)) == text(function)
