"""Affine forms, lower bounds, and elements that surely differ."""

import numpy as np
import pytest

from srcdiff.analysis.indices import Indices, indices
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Block, Carried, For, Function, Operand, Value
from srcdiff.ir.types import PYTHON_INT, Array


def counter(start: Operand, stop: Operand, step: int) -> tuple[Indices, Value, Value, Value]:
    """Return facts about `i`, `i - 1` and the extent n in a loop; n is `start` or `stop`."""
    x = Value("x", Array(np.dtype(float), 1), (N,))
    head, body = Builder(), Builder()
    head.call_into(N, np.shape, (x,), (("axis", 0),))
    head.call_into(LAST, np.subtract, (N, integer(1)), ())
    i = Value("i", PYTHON_INT)
    below = body.call(np.subtract, i, integer(1))
    pos, out = Value("pos", PYTHON_INT), Value("pos", PYTHON_INT)
    following = body.call(np.add, pos, i)
    carried = (Carried(pos, integer(3), following, out),)
    head.append(For(i, start, stop, integer(step), carried, body.block()))
    function = Function("f", (x,), Block(tuple(head.statements)), ())
    return indices(function), i, below, pos


N, LAST = Value("n", PYTHON_INT), Value("last", PYTHON_INT)


@pytest.mark.parametrize(
    ("start", "stop", "step", "lower"),
    [
        (integer(0), N, 1, 0),
        (integer(2), N, 1, 2),
        (LAST, integer(-1), -1, 0),
        (LAST, integer(0), -1, 1),
        (integer(-1), N, 1, -1),
        (N, integer(5), -2, 6),
    ],
)
def test_counters(start: Operand, stop: Operand, step: int, lower: int) -> None:
    facts, i, below, pos = counter(start, stop, step)
    assert facts.lower(i) == lower
    assert facts.affine(below) == (i, -1)
    assert facts.differ(i, below) is (lower >= 1)
    assert facts.lower(pos) == (3 if lower >= 0 else None)


def test_literals_differ_if_they_count_from_one_end() -> None:
    facts = Indices()
    assert facts.differ(integer(0), integer(1))
    assert facts.differ(integer(-2), integer(-1))
    assert not facts.differ(integer(0), integer(-1))
    assert not facts.differ(integer(1), integer(1))


@pytest.mark.parametrize(
    ("start", "stop", "step", "covered"),
    [
        (integer(0), N, 1, True),
        (LAST, integer(-1), -1, True),
        (integer(1), N, 1, False),
        (integer(0), LAST, 1, False),
        (LAST, integer(0), -1, False),
        (integer(0), N, 2, False),
    ],
)
def test_whole_axes(start: Operand, stop: Operand, step: int, covered: bool) -> None:
    facts, i, below, _ = counter(start, stop, step)
    assert facts.covers(facts.counters[i], N) is covered
    assert facts.is_within(i, N)
    assert facts.is_within(below, N) is facts.is_index(below)


def test_an_index_beyond_the_end_is_not_within() -> None:
    facts, i, below, _ = counter(integer(1), N, 1)
    assert facts.is_within(below, LAST)
    assert not facts.is_within(i, LAST)
