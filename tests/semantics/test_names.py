"""Names that clash with ours, closures, helpers, and functions of all kinds."""

import math
from collections.abc import Callable
from functools import partial
from math import exp
from typing import Any

import numba
import numpy
import numpy as np
import pytest
from numpy import sin as sine

import srcdiff
from tests.semantics.checks import check

X = np.array([0.7, 1.3, 0.4])
FACTOR = 3.0
TABLE = np.array([1.0, 2.0, 4.0])
PAIR = (2.0, (0.5, 3))
NAMED = "square"


def x_bar(x, x_bar, x_saved):
    x_1 = x * x_bar
    t_1 = np.sin(x_1) * x_saved
    t = t_1 + x_1
    return np.sum(t * t)


def own_np(x):
    np = 2.0
    return numpy.sum(x * np)


def parameter_np(np):
    return numpy.sum(np * np)


def out(out, i):
    s = 0.0
    for j in range(out.shape[0]):
        for i_1 in range(2):
            s += out[j] * out[j] * (i + i_1)
    return s


def i(x):
    i = 0
    for i in range(x.shape[0]):
        x[i] = x[i] * i
    return x[i] * i


def out_bar(out_bar, x):
    return out_bar * x * out_bar


def radd(x):
    radd = x * 2.0
    empty = radd.copy()
    for range_ in range(3):
        empty[range_] = radd[range_] * radd[0]
    return np.sum(empty)


def old(x):
    old, t, s, u_saved, tape = x[0], x[1], 0.0, x[2], x[0]
    for k in range(3):
        s += old * t
        old = old * u_saved + tape
        x[k] = s
    return x * s


def underscores(_x):
    _ = _x[0]
    __ = _x[1] * _
    _x_0 = __ * _
    return _x_0 * _x[2]


def unicode_names(α):
    β = α * 2.0
    Δx = β[0] * α[1]
    return Δx * Δx


def print(x):
    return x * x


def abs(x):
    return x * 5.0


def shadowed_builtins(x):
    max = x[0]
    len = x[1] * max
    sum = len * len
    return sum + abs(x[2])


def local_float(x):
    float = x[0] * 2.0
    int = 3
    return float * int


def float64(x):
    s = 0.0
    for v in x:
        float64 = v * v
        s += float64
    return s


def global_constant(x):
    return np.sum(x * FACTOR) * PAIR[0] * PAIR[1][0] ** PAIR[1][1]


def global_array(x):
    return np.sum(x * TABLE) + TABLE[1] * x[0]


def global_string(x):
    if NAMED == "square":
        return x[0] ** 2
    return x[0]


def aliases(x):
    return numpy.sum(sine(x)) * exp(x[0]) + math.tau * x[1] + np.pi


def helper(a, b=2.0, *, c=1.0):
    a = a * b
    return a * c, a + c


def helper_with_loop(v, n):
    v = v.copy()
    for k in range(n):
        v = v * 0.5 + k
        if k == 2:
            return v * 2.0
    return v


def many_returns(a):
    if a < 0.5:
        return a * a
    elif a < 1.0:
        for _ in range(3):
            a = a * a + 0.1
            if a > 0.55:
                return a * 3.0
        return a
    return np.sqrt(a)


def changes_its_argument(v):
    v[0] = v[0] * v[1]
    v = v * 2.0
    v[1] = 0.0
    return v


def compose(g, h):
    return lambda x: g(h(x))


@numba.njit
def compiled(a, b):
    return np.sin(a) * b


def uses_helpers(x):
    p, q = helper(x[0])
    r, _ = helper(x[1], c=x[2], b=q)
    return p * q * r


def uses_returns(x):
    s = 0.0
    for v in x:
        s += many_returns(v) * many_returns(v * 0.5)
    return s


def uses_changing_helper(x):
    y = changes_its_argument(x)
    return np.sum(x * y) + x[0]


def uses_compiled(x):
    return compiled(x[0], x[1]) + np.sum(compiled(x, 2.0))


def uses_loop_helper(x):
    return np.sum(helper_with_loop(x, 2) * helper_with_loop(x, 5))


bound = partial(helper, b=3.0)


