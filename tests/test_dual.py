"""The oracle itself, against finite differences."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import dual_rules
from tests.dual import gradients, gradients_and_kink

SCALE = 0.7
TABLE = np.array([0.3, 0.7, -0.2])
# Points inside the domains that do not hold 0.3.
POINTS: dict[Callable[..., Any], float] = {np.arccosh: 1.4, math.gamma: 1.3, math.lgamma: 2.3}


def twice(u, v):
    return u * v, math.sin(u) - v


def descend(u, depth):
    return u if depth == 0 else math.tanh(descend(1.1 * u, depth - 1))


def writes_and_views(x, y, a, b, k):
    w = np.zeros(3)
    for i in range(3):
        w[i] += x * a[i] ** 2 + TABLE[i] + float(y)
    v = w[1:]
    v *= y
    w[1:] += w[:-1]
    mixed = np.arange(3) * 0.5
    mixed[0] = x
    p, q = twice(x, y)
    tail = b.ravel()[k[1]] + b.reshape(6)[2] + b.T[2, 1] + b[:, 1:][::-1][0, -1]
    return float(np.sum(w * mixed) + p % 0.7 + (q // 0.3) * x + tail + descend(x, 3) * SCALE)


def reductions(x, y, a, b, k):
    centred = b - b.mean(axis=1, keepdims=True)
    total = centred[1, 2] ** 3 + b.max(axis=0).sum() + np.min(b) + np.prod(b, axis=1)[1]
    total += np.sum(b, axis=0, keepdims=True)[0, 1] * x + np.mean(b * y) + a.prod() + a.max()
    total += (np.outer(a, a) @ b.T).sum() + np.dot(b, a)[1] + a @ a + np.vdot(b, b * y)
    joined = np.concatenate((a, np.full(2, x)))
    return total + np.stack([a, np.exp(a)])[1, 2] * joined.sum() + np.matmul(b, a)[0]


def choices(x, y, a, b, k):
    c = np.where(a > 0, a, y) + np.maximum(a, 0.1) + np.clip(a, -0.5, 0.5) + np.minimum(a, x)
    e = np.empty_like(a)
    e[:] = np.exp(0.1 * a)
    f = np.full_like(a, y) + np.ones_like(a) * x - np.zeros_like(a)
    g = np.array([math.sqrt(1 + x * x * i) for i in range(3)])
    h = (c[:, np.newaxis] * e).sum() + (f * g).sum() + min(x, y, 0.3) + max(x, y) + abs(y)
    return h + np.arctan2(x, y) + np.hypot(x, 2.0) + 2.0**x + math.log(2.5, 2.0) * np.float64(2) * x


@pytest.mark.parametrize("function", [writes_and_views, reductions, choices])
def test_programs_agree_with_differences(function: Callable[..., float]) -> None:
    random = np.random.default_rng(0)
    inputs = (0.7, -0.4, random.normal(size=3), random.normal(size=(2, 3)))
    sizes = [np.size(item) for item in inputs]
    flat = np.concatenate([np.ravel(item) for item in inputs])

    def at(point: Any) -> float:
        parts = np.split(point, np.cumsum(sizes)[:-1])
        arrays = [part.reshape(np.shape(item)) for part, item in zip(parts, inputs, strict=True)]
        return function(float(parts[0][0]), float(parts[1][0]), *arrays[2:], np.array([0, 2, 1]))

    value, exact = gradients(function, (*inputs, np.array([0, 2, 1])), (0, 1, 2, 3))
    slopes = [(at(flat + h) - at(flat - h)) / 2e-6 for h in 1e-6 * np.eye(flat.size)]
    assert value == pytest.approx(at(flat), rel=1e-13)
    assert np.concatenate([np.ravel(part) for part in exact]) == pytest.approx(slopes, rel=1e-7)
    assert [np.shape(part) for part in exact] == [np.shape(item) for item in inputs]


@pytest.mark.parametrize("function", dual_rules.ONE_ARGUMENT, ids=lambda f: f.__name__)
def test_partials_of_one_argument(function: Callable[[float], float]) -> None:
    x = POINTS.get(function, 0.3)
    slope = dual_rules.ONE_ARGUMENT[function](function(x), x)
    assert slope == pytest.approx((function(x + 1e-6) - function(x - 1e-6)) / 2e-6, rel=1e-8)


@pytest.mark.parametrize("function", dual_rules.TWO_ARGUMENTS, ids=lambda f: f.__name__)
def test_partials_of_two_arguments(function: Callable[[float, float], float]) -> None:
    x, y, h = 2.3, 0.7, 1e-6
    slopes = dual_rules.TWO_ARGUMENTS[function](function(x, y), x, y)
    expected = [function(x + h, y) - function(x - h, y), function(x, y + h) - function(x, y - h)]
    assert slopes == pytest.approx([slope / (2 * h) for slope in expected], rel=1e-8, abs=1e-12)


def test_conventions_at_kinks() -> None:
    first = gradients(lambda x, y: max(x, y) + 10 * np.maximum(x, y), (1.0, 1.0), (0, 1))
    assert first == (11.0, (11.0, 0.0))
    assert gradients(lambda x: abs(x), (0.0,), (0,)) == (0.0, (0.0,))
    value, (largest,) = gradients(lambda a: a.max() - np.min(a), (np.ones(3),), (0,))
    assert value == 0.0
    assert largest.tolist() == [0.0, 0.0, 0.0]
    _, (largest,) = gradients(lambda a: np.max(a), (np.ones(3),), (0,))
    assert largest.tolist() == [1.0, 0.0, 0.0]


def test_the_nearest_kink_is_reported() -> None:
    def near(x, y):
        return x if x < y else y

    assert gradients_and_kink(near, (1.0, 1.25), (0, 1)) == (1.0, (1.0, 0.0), 0.25)
    assert gradients_and_kink(lambda x: x // 0.5, (0.8,), (0,))[2] == pytest.approx(0.4)
    assert gradients_and_kink(lambda x: x * x, (0.8,), (0,))[2] == math.inf


def test_a_derivative_is_never_dropped() -> None:
    def into_plain(x):
        plain = np.linspace(0.0, 1.0, 3).tolist()
        held = np.frombuffer(np.array(plain, dtype=np.float64).tobytes()).copy()
        held[0] = x
        return held.sum()

    with pytest.raises(TypeError):
        gradients(into_plain, (0.3,), (0,))
