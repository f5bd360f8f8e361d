"""Globals and closures: constants are frozen and watched, arrays are read live."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import srcdiff as sd

SCALE = 2.0
WEIGHTS = np.arange(3.0)
PAIR = (2.0, np.ones(3))
JIT = [False, True]


def helper(x):
    return x * x


def scaled(x):
    return SCALE * helper(x)


def weighted(x):
    return np.sum(WEIGHTS * x * x)


def paired(x):
    return PAIR[0] * np.sum(PAIR[1] * x)


def shadowed(WEIGHTS):
    return weighted(WEIGHTS) + np.sum(WEIGHTS)


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda name, value: monkeypatch.setitem(scaled.__globals__, name, value)


@pytest.mark.parametrize("jit", JIT)
def test_constants_are_watched(surroundings: Any, jit: bool) -> None:
    df = sd.grad(scaled, jit=jit)
    assert [df(3.0), df(3.0)] == [12.0, 12.0]
    surroundings("SCALE", 5.0)
    assert [df(3.0), df(3.0)] == [30.0, 30.0]
    surroundings("SCALE", 2.0)
    assert [df(3.0), df(3.0)] == [12.0, 12.0]
    surroundings("SCALE", -0.0)
    assert str(df(3.0)) == "-0.0"
    surroundings("SCALE", 0.0)
    assert str(df(3.0)) == "0.0"


@pytest.mark.parametrize("jit", JIT)
def test_helpers_are_watched(surroundings: Any, jit: bool) -> None:
    df = sd.grad(scaled, jit=jit)
    assert df(3.0) == 12.0
    surroundings("helper", lambda x: x * x * x)
    assert df(3.0) == 54.0


@pytest.mark.parametrize("jit", JIT)
def test_arrays_are_read_live(surroundings: Any, jit: bool) -> None:
    df = sd.grad(weighted, jit=jit)
    x = np.ones(3)
    weights = np.arange(3.0)
    surroundings("WEIGHTS", weights)
    np.testing.assert_array_equal(df(x), [0.0, 2.0, 4.0])
    weights[0] = 10.0
    np.testing.assert_array_equal(df(x), [20.0, 2.0, 4.0])
    surroundings("WEIGHTS", np.zeros(3))
    np.testing.assert_array_equal(df(x), np.zeros(3))
    assert sum(map(len, df._variants.values())) == 1
    surroundings("WEIGHTS", np.ones(3, np.float32))
    np.testing.assert_array_equal(df(x), [2.0, 2.0, 2.0])
    surroundings("WEIGHTS", np.full(1, 3.0))
    np.testing.assert_array_equal(df(x), [6.0, 6.0, 6.0])
    surroundings("WEIGHTS", 4.0)
    np.testing.assert_array_equal(df(x), [8.0, 8.0, 8.0])


def test_a_tuple_with_an_array(surroundings: Any) -> None:
    df = sd.grad(paired, jit=False)
    np.testing.assert_array_equal(df(np.ones(3)), [2.0, 2.0, 2.0])
    surroundings("PAIR", (3.0, np.zeros(3)))
    np.testing.assert_array_equal(df(np.ones(3)), np.zeros(3))


def test_an_argument_with_the_name_of_a_global_array() -> None:
    gradient = sd.grad(shadowed, jit=False)(np.ones(3))
    np.testing.assert_array_equal(gradient, [1.0, 3.0, 5.0])


@pytest.mark.parametrize("jit", JIT)
def test_closures(jit: bool) -> None:
    scale, weights = 2.0, np.arange(3.0)

    def f(x):
        return scale * np.sum(weights * x)

    df = sd.grad(f, jit=jit)
    np.testing.assert_array_equal(df(np.ones(3)), [0.0, 2.0, 4.0])
    scale = 3.0
    np.testing.assert_array_equal(df(np.ones(3)), [0.0, 3.0, 6.0])
    weights = np.ones(3)
    np.testing.assert_array_equal(df(np.ones(3)), [3.0, 3.0, 3.0])


class Model:
    def __init__(self) -> None:
        self.scale = 2.0
        self.weights = np.arange(3.0)

    def loss(self, x):
        return self.scale * np.sum(self.weights * x)


@pytest.mark.parametrize("jit", JIT)
def test_attributes_are_watched(jit: bool) -> None:
    model = Model()
    df = sd.grad(model.loss, jit=jit)
    np.testing.assert_array_equal(df(np.ones(3)), [0.0, 2.0, 4.0])
    model.scale = 3.0
    np.testing.assert_array_equal(df(np.ones(3)), [0.0, 3.0, 6.0])
    model.weights = np.ones(3)
    np.testing.assert_array_equal(df(np.ones(3)), [3.0, 3.0, 3.0])


def test_attributes_of_a_users_module_are_watched() -> None:
    config: Any = ModuleType("config")
    config.rate = 2.0

    def f(x):
        return config.rate * x * x

    df = sd.grad(f, jit=False)
    assert df(3.0) == 12.0
    config.rate = 5.0
    assert df(3.0) == 30.0


def test_variants_are_bounded(surroundings: Any) -> None:
    df = sd.grad(scaled, jit=False)
    for k in range(20):
        surroundings("SCALE", float(k))
        assert df(1.0) == 2.0 * k
    assert sum(map(len, df._variants.values())) <= 8
