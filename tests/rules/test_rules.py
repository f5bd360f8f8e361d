"""Every elementwise rule against numbers that do not come from rules.

The tests are parametrised over the registry: what is registered is tested.
"""

import builtins
import itertools
import math
from typing import Any

import numpy as np
import pytest

from srcdiff.rules import Elementwise, all_rules, canonical, elementwise_rule, is_zero
from srcdiff.rules.expression import Apply, Expression
from srcdiff.runtime import special
from tests.rules.evaluation import call, partial, product, tangent, value

RULES = all_rules()
POINTS = 60
EPS = float(np.finfo(float).eps)

# Arguments that are not real numbers, by position.
INTEGERS = {
    np.ldexp: (1, (-3, 0, 4)),
    special.polygamma: (0, (1, 2, 3)),
    special.spherical_bessel: (0, (0, 1, 2)),
}
CONDITIONS = {np.where: 0}

# Complex in NumPy, but without a complex derivative: the result is one of the arguments.
NOT_ANALYTIC = (np.maximum, np.minimum, np.fmax, np.fmin)

BIG = 2000.0  # where exp overflows


def name(rule: Any) -> str:
    return getattr(getattr(rule, "function", rule), "__name__", repr(rule))


def inside(interval: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    """Return points well inside `interval`."""
    low, high = interval
    if math.isinf(low):
        return random.uniform(-3, 3, POINTS)
    if math.isinf(high):
        return low + random.uniform(0.1, 4, POINTS)
    return random.uniform(0.95 * low + 0.05 * high, 0.05 * low + 0.95 * high, POINTS)


def samples(rule: Elementwise) -> list[list[Any]]:
    """Return lists of arguments: arrays of reals, but for what INTEGERS and CONDITIONS say."""
    random = np.random.default_rng(len(rule.function.__name__))
    args: list[Any] = [inside(interval, random) for interval in rule.domain]
    if rule.function in CONDITIONS:
        args[CONDITIONS[rule.function]] = random.integers(0, 2, POINTS).astype(bool)
    if rule.function not in INTEGERS:
        return [args]
    position, integers = INTEGERS[rule.function]
    return [[n if k == position else arg for k, arg in enumerate(args)] for n in integers]


def real_positions(rule: Elementwise) -> list[int]:
    """Return the positions of the arguments that are real numbers."""
    others = {CONDITIONS.get(rule.function), INTEGERS.get(rule.function, (None,))[0]}
    return [k for k in range(len(rule.arguments)) if k not in others]


def is_analytic(function: Any) -> bool:
    """Say whether `function` takes complex numbers and is analytic."""
    complex_loops = {"D" * getattr(function, "nin", 0) + "->D"}
    return function not in NOT_ANALYTIC and bool(
        complex_loops & set(getattr(function, "types", ()))
    )


def complex_step(function: Any, args: list[Any], k: int) -> np.ndarray:
    """Return the derivative by a complex step: no difference is taken, nothing cancels."""
    step = 1e-30
    stepped = [arg.astype(complex) + (1j * step if j == k else 0) for j, arg in enumerate(args)]
    return np.imag(function(*stepped)) / step


def difference(function: Any, args: list[Any], k: int, step: float) -> np.ndarray:
    """Return the central difference of order 8: error O(step**8) + O(eps / step)."""
    total = np.zeros(POINTS)
    for j, weight in enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), start=1):
        ahead, behind = list(args), list(args)
        ahead[k], behind[k] = args[k] + j * step, args[k] - j * step
        total += weight * (function(*ahead) - function(*behind))
    return total / step


def assert_is_derivative(actual: Any, function: Any, args: list[Any], k: int) -> None:
    """Compare with differences of two steps, where these agree: not across a kink or a jump."""
    with np.errstate(all="ignore"):
        coarse, fine = (difference(function, args, k, step) for step in (2.0**-8, 2.0**-9))
    scale = 1 + np.abs(fine)
    smooth = np.abs(coarse - fine) <= 1e-9 * scale
    assert smooth.mean() > 0.5
    error = np.abs(np.broadcast_to(actual, fine.shape) - fine) / scale
    assert error[smooth].max() <= 1e-9


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_partials_are_derivatives(rule: Elementwise) -> None:
    for args, k in itertools.product(samples(rule), real_positions(rule)):
        actual = partial(rule, k, args)
        assert_is_derivative(actual, lambda *at: call(rule.function, at), args, k)
        if is_analytic(rule.function):
            expected = complex_step(rule.function, args, k)
            np.testing.assert_allclose(actual, expected, rtol=100 * EPS, atol=4 * EPS)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_partials_of_partials_are_derivatives(rule: Elementwise) -> None:
    for args, j, k in itertools.product(samples(rule), *[real_positions(rule)] * 2):
        if rule.partials[j] is not None:
            with np.errstate(all="ignore"):
                actual = tangent(rule.partials[j], rule, k, args, call(rule.function, args))
            assert_is_derivative(actual, lambda *at, j=j: partial(rule, j, at), args, k)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_partials_keep_float32(rule: Elementwise) -> None:
    for args in samples(rule):
        reals = real_positions(rule)
        single = [np.float32(arg) if k in reals else arg for k, arg in enumerate(args)]
        result = call(rule.function, single)
        for k in reals:
            if rule.partials[k] is not None:
                seed = np.ones(POINTS, result.dtype)
                assert (partial(rule, k, single) * seed).dtype == result.dtype


