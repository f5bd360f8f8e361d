"""Arrays whose axes follow the loops."""

import numpy as np
import pytest

from srcdiff.ir.nodes import Function, Index, Slice, Value
from srcdiff.ir.types import Array
from srcdiff.transform.turn import turn
from tests.ir.interpreter import run
from tests.transform.examples import FLOAT, Example
from tests.transform.soundness import check_memory_programs, check_references, text


def kept(kind: str = "") -> Function:
    """Return a program that fills a new matrix down its columns, and then reads it so."""
    example = Example()
    s = example.builder.alloc((example.n, example.n), FLOAT, None, "s")

    def fill(i: Value, j: Value) -> None:
        example.builder.store(s, (j, i), example.builder.load(example.w, (i, j)))

    def read(i: Value, j: Value) -> None:
        place = (i, j) if kind == "row" else (j, i)
        example.builder.increment(example.x, (j,), example.builder.load(s, place))

    example.loop(lambda i: example.loop(lambda j: fill(i, j), "j"))
    if kind == "view":
        whole = Slice(None, None, None)
        row = Array(FLOAT, 1, "C")
        example.loop(lambda i: example.builder.view(s, Index((i, whole)), row, (example.n,), "v"))
    example.loop(lambda i: example.loop(lambda j: read(i, j), "j"))
    return example.function(*([s] if kind == "result" else []))


def test_example() -> None:
    found = text(turn(kept()))
    assert "s[i, j] = w[i, j]" in found
    assert "x[j] += s[i, j]" in found
    arrays = [
        (np.zeros(4), np.zeros(4), np.random.default_rng(0).normal(size=(4, 4))) for _ in "ab"
    ]
    run(kept(), *arrays[0])
    run(turn(kept()), *arrays[1])
    np.testing.assert_array_equal(arrays[0][0], arrays[1][0])


@pytest.mark.parametrize("kind", ["row", "view", "result"])
def test_what_is_seen_otherwise_stays(kind: str) -> None:
    function = kept(kind)
    assert turn(function) is function


def test_programs_mean_the_same() -> None:
    check_memory_programs(turn, range(400))
    check_references(turn, range(150))
