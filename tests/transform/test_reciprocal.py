"""Adjoints are multiplied by a reciprocal where a division would be waited for, or done again."""

import re
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.reciprocal import reciprocal
from tests.transform.soundness import check_memory_programs

X = np.linspace(0.5, 1.5, 6)


def same_divisor(x: Any, c: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        total += np.sin(x[i] / c)
    return total


def recurrence(x: Any, c: Any) -> Any:
    last = 1.0
    for i in range(x.shape[0]):
        last = (x[i] - 0.5 * last) / (2.0 + c * x[i])
    return last


def no_loop(x: Any, c: Any) -> Any:
    return np.sin(x[0] / c)


def no_sum(x: Any, c: Any) -> Any:
    last = 1.0
    for i in range(x.shape[0]):
        last = last * np.sin(x[i] / c)
    return last


def chosen(x: Any, c: Any) -> Any:
    """What is above depends on the last bit."""
    total = 0.0
    for i in range(x.shape[0]):
        share = x[i] / c
        if share > 0.1 * i + 0.3:
            total += share * share
    return total * total


def text_of(f: Any, wrt: Any) -> str:
    return re.sub(" *#.*", "", sd.grad(f, wrt, jit=False).source(X, 1.7))


@pytest.mark.parametrize("f", [same_divisor, recurrence, no_loop, no_sum, chosen])
def test_gradients(f: Any) -> None:
    sd.testing.check_grads(f, (X, 1.7), (0, 1), order=1, jit=False)


def test_a_divisor_that_stays_is_divided_by_outside() -> None:
    assert "* (1.0 / c)" in text_of(same_divisor, 0)


def test_what_waits_for_the_iteration_before_waits_for_a_product() -> None:
    assert "1.0 / (2.0 + c * " in text_of(recurrence, 0)


def test_divisions_of_the_user_stay() -> None:
    assert "np.sin(x[i] / c)" in sd.value_and_grad(no_sum, 0, jit=False).source(X, 1.7)


def test_what_decides_is_the_same_when_it_is_made_again() -> None:
    text = text_of(chosen, 0)
    for line in text.splitlines():
        if "> 0.1" in line or "0.3" in line:
            assert "1.0 / c" not in line
    assert "share = x[i] * " not in text, text


def test_a_single_quotient_outside_of_loops_stays() -> None:
    assert "1.0 / c" not in text_of(no_loop, 0)


def test_random_programs() -> None:
    check_memory_programs(reciprocal, range(30))
