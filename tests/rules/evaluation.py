"""What the rules mean, in the fewest lines: numbers for expressions, and derivatives of those."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcdiff.rules import elementwise_rule, is_zero
from srcdiff.rules.expression import Apply, Argument, Expression, Number, Result
from srcdiff.rules.registry import Elementwise

Numbers = Any
WEAK = (bool, int, float)


def call(function: Callable[..., Any], args: Sequence[Numbers]) -> Numbers:
    """Call `function` elementwise, with nan where it raises; Python numbers are weak."""
    dtype = np.result_type(*(arg for arg in args if not isinstance(arg, WEAK)), np.float32)
    if function is np.where:
        return np.where(args[0], *(as_array(arg, dtype) for arg in args[1:]))
    if getattr(function, "__module__", "numpy") == "numpy":
        return function(*args)
    return np.vectorize(quietly(function), otypes=[dtype])(*args)


def as_array(number: Numbers, dtype: Any) -> Numbers:
    """Return a weak number in `dtype`, and anything else as it is."""
    return np.asarray(number, dtype) if isinstance(number, WEAK) else number


def quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with nan for the errors that `math` raises."""

    def called(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, OverflowError, ZeroDivisionError):
            return np.nan

    return called


def value(expression: Expression, args: Sequence[Numbers], result: Numbers) -> Numbers:
    """Evaluate `expression`."""
    match expression:
        case Argument(position):
            return promoted(args[position], result)
        case Result():
            return result
        case Number(number):
            return number
        case Apply(function, inner):
            return call(function, [value(each, args, result) for each in inner])


def promoted(arg: Numbers, result: Numbers) -> Numbers:
    """Return a number in the dtype of the result, a condition as it is."""
    return arg if np.result_type(arg).kind == "b" else np.asarray(arg, result.dtype)


def partial(rule: Elementwise, k: int, args: Sequence[Numbers]) -> Numbers:
    """Evaluate the partial of argument `k`; 0 where there is no derivative."""
    stated = rule.partials[k]
    if stated is None:
        return 0.0
    with np.errstate(all="ignore"):
        return value(stated, args, call(rule.function, args))


def tangent(
    expression: Expression, rule: Elementwise, k: int, args: Sequence[Numbers], result: Numbers
) -> Numbers:
    """Differentiate `expression`, a part of `rule`, with respect to argument `k`."""
    match expression:
        case Argument(position):
            return float(position == k)
        case Number():
            return 0.0
        case Result():
            return product(rule, k, args, result, 1.0)
        case Apply(function, inner):
            return _tangent_of_call(function, inner, rule, k, args, result)


def _tangent_of_call(
    function: Callable[..., Any],
    inner: tuple[Expression, ...],
    rule: Elementwise,
    k: int,
    args: Sequence[Numbers],
    result: Numbers,
) -> Numbers:
    if is_zero(function):
        return 0.0
    known = elementwise_rule(function)
    assert known is not None, f"{function} has no rule"
    at = [value(each, args, result) for each in inner]
    out = call(function, at)
    total = 0.0
    for position, each in enumerate(inner):
        if known.partials[position] is not None:
            total = total + product(known, position, at, out, tangent(each, rule, k, args, result))
    return total


def product(rule: Elementwise, k: int, args: Sequence[Numbers], out: Numbers, seed: Any) -> Numbers:
    """Return the partial of argument `k` times `seed`, as a derivative has to: 0 times inf is 0."""
    return _distribute(rule.partials[k], rule, args, out, seed)


def _distribute(
    expression: Expression, rule: Elementwise, args: Sequence[Numbers], out: Numbers, seed: Any
) -> Numbers:
    match expression:
        case Number(0):
            return np.zeros_like(seed)
        case Apply(function, (condition, then, orelse)) if function is np.where:
            branches = (_distribute(each, rule, args, out, seed) for each in (then, orelse))
            return np.where(value(condition, args, out), *branches)
    times = value(expression, args, out) * seed
    return np.where(np.equal(seed, 0), 0.0, times) if rule.singular else times
