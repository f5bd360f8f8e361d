"""The registry: names, functions without a derivative, what is refused, the table of the docs."""

import builtins
import math
import operator
from typing import Any

import numpy as np
import pytest
import scipy.special

from srcdiff.errors import RuleError
from srcdiff.rules import all_rules, all_zeros, canonical, elementwise_rule, is_zero
from srcdiff.rules.__main__ import table
from srcdiff.rules.expression import Argument, Result, cos, text, where
from srcdiff.rules.registry import alias, choice, elementwise, zero
from srcdiff.runtime import special
from srcdiff.words import stop_gradient


def name(function: Any) -> str:
    return function.__name__


ONE_NAME = [
    (math.sin, np.sin),
    (math.asin, np.arcsin),
    (math.acosh, np.arccosh),
    (math.atan2, np.arctan2),
    (math.hypot, np.hypot),
    (math.fabs, np.fabs),
    (math.pow, np.float_power),
    (math.log, np.log),
    (math.degrees, np.degrees),
    (np.rad2deg, np.degrees),
    (np.deg2rad, np.radians),
    (np.true_divide, np.divide),
    (np.mod, np.remainder),
    (np.abs, np.absolute),
    (builtins.abs, np.absolute),
    (builtins.pow, np.power),
    (operator.mul, np.multiply),
    (operator.truediv, np.divide),
    (operator.mod, np.remainder),
    (operator.lt, np.less),
    (operator.floordiv, np.floor_divide),
    (math.isnan, np.isnan),
    (scipy.special.erf, math.erf),
    (scipy.special.gammaln, math.lgamma),
    (scipy.special.digamma, special.digamma),
]


@pytest.mark.parametrize(("other", "function"), ONE_NAME)
def test_aliases(other: Any, function: Any) -> None:
    assert canonical(other) is function
    assert elementwise_rule(other) is elementwise_rule(function)
    assert is_zero(other) == is_zero(function)
    assert is_zero(other) != (elementwise_rule(other) is not None)


@pytest.mark.parametrize("function", [builtins.max, np.fabs, np.fmax, np.maximum, math.floor])
def test_functions_that_differ_are_no_aliases(function: Any) -> None:
    assert canonical(function) is function


def test_what_is_not_known_stays_as_it_is() -> None:
    unhashable: Any = type("Callable", (), {"__eq__": lambda a, b: True, "__call__": len})()
    for function in (np.linalg.inv, lambda x: x, unhashable):
        assert canonical(function) is function
        assert elementwise_rule(function) is None
        assert not is_zero(function)


VECTOR = np.array([0.3, -1.7, 2.6, 0.9])
EDGES = np.array([-2.0, 0.0, 2.0])
REALS = [(VECTOR,), (VECTOR, VECTOR[::-1]), (0.3,), (0.3, 1.4)]
INTEGERS = [(np.array([5, 3]),), (np.array([5, 3]), np.array([2, 1])), (5,), (5, 2)]
WITH_MORE = {
    np.searchsorted: lambda x: np.searchsorted(EDGES, x),
    np.digitize: lambda x: np.digitize(x, EDGES),
    np.argpartition: lambda x: np.argpartition(x, 2),
    np.empty: lambda x: np.empty(x).shape,
    np.empty_like: lambda x: np.empty_like(x).shape,
}


def before_and_after_a_small_change(function: Any, tried: list[Any]) -> tuple[Any, Any] | None:
    """Return two results of `function` for the first arguments that it takes."""
    for args in tried:
        try:
            return function(*args), function(*(arg * (1 + 1e-9) for arg in args))
        except (TypeError, ValueError):
            continue
    return None


# `stop_gradient` is constant by decree.
@pytest.mark.parametrize("function", [f for f in all_zeros() if f is not stop_gradient], ids=name)
def test_zero_functions_do_not_feel_small_changes(function: Any) -> None:
    assert elementwise_rule(function) is None
    called = WITH_MORE.get(function, function)
    results = before_and_after_a_small_change(called, REALS)
    if results is None:
        assert any(takes(called, args) for args in INTEGERS)
    else:
        np.testing.assert_array_equal(*results)


def takes(function: Any, args: tuple[Any, ...]) -> bool:
    """Say whether `function` accepts `args`."""
    try:
        function(*args)
    except (TypeError, ValueError):
        return False
    return True


def test_every_float_ufunc_of_numpy_is_known() -> None:
    # Several results, or complex numbers, or matrices: no elementwise rule.
    others = {np.modf, np.frexp, np.divmod, np.conjugate, np.matmul, np.vecdot, np.matvec}
    ufuncs = {each for each in vars(np).values() if isinstance(each, np.ufunc)}
    floats = {each for each in ufuncs if any("d" in loop for loop in each.types)}
    unknown = {f for f in floats if elementwise_rule(f) is None and not is_zero(f)}
    assert unknown <= others | {np.vecmat}


def test_every_function_of_math_is_known() -> None:
    # Several results, or sums and products over a sequence.
    others = {"modf", "frexp", "dist", "fsum", "prod", "sumprod", "fma"}
    functions = {each: getattr(math, each) for each in dir(math) if callable(getattr(math, each))}
    unknown = {
        each
        for each, function in functions.items()
        if elementwise_rule(function) is None and not is_zero(function)
    }
    assert unknown - {each for each in unknown if each.startswith("_")} <= others


@pytest.mark.parametrize(
    "register",
    [
        lambda: elementwise(np.sin, lambda y, x: cos(x)),
        lambda: elementwise(math.sin, lambda y, x: cos(x)),
        lambda: zero(np.sin),
        lambda: alias(np.cos, np.sin),
        lambda: elementwise(len, lambda z, x, y: x),
        lambda: elementwise(sum, lambda y, x: x == 0),
        lambda: elementwise(sum, lambda y, x: np.float64(2) * x if x > 0 else x),
        lambda: elementwise(sum, lambda y, x: np.float64(2)),
        lambda: elementwise(sum, lambda y, x: "x"),
        lambda: elementwise(sum, lambda z, x, y: (x, y), domain=((0, 1), (0, 1), (0, 1))),
        lambda: elementwise(sum, choice(lambda x, y: 0 < x < y)),
    ],
)
def test_mistakes_in_rules_are_refused_and_leave_no_trace(register: Any) -> None:
    before = all_rules()
    with pytest.raises(RuleError):
        register()
    assert all_rules() == before


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (lambda y, x: -(x**2), "-x**2"),
        (lambda y, x: (-x) ** 2, "(-x)**2"),
        (lambda y, x: 1 - (x - y), "1 - (x - y)"),
        (lambda y, x: x / (y * 2) * 3, "x / (y * 2) * 3"),
        (lambda y, x: (x + 1) // y, "(x + 1) // y"),
        (lambda y, x: x ** (x**-1.5), "x**x**(-1.5)"),
        (lambda y, x: where(x > 0, cos(x + 1), -1), "where(x > 0, cos(x + 1), -1)"),
        (lambda y, x: x * (180 / math.pi), "x * (180 / pi)"),
    ],
)
def test_text(stated: Any, expected: str) -> None:
    assert text(stated(Result(), Argument(0)), ("x",), "y") == expected


def test_table_has_a_row_for_every_rule() -> None:
    rows = table().splitlines()
    assert len(rows) == 2 + len(all_rules())
    assert "| `np.sqrt(x)` | `0.5 / y` | x in [0, inf] |  | yes |" in rows