def corners(rule: Elementwise) -> list[np.ndarray]:
    """Return arrays of arguments: all combinations of ends of the domain and special numbers."""
    choices: list[Any] = []
    for k, (low, high) in enumerate(rule.domain):
        points = (low, high, 0.0, -0.0, 0.5, -0.5, 1.0, -1.0, BIG, -BIG)
        choices.append([x for x in points if low <= x <= high and math.isfinite(x)])
        if k == CONDITIONS.get(rule.function):
            choices[k] = [False, True]
        if rule.function in INTEGERS and k == INTEGERS[rule.function][0]:
            choices[k] = [1, 2, int(BIG)] if rule.function is np.ldexp else [1, 2]
    return [np.array(column) for column in zip(*itertools.product(*choices), strict=True)]


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_singular_rules_are_those_whose_partials_can_be_infinite(rule: Elementwise) -> None:
    args = corners(rule)
    known = [k for k, stated in enumerate(rule.partials) if stated is not None]
    finite = all(np.isfinite(partial(rule, k, args)).all() for k in known)
    assert rule.singular == (not finite)


def applications(expression: Expression) -> list[Apply]:
    """Return every call in `expression`."""
    if not isinstance(expression, Apply):
        return []
    return [expression] + [call for arg in expression.args for call in applications(arg)]


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_partials_use_only_canonical_functions_with_rules(rule: Elementwise) -> None:
    stated = [*rule.partials, rule.choice]
    for each in (each for part in stated if part is not None for each in applications(part)):
        assert canonical(each.function) is each.function
        assert is_zero(each.function) != (elementwise_rule(each.function) is not None)


@pytest.mark.parametrize(
    ("function", "args", "expected"),
    [
        (np.absolute, (0.0,), (0,)),
        (np.fabs, (-0.0,), (0,)),
        (np.sqrt, (0.0,), (np.inf,)),
        (np.hypot, (0.0, 0.0), (0, 0)),
        (np.maximum, (2.0, 2.0), (1, 0)),
        (np.minimum, (2.0, 2.0), (1, 0)),
        (np.fmax, (np.nan, 1.0), (0, 1)),
        (np.fmax, (1.0, np.nan), (1, 0)),
        (np.fmin, (np.nan, 1.0), (0, 1)),
        (np.fmin, (1.0, np.nan), (1, 0)),
        (builtins.max, (2.0, 2.0), (1, 0)),
        (builtins.max, (1.0, np.nan), (1, 0)),
        (builtins.max, (np.nan, 1.0), (1, 0)),
        (builtins.min, (2.0, 2.0), (1, 0)),
        (builtins.min, (1.0, np.nan), (1, 0)),
        (np.clip, (1.0, 1.0, 2.0), (1, 0, 0)),
        (np.clip, (2.0, 1.0, 2.0), (1, 0, 0)),
        (np.clip, (0.0, 2.0, 1.0), (0, 0, 1)),
        (np.clip, (5.0, 2.0, 1.0), (0, 0, 1)),
        (np.clip, (2.0, 2.0, 2.0), (1, 0, 0)),
        (np.power, (0.0, 0.0), (0, 0)),
        (np.power, (0.0, 1.0), (1, 0)),
        (np.power, (0.0, 2.0), (0, 0)),
        (np.power, (-2.0, 3.0), (12, np.nan)),
        (np.logaddexp, (-np.inf, -np.inf), (1, 1)),
        (np.logaddexp, (-np.inf, 3.0), (0, 1)),
        (np.logaddexp2, (-np.inf, 3.0), (0, 1)),
        (np.remainder, (1.0, 0.1), (1, -9)),
        (np.fmod, (-7.0, 2.0), (1, 3)),
        (math.remainder, (7.0, 4.0), (1, -2)),
        (np.sinc, (0.0,), (0,)),
        (np.heaviside, (0.0, 3.0), (0, 1)),
        (np.copysign, (0.0, -3.0), (0, 0)),
    ],
)
def test_conventions(function: Any, args: tuple[float, ...], expected: tuple[float, ...]) -> None:
    rule = elementwise_rule(function)
    points = [np.array([arg]) for arg in args]
    actual = [np.broadcast_to(partial(rule, k, points), 1)[0] for k in range(len(args))]
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("function", "args", "k", "expected"),
    [
        (np.sinc, (0.0,), 0, -(np.pi**2) / 3),
        (np.power, (0.0, 2.0), 0, 2.0),
        (np.power, (0.0, 1.0), 0, 0.0),
        (np.square, (0.0,), 0, 2.0),
        (np.hypot, (0.0, 0.0), 0, 0.0),
        (np.logaddexp, (1.0, 1.0), 0, 0.25),
    ],
)
def test_second_derivatives_where_a_formula_could_fail(
    function: Any, args: tuple[float, ...], k: int, expected: float
) -> None:
    rule = elementwise_rule(function)
    points = [np.array([arg]) for arg in args]
    with np.errstate(all="ignore"):
        actual = tangent(rule.partials[k], rule, k, points, call(function, points))
    np.testing.assert_allclose(actual, expected, rtol=1e-14)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.choice is not None], ids=name)
def test_a_choice_gives_the_result_and_drops_the_other_seed(rule: Elementwise) -> None:
    for args in samples(rule):
        chosen = np.where(value(rule.choice, args, args[-1]), *args[-2:])
        np.testing.assert_array_equal(chosen, call(rule.function, args))
        seed = np.full(POINTS, np.inf)
        for k, taken in ((-2, args[-2]), (-1, args[-1])):
            with np.errstate(invalid="ignore"):
                received = product(rule, k, args, chosen, seed)
            np.testing.assert_array_equal(received, np.where(chosen == taken, np.inf, 0.0))
