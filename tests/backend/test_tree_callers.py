"""Derivatives of functions of tuples and named tuples, called from compiled code."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit

import srcdiff as sd
from tests.finite import assert_same


class Pair(NamedTuple):
    w: Any
    b: Any = 2.0


X = np.arange(1.0, 4.0)


def loss(p, x):
    return np.sum(p.w * x) * p.b


def fields(p, x):
    return Pair(p[0] * x, (p[1], None))


loss_grad = sd.grad(loss)
loss_both = sd.value_and_grad(loss, (0, 1))
fields_back = sd.pullback(fields)


def test_named_tuples() -> None:
    @njit
    def caller(w, x):
        gradient = loss_grad(Pair(w, 3.0), x)
        return gradient.w, gradient.b, loss_both(Pair(w, 3.0), x)

    w, b, both = caller(X, X)
    np.testing.assert_array_equal(w, 3.0 * X)
    assert b == 14.0
    assert_same(both, loss_both(Pair(X, 3.0), X), 1e-15)
    assert type(both[1][0]) is Pair


def test_nested_results_and_cotangents() -> None:
    @njit
    def caller(seed, p, x):
        return fields_back(seed, p, x)

    seed = Pair(X, (2.0, None))
    out, bars = caller(seed, (2.0 * X, 1.0), X)
    assert_same((out, bars), fields_back(seed, (2.0 * X, 1.0), X), 1e-15)
    assert_same(bars, (X * X, 2.0), 1e-15)


@pytest.mark.parametrize("kind", [list, dict])
def test_results_that_compiled_code_cannot_make(kind: Any) -> None:
    def listed(x):
        return [x * x, x]

    def keyed(x):
        return {"a": x * x}

    back = sd.pullback(listed if kind is list else keyed)

    @njit
    def caller(seed, x):
        return back(seed, x)[1]

    with pytest.raises(sd.TypeInferenceError, match="compiled code cannot make"):
        caller((1.0, 1.0), 2.0)


def test_lists_inside_are_no_matter() -> None:
    def f(x):
        parts = {"a": [x, x * x]}
        return parts["a"][1]

    df = sd.grad(f)

    @njit
    def caller(x):
        return df(x)

    assert caller(3.0) == 6.0


def test_dicts_as_arguments() -> None:
    df = sd.grad(lambda d: d["w"] ** 2)

    @njit
    def caller(x):
        return df({"w": x})

    with pytest.raises(sd.TypeInferenceError, match=r"DictType.* are not supported"):
        caller(2.0)
