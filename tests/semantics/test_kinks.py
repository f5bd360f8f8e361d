"""Points without a derivative, nan and inf, and branches that are not taken."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.semantics.checks import check

INF, NAN = math.inf, math.nan


def masked_log(x):
    t = np.log(x)
    return np.sum(np.where(x > 0, t, 0.0))


def masked_sqrt(x):
    t = np.sqrt(x)
    u = t * 3.0
    return np.where(x > 0, u, 0.0)


def masked_quotient(x):
    t = 1.0 / x
    return np.where(x != 0, t * t, 1.0)


def masked_power(x):
    t = x**-1.5
    return np.where(x > 0, t, x)


def masked_twice(x):
    t = np.where(x >= 0, np.sqrt(x), 7.0)
    return np.where(x > 0, np.log(t), 0.0)


def masked_in_loop(x):
    s = 0.0
    for i in range(x.shape[0]):
        t = math.inf
        t = 1.0 / x[i]
        if x[i] > 0:
            s += t
    return s


def branch_after(x):
    t = np.log(x)
    if x > 0:
        y = t
    else:
        y = 2.0 * x
    return y


def conditional_after(x):
    t = np.sqrt(x)
    return t if x > 0 else x * 3.0


def clipped_log(x):
    return np.clip(np.log(x), -1.0, 1.0)


def maximum_of_inverse(x):
    return np.minimum(1.0 / x, 5.0)


def python_max_of_log(x):
    return max(np.log(x), -2.0)


def product_of_unused(x):
    a = np.log(x)
    b = np.sqrt(x)
    c = a * b / x
    return np.where(x > 0, c, 4.0)


def norm_masked(x):
    s = np.sqrt(np.sum(x * x))
    return s if s > 0 else 0.0


def stored_before(x):
    t = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        t[i] = np.log(x[i])
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0:
            s += t[i]
    return s


def matrix_before(x):
    A = np.log(x)
    return np.where(x > 0, A, 0.0).sum(axis=0)


def overwritten(x):
    t = np.sqrt(x)
    t[x.shape[0] - 1] = 1.0
    return np.sum(t)


def hidden_by_slice(x):
    t = 1.0 / x
    t[1:] = 0.0
    return t.sum()


ZEROS_LEAK = [
    (masked_log, [0.0, 2.0], [0.0, 0.5]),
    (masked_log, [-1.0, 4.0], [0.0, 0.25]),
    (masked_sqrt, [0.0, 4.0], [0.0, 0.75]),
    (masked_quotient, [0.0, 2.0], [0.0, -0.25]),
    (masked_power, [0.0, 1.0], [1.0, -1.5]),
    (masked_twice, [0.0, 4.0, -1.0], [0.0, 0.125, 0.0]),
    (masked_in_loop, [0.0, 2.0], [0.0, -0.25]),
    (clipped_log, [0.0, 1.0, 9.0], [0.0, 1.0, 0.0]),
    (maximum_of_inverse, [0.0, 1.0], [0.0, -1.0]),
    (product_of_unused, [0.0, 1.0], [0.0, 1.0]),
    (norm_masked, [0.0, 0.0], [0.0, 0.0]),
    (norm_masked, [3.0, 4.0], [0.6, 0.8]),
    (stored_before, [0.0, 2.0], [0.0, 0.5]),
    (matrix_before, [[0.0, 2.0], [1.0, 0.0]], [[0.0, 0.5], [1.0, 0.0]]),
    (overwritten, [4.0, 0.0], [0.25, 0.0]),
    (hidden_by_slice, [2.0, 0.0, 0.0], [-0.25, 0.0, 0.0]),
]


@pytest.mark.parametrize(("f", "x", "gradient"), ZEROS_LEAK)
def test_what_is_not_taken_contributes_exactly_zero(
    f: Callable[..., Any], x: list[float], gradient: list[float]
) -> None:
    check(f, np.array(x), gradients=[np.array(gradient)], rtol=1e-15)


@pytest.mark.parametrize(("f", "x", "gradient"), [ZEROS_LEAK[0], ZEROS_LEAK[5], ZEROS_LEAK[12]])
def test_compiled_code_masks_as_well(
    f: Callable[..., Any], x: list[float], gradient: list[float]
) -> None:
    check(f, np.array(x), gradients=[np.array(gradient)], rtol=1e-15, jit=True)


def summed_power(x, w):
    s = 0.0
    for i in range(x.shape[0]):
        s += (w[i] * (1.0 / x[i])) ** 2.0
    return s


def masked_summed_power(x, w):
    s = 0.0
    for i in range(x.shape[0]):
        t = (w[i] * (1.0 / x[i])) ** 2.0
        if x[i] > 0:
            s += t
    return s


def test_powers_with_literal_exponents_need_no_guard() -> None:
    x, w = np.array([0.5, 2.0]), np.array([1.0, 3.0])
    for f, guards in ((summed_power, 0), (masked_summed_power, 2)):
        text = srcdiff.grad(f, argnums=(0, 1), jit=False).source(x, w)
        assert text.count("== 0.0") == guards, text
        check(f, x, w, gradients=[-2.0 * w**2 / x**3, 2.0 * w / x**2], rtol=1e-14)


def going_round(x, w):
    state = x.copy()
    for _t in range(3):
        for k in range(x.shape[0]):
            state[k] = 0.5 * state[k] + 0.1 * (w[k] * math.exp(state[k]))
    s = 0.0
    for k in range(x.shape[0]):
        s += state[k]
    return s


def going_round_and_masked(x, w):
    state = x.copy()
    for _t in range(3):
        for k in range(x.shape[0]):
            state[k] = 0.5 * state[k] + 0.1 * (w[k] * math.exp(state[k]))
    s = 0.0
    for k in range(x.shape[0]):
        if w[k] > 0:
            s += state[k]
    return s


def test_what_goes_round_in_memory_comes_out_smoothly() -> None:
    """The way to the result leaves a circle at some time; that there is one is no reason."""
    x, w = np.array([0.5, 2.0]), np.array([1.0, -3.0])
    for f, guarded in ((going_round, False), (going_round_and_masked, True)):
        text = srcdiff.grad(f, argnums=(0, 1), jit=False).source(x, w)
        assert ("== 0.0" in text) == guarded, text
        check(f, x, w)


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (branch_after, 0.0, 2.0),
        (branch_after, 2.0, 0.5),
        (conditional_after, 0.0, 3.0),
        (conditional_after, 4.0, 0.25),
        (python_max_of_log, 0.0, 0.0),
        (python_max_of_log, 1.0, 1.0),
        (lambda x: abs(x), 0.0, 0.0),
        (lambda x: abs(x), -0.0, 0.0),
        (lambda x: abs(x) * 3.0, -2.0, -3.0),
        (lambda x: np.fabs(x), 0.0, 0.0),
        (lambda x: np.sqrt(x), 0.0, INF),
        (lambda x: np.sqrt(x), 4.0, 0.25),
        (lambda x: math.sqrt(x) * 2.0, 0.0, INF),
        (lambda x: 0.0 * np.sqrt(x), 0.0, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x**0, 3.0, 0.0),
        (lambda x: x**0.0, 0.0, 0.0),
        (lambda x: x**1, 0.0, 1.0),
        (lambda x: x**2, 0.0, 0.0),
        (lambda x: x**3, -2.0, 12.0),
        (lambda x: x**-2, 2.0, -0.25),
        (lambda x: x**0.5, 4.0, 0.25),
        (lambda x: x**1.5, 0.0, 0.0),
        (lambda x: x**2.0, -3.0, -6.0),
        (lambda x: 0.0**x, 2.0, 0.0),
        (lambda x: 0.0**x, 0.0, 0.0),
        (lambda x: 2.0**x, 3.0, 8.0 * math.log(2.0)),
        (lambda x: 2**x, 3.0, 8.0 * math.log(2.0)),
        (lambda x: x**x, 0.0, 0.0),
        (lambda x: max(x, x), 1.5, 1.0),
        (lambda x: max(x, 1.5), 1.5, 1.0),
        (lambda x: max(1.5, x), 1.5, 0.0),
        (lambda x: min(x, 1.5), 1.5, 1.0),
        (lambda x: min(1.5, x), 1.5, 0.0),
        (lambda x: np.maximum(x, 1.5), 1.5, 1.0),
        (lambda x: np.maximum(1.5, x), 1.5, 0.0),
        (lambda x: np.minimum(1.5, x), 1.5, 0.0),
        (lambda x: np.fmax(x, NAN), 1.5, 1.0),
        (lambda x: max(1.0, 2.0, x, 3.0 * x), 2.0, 3.0),
        (lambda x: min(x, -x, 1.0), 0.0, 1.0),
        (lambda x: np.clip(x, 0.0, 1.0), 0.0, 1.0),
        (lambda x: np.clip(x, 0.0, 1.0), 1.0, 1.0),
        (lambda x: np.clip(x, 0.0, 1.0), 2.0, 0.0),
        (lambda x: np.clip(0.5, x, 1.0), 0.7, 1.0),
        (lambda x: np.sign(x) * x, 0.0, 0.0),
        (lambda x: np.floor(x) * x, 2.0, 2.0),
        (lambda x: x // 1.0 + x, 2.5, 1.0),
        (lambda x: x % 2.0, 5.5, 1.0),
        (lambda x: -x % 2.0, 5.5, -1.0),
        (lambda x: 7.5 % x, 2.0, -3.0),
        (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
        (lambda x: np.arctan2(x, 1.0), 0.0, 1.0),
        (lambda x: math.copysign(x, -1.0), 2.0, -1.0),
    ],
)
def test_numbers_at_kinks(f: Callable[..., Any], x: float, slope: float) -> None:
    check(f, x, gradients=[slope], rtol=1e-15)


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: x * x, NAN, NAN),
        (lambda x: x * x, INF, INF),
        (lambda x: np.exp(x), -INF, 0.0),
        (lambda x: np.exp(x), INF, INF),
        (lambda x: np.log(x), 0.0, INF),
        (lambda x: np.log(x), -1.0, -1.0),
        (lambda x: np.divide(1.0, x), 0.0, -INF),
        (lambda x: np.tanh(x), INF, 0.0),
        (lambda x: np.sin(x), INF, NAN),
        (lambda x: max(x, 1.0), NAN, 1.0),
        (lambda x: max(1.0, x), NAN, 0.0),
        (lambda x: x if x > 0 else 2.0 * x, NAN, 2.0),
        (lambda x: np.where(x > 0, x, 2.0 * x) * 1.0, NAN, 2.0),
        (lambda x: x * INF, 1.0, INF),
        (lambda x: 3.0 * x + 0.0 * NAN, 1.0, 3.0),
    ],
)
def test_nan_and_inf_follow_the_formulas(f: Callable[..., Any], x: float, slope: float) -> None:
    check(f, x, gradients=[slope], rtol=1e-15)


@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (lambda x: np.max(x), [1.0, 3.0, 3.0], [0.0, 1.0, 0.0]),
        (lambda x: x.min(), [1.0, 1.0, 3.0], [1.0, 0.0, 0.0]),
        (lambda x: max(x), [2.0, 2.0], [1.0, 0.0]),
        (lambda x: np.max(x), [1.0, NAN, 3.0, NAN], [0.0, 1.0, 0.0, 0.0]),
        (lambda x: np.max(x), [-0.0, 0.0], [1.0, 0.0]),
        (lambda x: np.maximum(x, x[::-1]).sum(), [1.0, 1.0], [1.0, 1.0]),
        (lambda x: np.prod(x), [0.0, 2.0, 5.0], [10.0, 0.0, 0.0]),
        (lambda x: np.prod(x), [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]),
        (lambda x: np.abs(x).sum(), [0.0, -1.0], [0.0, -1.0]),
        (lambda x: x[0] ** x[1], [0.0, 2.0], [0.0, 0.0]),
        (lambda x: x[0] ** x[1], [2.0, 0.0], [0.0, math.log(2.0)]),
        (lambda x: x[0] ** x[1], [0.0, 0.0], [0.0, 0.0]),
        (lambda x: np.sum(x**2), [0.0, NAN], [0.0, NAN]),
        (lambda x: np.sum(x[:1]), [1.0, NAN], [1.0, 0.0]),
        (lambda x: np.nan_to_num(x).sum(), [1.0, NAN, INF], [1.0, 0.0, 0.0]),
        (lambda x: np.logaddexp(x[0], x[1]), [-INF, 0.0], [0.0, 1.0]),
    ],
)
def test_arrays_at_kinks(f: Callable[..., Any], x: list[float], gradient: list[float]) -> None:
    check(f, np.array(x), gradients=[np.array(gradient)], rtol=1e-15)


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5])
@pytest.mark.parametrize("x", [0.0, -1.5, 2.0])
def test_integer_powers_known_at_run_time(x: float, n: int) -> None:
    def f(x, n):
        return x**n

    if x == 0.0 and n < 0:
        pytest.skip("Python refuses this one")
    slope = n * x ** (n - 1) if n != 0 else 0.0
    check(f, x, n, gradients=[slope], rtol=1e-14)
    check(f, np.array([x, x]), n, gradients=[np.full(2, slope)], rtol=1e-14)


@pytest.mark.parametrize("f", [lambda x, n: x**n, lambda x, n: np.power(x, n)])
def test_powers_with_arrays_of_integers(f: Callable[..., Any]) -> None:
    x, n = np.array([0.0, 2.0, -2.0, 0.0]), np.array([0, 3, 2, 2])
    check(f, x, n, gradients=[np.array([0.0, 12.0, -4.0, 0.0])], rtol=1e-14)
