"""What a loop hands on to a later iteration is read again, if it is surely there."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients
from tests.transform import delayed_programs as programs

KEPT = {
    programs.copies: 2,
    programs.begins_with_a_sum: 3,
    programs.changed_later: 2,
    programs.exchanged: 2,
    programs.elsewhere: 2,
    programs.two_of_one: 4,
    programs.whole_numbers: 2,
    programs.every_second: 2,
    programs.left_early: 2,
    programs.only_sometimes: 1,
    programs.in_a_while: 3,
}
"""The number of things that are kept, where it is not 1."""
PROGRAMS = [f for f in vars(programs).values() if inspect.isfunction(f)]


def arguments(size: int) -> tuple[Any, Any]:
    random = np.random.default_rng(5)
    return 0.7 * random.normal(size=size), np.array([0.6, -0.4, 0.3])


def source(function: Callable[..., Any]) -> str:
    return str(sd.grad(function, argnums=(0, 1), jit=False).source(*arguments(5)))


def kept(function: Callable[..., Any]) -> list[str]:
    found = re.search(r'Kept: (.*?)"""', source(function), re.DOTALL)
    assert found is not None
    return [line.strip() for line in found[1].strip().split("\n") if line != "nothing."]


@pytest.mark.parametrize("function", PROGRAMS)
def test_what_is_kept(function: Callable[..., Any]) -> None:
    assert len(kept(function)) == KEPT.get(function, 1)


def test_older_numbers_stand_in_front() -> None:
    text = source(programs.other_beginnings)
    for line in (
        "x1_saved = np.empty(x.shape[0] + 2)",
        "x1_saved[1] = 1.5",
        "x1_saved[0] = 2.5",
        "x1_saved[j + 2] = x1",
        "x1 = x1_saved[j + 2]",
        "x2 = x1_saved[j + 1]",
        "x3 = x1_saved[j]",
    ):
        assert line in text


def test_downwards_they_stand_behind() -> None:
    text = source(programs.downwards)
    for line in ("x1_saved[j] = x1", "x2 = x1_saved[j + 1]", "x3 = x1_saved[j + 2]"):
        assert line in text


def test_a_condition_of_an_older_number_is_not_kept() -> None:
    assert "y2 = y1_saved[j]" in source(programs.branches)


def test_what_is_not_needed_has_no_room() -> None:
    assert "Kept: y1_saved, x.shape[0] float64" in source(programs.only_the_newest)


@pytest.mark.parametrize("function", [programs.beyond_the_end, programs.beyond_the_beginning])
def test_no_elements(function: Callable[..., Any]) -> None:
    x, c = arguments(0)
    value, (x_bar, c_bar) = sd.value_and_grad(function, argnums=(0, 1), jit=False)(x, c)
    assert value == 0.0
    assert x_bar.shape == (0,)
    assert not c_bar.any()


def test_compiled() -> None:
    args = arguments(9)
    _, bars = sd.value_and_grad(programs.stored_in_rows, argnums=(0, 1))(*args)
    _, expected = gradients(programs.stored_in_rows, args, (0, 1))
    for bar, expected_bar in zip(bars, expected, strict=True):
        np.testing.assert_allclose(bar, expected_bar, rtol=1e-10)


@pytest.mark.parametrize("options", [{}, {"checkpoint": 2}], ids=["", "checkpoint"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("function", PROGRAMS)
def test_gradients(function: Callable[..., Any], size: int, options: dict[str, int]) -> None:
    args = arguments(size)
    value, bars = sd.value_and_grad(function, argnums=(0, 1), jit=False, **options)(*args)
    expected, expected_bars = gradients(function, args, (0, 1))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for bar, expected_bar in zip(bars, expected_bars, strict=True):
        np.testing.assert_allclose(bar, expected_bar, rtol=1e-10, atol=1e-12)
