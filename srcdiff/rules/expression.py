"""The expressions in which rules state partial derivatives, and the words to write them with.

    expression = Apply(function, args) | Argument(position) | Result() | Number(value)

The lambda of a rule runs once, on these wrappers, and leaves a tree:

>>> y, x = Result(), Argument(0)
>>> text(-y / x**2 + cos(x), ("x",), "y")
'-y / x**2 + cos(x)'

A `Number` is weak, as a Python literal in NumPy: `2 * x` has the dtype of `x`. Arguments that are
numbers, not conditions, are in the dtype of the result when a partial is computed: `1 / y` of a
float32 `y` would be too coarse for a float64 `x / y`, and an integer `i` would widen `exp2(i)`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union

import numpy as np
from typing_extensions import assert_never

from srcdiff.errors import RuleError
from srcdiff.runtime import special

Function = Callable[..., Any]
Operand = Union["Expression", int, float]


class _Operators:
    """The operators of every expression. `==` compares identities; `equal` is the expression."""

    __slots__ = ()

    def __add__(self, other: Operand) -> "Apply":
        return apply(np.add, self, other)

    def __radd__(self, other: Operand) -> "Apply":
        return apply(np.add, other, self)

    def __sub__(self, other: Operand) -> "Apply":
        return apply(np.subtract, self, other)

    def __rsub__(self, other: Operand) -> "Apply":
        return apply(np.subtract, other, self)

    def __mul__(self, other: Operand) -> "Apply":
        return apply(np.multiply, self, other)

    def __rmul__(self, other: Operand) -> "Apply":
        return apply(np.multiply, other, self)

    def __truediv__(self, other: Operand) -> "Apply":
        return apply(np.divide, self, other)

    def __rtruediv__(self, other: Operand) -> "Apply":
        return apply(np.divide, other, self)

    def __floordiv__(self, other: Operand) -> "Apply":
        return apply(np.floor_divide, self, other)

    def __pow__(self, other: Operand) -> "Apply":
        return apply(np.power, self, other)

    def __neg__(self) -> "Apply":
        return apply(np.negative, self)

    def __lt__(self, other: Operand) -> "Apply":
        return apply(np.less, self, other)

    def __le__(self, other: Operand) -> "Apply":
        return apply(np.less_equal, self, other)

    def __gt__(self, other: Operand) -> "Apply":
        return apply(np.greater, self, other)

    def __ge__(self, other: Operand) -> "Apply":
        return apply(np.greater_equal, self, other)

    def __bool__(self) -> bool:
        raise RuleError("A rule has no `if`, `and` or chained comparison.", hint="Use where().")


@dataclass(frozen=True, eq=False, slots=True)
class Apply(_Operators):
    """A canonical elementwise function of expressions."""

    function: Function
    args: "tuple[Expression, ...]"


@dataclass(frozen=True, eq=False, slots=True)
class Argument(_Operators):
    """The argument number `position` of the function that the rule is for."""

    position: int


@dataclass(frozen=True, eq=False, slots=True)
class Result(_Operators):
    """The result of the function that the rule is for."""


@dataclass(frozen=True, eq=False, slots=True)
class Number(_Operators):
    """A Python number, weak in type promotion."""

    value: int | float


Expression = Apply | Argument | Result | Number


def wrap(value: object) -> Expression:
    """Return `value` as an expression: itself, or a Python number as a `Number`."""
    match value:
        case Apply() | Argument() | Result() | Number():
            return value
        case bool() | np.generic():
            raise RuleError(f"{value!r} in a rule is not weak.", hint="Use a Python int or float.")
        case int() | float():
            return Number(value)
        case _:
            raise RuleError(f"A rule made {value!r}, which is no expression.")


def apply(function: Function, *args: object) -> Apply:
    """Return the call of `function` as an expression."""
    return Apply(function, tuple(wrap(arg) for arg in args))


def word(function: Function) -> Callable[..., Apply]:
    """Return `function` as rules use it: on expressions."""
    return lambda *args: apply(function, *args)


cos, sin = word(np.cos), word(np.sin)
cosh, sinh = word(np.cosh), word(np.sinh)
exp, exp2, log, sqrt = word(np.exp), word(np.exp2), word(np.log), word(np.sqrt)
sign, copysign, rint = word(np.sign), word(np.copysign), word(np.rint)
where, maximum = word(np.where), word(np.maximum)
equal, isnan, isfinite = word(np.equal), word(np.isnan), word(np.isfinite)
either, negation = word(np.logical_or), word(np.logical_not)
digamma, polygamma = word(special.digamma), word(special.polygamma)
spherical_bessel = word(special.spherical_bessel)

_BINARY: dict[Function, tuple[str, int]] = {
    np.less: (" < ", 0),
    np.less_equal: (" <= ", 0),
    np.greater: (" > ", 0),
    np.greater_equal: (" >= ", 0),
    np.equal: (" == ", 0),
    np.add: (" + ", 1),
    np.subtract: (" - ", 1),
    np.multiply: (" * ", 2),
    np.divide: (" / ", 2),
    np.floor_divide: (" // ", 2),
    np.power: ("**", 4),
}

_NAMED: dict[float, tuple[str, int]] = {
    math.pi: ("pi", 5),
    math.log(2.0): ("log(2)", 5),
    math.log(10.0): ("log(10)", 5),
    180 / math.pi: ("180 / pi", 2),
    math.pi / 180: ("pi / 180", 2),
    2 / math.sqrt(math.pi): ("2 / sqrt(pi)", 2),
}


def text(expression: Expression, arguments: tuple[str, ...], result: str, level: int = 0) -> str:
    """Return Python text of `expression`, with parentheses where `level` binds tighter."""
    match expression:
        case Argument(position):
            return arguments[position]
        case Result():
            return result
        case Number(value):
            return _number(value, level)
        case Apply(function, args):
            return _call(function, args, arguments, result, level)
        case _:
            assert_never(expression)


def _call(
    function: Function,
    args: tuple[Expression, ...],
    arguments: tuple[str, ...],
    result: str,
    level: int,
) -> str:
    if function is np.negative:
        written, own = f"-{text(args[0], arguments, result, 3)}", 2
    elif function in _BINARY:
        symbol, own = _BINARY[function]
        left, right = (own + 1, own) if function is np.power else (own, own + 1)
        written = text(args[0], arguments, result, left)
        written += symbol + text(args[1], arguments, result, right)
    else:
        inner = ", ".join(text(arg, arguments, result) for arg in args)
        return f"{function.__name__}({inner})"
    return f"({written})" if own < level else written


def _number(value: int | float, level: int) -> str:
    if value < 0:
        written, own = f"-{_number(-value, 3)}", 2
    else:
        written, own = _NAMED.get(value, (f"{value:.6g}", 5))
    return f"({written})" if own < level else written
