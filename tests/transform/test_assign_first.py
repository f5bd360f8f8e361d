"""First contributions that assign."""

from typing import Any

import numpy as np
import pytest

import srcdiff
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


def test_a_loop_over_another_extent_asks() -> None:
    """The loop may go over all of the array, or not: then what it does not meet is set to 0."""
    example = Example()
    m = example.builder.extent(example.w, 1)
    bar = example.builder.zeros((m,), FLOAT, "b")

    def body(a: Value) -> None:
        example.builder.increment(bar, (a,), example.builder.load(example.y, (a,)))

    example.loop(body, "a")
    assert text(assign_first(example.function(bar))) == (
        "b = np.empty(w.shape[1])\n"
        "if w.shape[1] != x.shape[0]:\n    b[:] = 0.0\n"
        "for a in range(x.shape[0]):\n    b[a] = y[a]\nreturn b"
    )


@pytest.mark.parametrize(
    ("places", "assigns"),
    [
        ((0,), True),
        ((1, 0), True),
        ((0, 1, 1), True),
        ((0, 2), False),
        ((1,), False),
        ((0, -1), False),
    ],
)
def test_literal_indices(places: tuple[int, ...], assigns: bool) -> None:
    example = Example()
    bar = example.builder.zeros((example.n, example.builder.extent(example.w, 1)), FLOAT, "b")

    def body(a: Value) -> None:
        for place in places:
            value = example.builder.load(example.y, (a,))
            example.builder.increment(bar, (a, integer(place)), value)

    example.loop(body, "a")
    found = text(assign_first(example.function(bar)))
    assert (f"if w.shape[1] != {len(set(places))}:" in found) is assigns, found
    assert found.count("] = y[a]") == (len(set(places)) if assigns else 0)
    assert found.count("] += y[a]") == len(places) - found.count("] = y[a]")


def test_literal_indices_of_two_axes_do_not_cover() -> None:
    example = Example()
    bar = example.builder.zeros((example.n, example.n, example.n), FLOAT, "b")

    def body(a: Value) -> None:
        for place in (0, 1):
            value = example.builder.load(example.y, (a,))
            example.builder.increment(bar, (a, integer(place), integer(place)), value)

    example.loop(body, "a")
    assert "b[a, 0, 0] += y[a]" in text(assign_first(example.function(bar)))


def test_gradients_of_parts() -> None:
    """Neither rows nor columns that the function does not read have an adjoint."""

    def f(x: Any, y: Any) -> Any:
        total = 0.0
        for i in range(y.shape[0]):
            u, v = x[i, 0], x[i, 1]
            total += (u * y[i] - v) ** 2
        return total

    df = srcdiff.value_and_grad(f, jit=False)
    for rows, columns in ((3, 2), (5, 2), (3, 4), (5, 3)):
        x, y = np.random.default_rng(rows).normal(size=(rows, columns)), np.arange(3.0)
        _, x_bar = df(x, y)
        expected = np.zeros((rows, columns))
        e = 2.0 * (x[:3, 0] * y - x[:3, 1])
        expected[:3, 0], expected[:3, 1] = e * y, -e
        np.testing.assert_allclose(x_bar, expected, rtol=1e-14)
    assert "x_bar[i, 1] = " in df.source(x, y)


def test_programs_mean_the_same() -> None:
    check_memory_programs(assign_first, range(400))
    check_references(assign_first, range(60))


def ends_first(x, y):
    """Of each row of `y` the last element is read on its own."""
    total = 0.0
    for i in range(x.shape[0]):
        last = np.sin(y[i, x.shape[1] - 1])
        for k in range(x.shape[1] - 2, -1, -1):
            last = last * x[i, k] + np.sin(last) * y[i, k]
        total += last
    return total


def backwards(x, y):
    """The adjoint counts down."""
    total = 0.0
    for i in range(x.shape[0]):
        last = 1.0
        for k in range(x.shape[1]):
            last = last * x[i, k] + np.sin(last) * y[i, k]
        total += last
    return total


@pytest.mark.parametrize("shape", [(2, 4), (3, 5)])
@pytest.mark.parametrize("f", [ends_first, backwards])
def test_all_of_a_row_in_other_ways(f, shape: tuple[int, int]) -> None:
    """A loop that counts down meets it, or one and the element behind it."""
    random = np.random.default_rng(1)
    x, y = random.normal(size=(2, 4)), random.normal(size=shape)
    found = srcdiff.grad(f, (0, 1), jit=False).source(x, y)
    assert "y_bar = np.empty_like(y)" in found, found
    assert "y_bar[...] = 0.0" in found, found
    srcdiff.testing.check_grads(f, (x, y), (0, 1), order=1, jit=False)
