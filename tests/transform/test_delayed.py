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
    programs.copies: 1,
    programs.stored_and_changed: 1,
    programs.stored_twice: 1,
    programs.not_stored: 1,
    programs.other_beginnings: 3,
    programs.begins_with_a_sum: 2,
    programs.changed_later: 2,
    programs.exchanged: 2,
    programs.elsewhere: 2,
    programs.every_second: 1,
    programs.left_early: 1,
    programs.only_sometimes: 1,
    programs.in_a_while: 3,
    programs.whole_numbers: 1,
}
"""The number of things that are kept, where it is not 0."""
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
    assert len(kept(function)) == KEPT.get(function, 0)


def test_what_is_stored_is_read_where_it_stands() -> None:
    lines = [line.split("#")[0].strip() for line in source(programs.stored).splitlines()]
    place = lines.index("y2 = y[max(j - 2, 0)]")
    assert lines[place + 1] == "y2 = y2 if j - 2 >= 0 else 0.0"


def test_rows_are_read_where_another_number_stands() -> None:
    text = source(programs.not_stored)
    assert "y1 = y1_saved[j]" in text
    assert "y2 = y1_saved[max(j - 1, 0)]" in text
    assert "y2 = y2 if j - 1 >= 0 else 0.5" in text


def test_downwards_the_earlier_ones_are_behind() -> None:
    text = source(programs.downwards)
    assert "x[min(j + 3, t_1)]" in text
    assert "if j + 3 <= t_1 else 0.0" in text


def test_a_condition_of_it_is_not_kept() -> None:
    assert "x[max(j - 1, 0)]" in source(programs.decides)


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