def uses_partial(x):
    return bound(x[0])[0] * bound(x[1], c=2.0)[1]


def uses_local_functions(x):
    scale = x[0]

    def inner(v, w=scale):
        def innermost(u):
            return u * scale

        return innermost(v) * w

    square = lambda v: v * v  # noqa: E731
    scale = x[1]
    return inner(x[2]) + square(scale) + compose(square, inner)(x[1])


def uses_functions_as_values(x):
    s = 0.0
    for g in (np.sin, math.cos, abs, lambda v: v**3):
        s += g(x[0])
    for g, v in ((np.exp, x[1]), (many_returns, x[2])):
        s *= g(v)
    return s


def uses_varargs(x):
    def total(first, *rest):
        s = first
        for r in rest:
            s = s * r
        return s + len(rest)

    items = (x[0], x[1])
    return total(*items, x[2]) + total(x[0])


def same_helper_twice(x):
    a = helper_with_loop(x, 1)
    x[0] = 9.0 * x[1]
    b = helper_with_loop(x, 1)
    return np.sum(a * b)


ARRAY_PROGRAMS = [
    own_np,
    parameter_np,
    i,
    radd,
    old,
    underscores,
    unicode_names,
    print,
    shadowed_builtins,
    local_float,
    float64,
    global_constant,
    global_array,
    global_string,
    aliases,
    uses_helpers,
    uses_returns,
    uses_changing_helper,
    uses_compiled,
    uses_loop_helper,
    uses_partial,
    uses_local_functions,
    uses_functions_as_values,
    uses_varargs,
    same_helper_twice,
    compose(lambda x: x * x, np.sin),
    np.sin,
    partial(compiled, b=2.0),
]


@pytest.mark.parametrize("f", ARRAY_PROGRAMS)
def test_names(f: Callable[..., Any]) -> None:
    check(f, X, step=2e-3, rtol=1e-7)


@pytest.mark.parametrize("f", [i, unicode_names])
def test_names_compiled(f: Callable[..., Any]) -> None:
    check(f, X, jit=True)


def test_names_of_several_parameters() -> None:
    check(x_bar, X, X[::-1].copy(), 2.0)
    check(out, X, 3)
    check(out_bar, 2.0, X)
    check(lambda self, cls, lambda_: self * cls * lambda_, 2.0, 3.0, X)
    check(lambda f, srcdiff, numpy: f * np.sum(srcdiff) + numpy, 2.0, X, 0.5)


def made(n, weights):
    powers = [n, n + 1]
    bias = weights * 2.0

    def loss(x):
        return np.sum(weights * x**n) + np.sum(bias) * x[0]

    return loss, powers


def test_closures_are_told_apart() -> None:
    for n in (2, 3):
        loss, _ = made(n, TABLE * n)
        found = srcdiff.grad(loss, jit=False)(X)
        expected = TABLE * n * n * X ** (n - 1)
        expected[0] += np.sum(TABLE * n * 2.0)
        np.testing.assert_allclose(found, expected)


def test_captured_arrays_are_read_live() -> None:
    weights = np.array([1.0, 2.0, 3.0])
    g = srcdiff.grad(lambda x: np.sum(weights * x), jit=False)
    np.testing.assert_array_equal(g(X), weights)
    weights[0] = 10.0
    np.testing.assert_array_equal(g(X), weights)
    weights = np.array([5.0, 6.0, 7.0])
    np.testing.assert_array_equal(g(X), weights)


def test_globals_are_followed() -> None:
    global FACTOR
    before = srcdiff.grad(global_constant, jit=False)(X)
    FACTOR = 6.0
    try:
        after = srcdiff.grad(global_constant, jit=False)(X)
    finally:
        FACTOR = 3.0
    np.testing.assert_allclose(after, 2.0 * before)


def test_a_captured_array_that_is_written_stays_as_it_was() -> None:
    scratch = np.zeros(3)

    def f(x):
        scratch[:] = x * x
        return np.sum(scratch * x)

    np.testing.assert_allclose(srcdiff.grad(f, jit=False)(X), 3 * X * X)
    np.testing.assert_array_equal(scratch, np.zeros(3))
