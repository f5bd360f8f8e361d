"""What is kept is what the adjoint sweep needs: no less, and where it is proved, no more."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients
from tests.transform import saving_programs as programs

KEPT = {
    programs.read_ahead: 1,
    programs.written_next: 1,
    programs.descending_ahead: 1,
    programs.from_the_end: 1,
    programs.literal_from_the_end: 1,
    programs.odd_and_even: 1,
    programs.every_second: 1,
    programs.through_the_same_view: 1,
    programs.through_slices: 2,
    programs.through_a_reversed_view: 1,
    programs.both_triangles: 1,
    programs.counted: 1,
    programs.counted_behind: 1,
    programs.sometimes: 3,
    programs.another_loop: 1,
    programs.again_and_again: 2,
    programs.two_writes: 2,
    programs.gathered: 1,
    programs.by_the_step: 2,
    programs.small_numbers: 1,
    programs.rows_before: 1,
    programs.quotients: 2,
    programs.triangular_product_in_rows: 1,
    programs.read_in_the_loop: 1,
    programs.only_a_part: 1,
    programs.sometimes_in_the_loop: 1,
    programs.out_of_bounds_unless_it_runs: 1,
    programs.two_in_one_loop: 2,
    programs.read_between: 2,
    programs.one_number_again: 1,
    programs.added_by_all: 1,
    programs.upwards: 1,
    programs.with_a_border: 1,
    programs.through_a_new_axis: 1,
    programs.through_a_part_of_a_row: 1,
    programs.with_a_border_that_is_read: 2,
    programs.shortest_ways: 1,
    programs.shortest_ways_in_rows: 1,
    programs.running_maximum: 1,
    programs.running_and_needed: 1,
    programs.compared: 1,
    programs.rectified: 1,
    programs.rectified_at_once: 1,
    programs.left_by_the_larger: 1,
    programs.chosen_in_branches: 3,
    programs.left_and_changed: 1,
    programs.left_and_read: 2,
    programs.left_at_another: 2,
    programs.left_in_halves: 1,
    programs.below_where_there_is_none: 1,
    programs.below_in_the_other_branch: 1,
    programs.below_or_not: 2,
    programs.below_before_it_changes: 2,
    programs.binned: 1,
    programs.a_slice_with_its_end: 1,
    programs.sums_of_products: 3,
    programs.slices_that_may_count_from_the_end: 1,
}
"""The number of things that are kept, where it is not 0."""
PROGRAMS = [f for f in vars(programs).values() if inspect.isfunction(f)]
STEP = 1e-5


def arguments(function: Callable[..., Any]) -> list[Any]:
    random = np.random.default_rng(3)
    made = {
        "a": random.normal(size=(5, 5)) + 3.0 * np.eye(5),
        "x": 0.7 * random.normal(size=7),
        "k": np.array([3, 1, 0, 3, 6, 2]),
        "step": 2,
        "m": 3,
    }
    return [made[name] for name in inspect.signature(function).parameters]


def kept(function: Callable[..., Any]) -> list[str]:
    text = sd.grad(function, jit=False).source(*arguments(function))
    found = re.search(r'Kept: (.*?)"""', text, re.DOTALL)
    assert found is not None
    return [line.strip() for line in found[1].strip().split("\n") if line != "nothing."]


@pytest.mark.parametrize("function", PROGRAMS)
def test_what_is_kept(function: Callable[..., Any]) -> None:
    assert len(kept(function)) == KEPT.get(function, 0)


@pytest.mark.parametrize(
    "function",
    [
        programs.shortest_ways,
        programs.shortest_ways_in_rows,
        programs.running_maximum,
        programs.compared,
        programs.rectified,
        programs.rectified_at_once,
        programs.left_by_the_larger,
    ],
)
def test_conditions_are_kept_as_such(function: Callable[..., Any]) -> None:
    (line,) = kept(function)
    assert re.search(r"\bbool\b", line)


def test_a_sum_is_kept_and_not_what_is_summed() -> None:
    sizes = [re.search(r", (.*) float64", line) for line in kept(programs.sums_of_products)]
    found = sorted(size[1] for size in sizes if size)
    assert found == [*["x.shape[0]"] * 2, "x.shape[0] * x.shape[0]"]


ONCE = {
    programs.triangular_product_in_rows: 1,
    programs.read_between: 2,
    programs.added_by_all: 1,
    programs.upwards: 1,
    programs.with_a_border: 1,
    programs.with_a_border_that_is_read: 1,
}
"""How many sections are saved once before a loop: those that the docstring shows with a `:`."""


@pytest.mark.parametrize("function", [f for f in PROGRAMS if "loop" in f.__name__ or f in ONCE])
def test_sections_are_saved_once(function: Callable[..., Any]) -> None:
    assert sum(":]" in line for line in kept(function)) == ONCE.get(function, 0)


@pytest.mark.parametrize("options", [{}, {"checkpoint": 2}], ids=["", "checkpoint"])
@pytest.mark.parametrize("function", PROGRAMS)
def test_gradients(function: Callable[..., Any], options: dict[str, int]) -> None:
    args = arguments(function)
    value, bar = sd.value_and_grad(function, jit=False, **options)(*args)
    expected, (expected_bar,) = gradients(function, args, (0,))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(bar, expected_bar, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("function", PROGRAMS[::3])
def test_second_derivatives(function: Callable[..., Any]) -> None:
    """The gradient of a gradient, against differences of exact gradients."""
    x, *rest = arguments(function)
    way = np.random.default_rng(4).normal(size=x.shape)
    slope = sd.grad(lambda y: np.sum(way * sd.grad(function)(y, *rest)), jit=False)
    sides = [gradients(function, [x + s * way, *rest], (0,))[1][0] for s in (STEP, -STEP)]
    expected = (sides[0] - sides[1]) / (2.0 * STEP)
    np.testing.assert_allclose(slope(x), expected, rtol=1e-4, atol=1e-4 * np.max(abs(expected)))


CHOICES = {
    "max": max,
    "min": min,
    "np.maximum": np.maximum,
    "np.minimum": np.minimum,
    "np.fmax": np.fmax,
    "np.fmin": np.fmin,
}
NAN = float("nan")


@pytest.mark.parametrize("name", CHOICES)
def test_ties_and_nan_are_as_the_rule_says(name: str) -> None:
    """What is kept of a choice whose arguments are overwritten is what its rule asks for."""
    choose = CHOICES[name]

    def overwritten(x, y, w):  # type: ignore[no-untyped-def]
        x = 2.0 * x
        for i in range(x.shape[0]):
            x[i] = choose(x[i], y[i])
        return np.sum(w * x)

    def beside(x, y, w):  # type: ignore[no-untyped-def]
        x = 2.0 * x
        z = np.empty(x.shape[0])
        for i in range(x.shape[0]):
            z[i] = choose(x[i], y[i])
        return np.sum(w * z)

    x = np.array([0.5, 1.0, 0.5, NAN, 0.5, NAN, 0.0, -0.0])
    y = np.array([2.0, 1.0, 1.0, 1.0, NAN, NAN, -0.0, 0.0])
    w = np.arange(1.0, 9.0)
    gradient = sd.grad(overwritten, argnums=(0, 1), jit=False)
    assert "first_saved" in gradient.source(x, y, w)
    expected = sd.grad(beside, argnums=(0, 1), jit=False)
    assert "first_saved" not in expected.source(x, y, w)
    for one, other in zip(gradient(x, y, w), expected(x, y, w), strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.all(np.isin(one, [0.0, *w, *(2.0 * w)]))
