"""One element of an array operation: the calls that stand in the body of a loop.

Functions that Numba does not compile for numbers are put together from others here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.build import Builder, Static, constant
from srcdiff.ir.nodes import Operand
from srcdiff.ir.types import BOOL, Scalar
from srcdiff.rules.registry import elementwise_rule
from srcdiff.words import cast

Lowering = Callable[[Builder, tuple[Operand, ...]], Operand]

OTHERS: frozenset[Any] = frozenset({np.where, np.copy, np.clip, np.fix, cast})
CHEAP: frozenset[Any] = frozenset(
    {np.add, np.subtract, np.multiply, np.negative, np.positive, np.copy, np.square, np.absolute}
    | {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.where}
    | {np.maximum, np.minimum, np.logical_and, np.logical_or, np.logical_not, cast}
)
"""What is done again rather than stored and loaded."""

BOOLEAN: dict[Any, Callable[..., Any]] = {
    np.add: np.logical_or,
    np.maximum: np.logical_or,
    np.multiply: np.logical_and,
    np.minimum: np.logical_and,
}
"""What NumPy does to truth values; Python and Numba count them."""


def is_elementwise(function: Callable[..., Any]) -> bool:
    """Say whether a function of arrays works element by element."""
    if isinstance(function, np.ufunc):
        return function.signature is None and function.nout == 1
    return function in OTHERS or elementwise_rule(function) is not None


def emit(
    builder: Builder,
    function: Callable[..., Any],
    args: tuple[Operand, ...],
    static: Static,
    dtype: "np.dtype[Any]",
    name: str,
) -> Operand:
    """Append the operation on numbers, and return its result of `dtype`."""
    if function in (np.copy, np.positive):
        return args[0]
    if function in LOWERED:
        return LOWERED[function](builder, args)
    if all(arg.type.dtype.kind == "b" for arg in args):
        function = BOOLEAN.get(function, function)
    type = Scalar(dtype)
    result = builder.call(function, *args, name=name, type=type, shape=(), static=static)
    if dtype.kind not in "iu" or dtype.itemsize == 8 or function in (cast, np.where):
        return result
    # Numba computes small integers in 64 bits.
    small = (("dtype", dtype),)
    return builder.call(cast, result, name=name, type=type, shape=(), static=small)


def _test(builder: Builder, function: Any, *args: Operand) -> Operand:
    return builder.call(function, *args, type=BOOL, shape=())


def _where(builder: Builder, condition: Operand, then: Operand, orelse: Operand) -> Operand:
    type = Scalar(then.type.dtype)
    return builder.call(np.where, condition, then, orelse, type=type, shape=())


def _clip(builder: Builder, args: tuple[Operand, ...]) -> Operand:
    x, low, high = args
    type = Scalar(x.type.dtype)
    raised = builder.call(np.maximum, x, low, type=type, shape=())
    return builder.call(np.minimum, raised, high, type=type, shape=())


def _fix(builder: Builder, args: tuple[Operand, ...]) -> Operand:
    return builder.call(np.trunc, *args, type=Scalar(args[0].type.dtype), shape=())


def _float_power(builder: Builder, args: tuple[Operand, ...]) -> Operand:
    return builder.call(np.power, *args, type=Scalar(args[0].type.dtype), shape=())


def _heaviside(builder: Builder, args: tuple[Operand, ...]) -> Operand:
    x, middle = args
    zero, one = constant(0, x.type), constant(1, x.type)
    # A nan stays what it is.
    below = _where(builder, _test(builder, np.less, x, zero), zero, x)
    above = _where(builder, _test(builder, np.greater, x, zero), one, below)
    return _where(builder, _test(builder, np.equal, x, zero), middle, above)


LOWERED: dict[Any, Lowering] = {
    np.clip: _clip,
    np.fix: _fix,
    np.float_power: _float_power,
    np.heaviside: _heaviside,
}
