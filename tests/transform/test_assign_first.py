"""First contributions that assign."""

import pytest

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import NOWHERE, Operand, Value
from srcdiff.transform.assign_first import assign_first
from tests.transform.examples import FLOAT, Example
from tests.transform.soundness import check_memory_programs, check_references, text


def contribution(example: Example, start: Operand | None = None, *, early: bool = False) -> str:
    """Return the text of a loop that adds to a new array, read before that if `early`."""
    bar = example.builder.zeros((example.n,), FLOAT, "b")

    def body(a: Value) -> None:
        if early:
            value = example.builder.load(bar, (integer(0),))
            example.builder.store(example.x, (a,), value)
        example.builder.increment(bar, (a,), example.builder.load(example.y, (a,)))

    example.loop(body, "a", start)
    return text(assign_first(example.function(bar)))


def test_example() -> None:
    assert contribution(Example()) == (
        "b = np.empty_like(x)\nfor a in range(x.shape[0]):\n    b[a] = y[a]\nreturn b"
    )


def test_a_loop_over_a_part_adds() -> None:
    assert "b[a] += y[a]" in contribution(Example(), integer(1))


def test_what_the_user_adds_to_zero_is_added() -> None:
    assert "b[a] += y[a]" in contribution(Example(NOWHERE))


def test_what_is_read_before_is_zero() -> None:
    assert "np.zeros" in contribution(Example(), early=True)


@pytest.mark.parametrize("other", [False, True])
def test_nests(other: bool) -> None:
    """A matrix is covered by two loops, unless its elements are met in another way as well."""
    example = Example()
    bar = example.builder.zeros((example.n, example.n), FLOAT, "b")

    def element(i: Value, j: Value) -> None:
        b = example.builder
        b.increment(bar, (i, j), b.load(example.w, (i, j)))
        if other:
            b.increment(bar, (j, i), b.load(example.w, (i, j)))

    example.loop(lambda i: example.loop(lambda j: element(i, j), "j"))
    assert ("b[i, j] = w[i, j]" in text(assign_first(example.function(bar)))) is not other


def test_programs_mean_the_same() -> None:
    check_memory_programs(assign_first, range(400))
    check_references(assign_first, range(60))
