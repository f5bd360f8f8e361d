"""What is read from a copy before it changes is read from its original later, and not kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients


def scaled_in_place(x: Any, s: Any) -> Any:
    x = x.copy()
    for i in range(x.shape[0]):
        x[i] *= s * x[i]
    return np.sum(np.sin(x))


def with_the_next(x: Any, s: Any) -> Any:
    x = x.copy()
    for i in range(x.shape[0] - 1):
        x[i] = x[i] + x[i + 1] * x[i + 1] * s
    return np.sum(x)


def through_a_slice(x: Any, s: Any) -> Any:
    x = x.copy()
    rest = x[1:]
    for i in range(rest.shape[0]):
        rest[i] = s * x[i + 1] * x[i + 1]
    return np.sum(x)


def with_the_one_before(x: Any, s: Any) -> Any:
    """The one before has changed, and stays as it is."""
    x = x.copy()
    for i in range(1, x.shape[0]):
        x[i] = x[i] * x[i - 1] * s
    return np.sum(x)


def in_two_rounds(x: Any, s: Any) -> Any:
    """The second round reads what the first one has written."""
    x = x.copy()
    for _ in range(2):
        for i in range(x.shape[0]):
            x[i] *= s * x[i]
    return np.sum(x)


def of_what_changes(x: Any, s: Any) -> Any:
    """The original is written as well."""
    x = 2.0 * x
    y = x.copy()
    for i in range(x.shape[0]):
        x[i] = 1.0
        y[i] *= s * y[i]
    return np.sum(y) + np.sum(x)


def anywhere(x: Any, s: Any) -> Any:
    x = x.copy()
    for i in range(x.shape[0]):
        k = (i * 3) % x.shape[0]
        x[k] *= s * x[i]
    return np.sum(x)


NOTHING = [scaled_in_place, with_the_next, through_a_slice, with_the_one_before]
SOMETHING = [in_two_rounds, of_what_changes, anywhere]


@pytest.mark.parametrize("f", NOTHING + SOMETHING, ids=lambda f: f.__name__)
def test_gradients(f: Callable[..., Any]) -> None:
    args = (np.random.default_rng(2).normal(size=7), 0.8)
    derivative = sd.value_and_grad(f, argnums=(0, 1), jit=False)
    assert ("Kept: nothing." in derivative.source(*args)) == (f in NOTHING)
    value, bars = derivative(*args)
    expected, exact = gradients(f, args, (0, 1))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for bar, other in zip(bars, exact, strict=True):
        np.testing.assert_allclose(bar, other, rtol=1e-11, atol=1e-13)
