"""The user's sums keep their order, unless only adjoints are made of them."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients


def weighed(s: Any, a: Any, x: Any, w: Any) -> Any:
    """The value comes from `s_bar`, of which alone the sums are part."""
    total = 0.0
    for i in range(a.shape[0]):
        dot = 0.0
        for j in range(a.shape[1]):
            dot += a[i, j] * x[j]
        total += w[i] * (s * dot)
    return total


def squared(s: Any, a: Any, x: Any, w: Any) -> Any:
    """The value is made of the sums."""
    total = 0.0
    for i in range(a.shape[0]):
        dot = 0.0
        for j in range(a.shape[1]):
            dot += a[i, j] * x[j]
        total += w[i] * (s * dot) * dot
    return total


def decided(s: Any, a: Any, x: Any, w: Any) -> Any:
    """A branch is taken by the sums."""
    total = 0.0
    for i in range(a.shape[0]):
        dot = 0.0
        for j in range(a.shape[1]):
            dot += a[i, j] * x[j]
        if dot > 0.0:
            total += w[i] * (s * dot)
    return total


def in_sine(s: Any, a: Any, x: Any, w: Any) -> Any:
    total = 0.0
    for i in range(a.shape[0]):
        dot = 0.0
        for j in range(a.shape[1]):
            dot += a[i, j] * x[j]
        total += w[i] * np.sin(s * dot)
    return total


ORDERLESS = [weighed]
IN_ORDER = [squared, decided, in_sine]


@pytest.mark.parametrize("f", ORDERLESS + IN_ORDER, ids=lambda f: f.__name__)
def test_order_of_sums(f: Callable[..., Any]) -> None:
    random = np.random.default_rng(2)
    args = (0.7, random.normal(size=(5, 6)), random.normal(size=6), random.normal(size=5))
    derivative = sd.value_and_grad(f, argnums=(0, 1, 2), jit=False)
    orderless = re.search(r"\bdot(_\d+)? = radd\(", derivative.source(*args)) is not None
    assert orderless == (f in ORDERLESS)
    value, bars = derivative(*args)
    expected, exact = gradients(f, args, (0, 1, 2))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for bar, other in zip(bars, exact, strict=True):
        np.testing.assert_allclose(bar, other, rtol=1e-11, atol=1e-13)


def test_a_result_keeps_its_order() -> None:
    """To the bit, also where the gradient needs the same sum."""

    def both(s: Any, x: Any) -> Any:
        dot = 0.0
        for j in range(x.shape[0]):
            dot += x[j] * x[j]
        return s * dot, dot

    x = np.random.default_rng(3).normal(size=1000)
    (value, aux), _ = sd.value_and_grad(both, argnums=(0, 1), has_aux=True)(2.0, x)
    expected = 0.0
    for each in x:
        expected += each * each
    assert (value, aux) == (2.0 * expected, expected)
