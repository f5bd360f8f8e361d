"""Instantiate the expressions of rules as IR, simplified as far as arithmetic allows.

Adding 0 and multiplying by 1, -1 or a literal 0 are left out: the partial is known to be that
number, so nothing of the user's is lost.
"""

from collections.abc import Callable, Sequence

import numpy as np
from typing_extensions import assert_never

from srcdiff.errors import UnknownFunction
from srcdiff.ir.build import Builder, constant, extents, is_constant
from srcdiff.ir.nodes import Call, Const, Operand, Value, is_array
from srcdiff.ir.types import Scalar, Type
from srcdiff.rules import elementwise_rule
from srcdiff.rules.expression import Apply, Argument, Expression, Number, Result
from srcdiff.rules.registry import Elementwise
from srcdiff.words import DRAWS

Get = Callable[[], Operand]


def mentions(expression: Expression) -> tuple[set[int], bool]:
    """Return which arguments a partial reads, by position, and whether it reads the result."""
    match expression:
        case Argument(position=position):
            return {position}, False
        case Result():
            return set(), True
        case Number():
            return set(), False
        case Apply(args=args):
            parts = [mentions(arg) for arg in args]
            return set().union(*(p for p, _ in parts)), any(r for _, r in parts)
        case _:
            assert_never(expression)


def instantiate(
    builder: Builder,
    expression: Expression,
    args: Sequence[Operand | None],
    result: Operand | None,
    type: Type,
    *,
    as_condition: bool = False,
) -> Operand:
    """Append the computation of a partial; numbers take the dtype of `type`."""
    match expression:
        case Argument(position=position):
            operand = args[position]
            assert operand is not None
            kind = operand.type.dtype.kind
            if kind in "biu" and not (kind == "b" and as_condition):
                return builder.cast(operand, type.dtype)
            return operand
        case Result():
            assert result is not None
            return result
        case Number(value=value):
            return constant(value, type)
        case Apply(function=np.power, args=(base, exponent)):
            return _power(builder, base, exponent, args, result, type)
        case Apply(function=function, args=inner):
            parts = [instantiate(builder, part, args, result, type) for part in inner]
            return apply(builder, function, parts)
        case _:
            assert_never(expression)


def read_as(builder: Builder, operand: Operand, type: Scalar) -> Operand:
    """Return an argument as its rule reads it: in the dtype of the result, but for exponents."""
    if operand.type.dtype.kind == "f" and operand.type.dtype != type.dtype:
        return builder.cast(operand, type.dtype)
    return operand


def choose(builder: Builder, call: Call, choice: Expression) -> Operand:
    """Append the condition by which a call takes one of its arguments."""
    type = Scalar(call.out.type.dtype)
    args = [read_as(builder, arg, type) for arg in call.args]
    return instantiate(builder, choice, args, None, type)


def _power(
    builder: Builder,
    base: Expression,
    exponent: Expression,
    args: Sequence[Operand | None],
    result: Operand | None,
    type: Type,
) -> Operand:
    """An exponent that is an integer stays one: `x**2` is a product, `x**2.0` a library call."""
    first = instantiate(builder, base, args, result, type)
    second = _integer_exponent(builder, exponent, args)
    if second is None:
        second = instantiate(builder, exponent, args, result, type)
        if isinstance(second, Const) and float(second.value).is_integer():
            second = Const(int(second.value), Scalar(np.dtype(np.int64)))
    if is_constant(second, 1):
        return first
    if is_constant(second, 0):
        return constant(1, type)
    return builder.call(np.power, first, second, type=_result_type(first, second, type))


def _result_type(first: Operand, second: Operand, type: Type) -> Type | None:
    return Scalar(type.dtype) if not is_array(first) and not is_array(second) else None


def _integer_exponent(
    builder: Builder, exponent: Expression, args: Sequence[Operand | None]
) -> Operand | None:
    """Return y or y - 1 as an integer where the user's exponent y is one."""
    match exponent:
        case Argument(position=position):
            operand, shift = args[position], 0
        case Apply(function=np.subtract, args=(Argument(position=position), Number(value=1))):
            operand, shift = args[position], 1
        case _:
            return None
    if operand is None or operand.type.dtype.kind not in "iu" or is_array(operand):
        return None
    if isinstance(operand, Const):
        return Const(int(operand.value) - shift, operand.type)
    return builder.fold(np.subtract, operand, Const(shift, operand.type))


def apply(builder: Builder, function: Callable[..., object], parts: Sequence[Operand]) -> Operand:
    """Append an elementwise call, simplified."""
    match parts:
        case (left, right) if function is np.multiply:
            return times(builder, left, right)
        case (left, right) if function is np.add:
            return plus(builder, left, right)
        case (operand,) if function is np.negative:
            return negative(builder, operand)
        case (left, right) if function is np.subtract and is_constant(right, 0):
            return left
        case (left, right) if function is np.divide and is_constant(right, 1):
            return left
    return builder.call(function, *parts)


def times(builder: Builder, left: Operand, right: Operand, name: str = "_t") -> Operand:
    """Append a product."""
    for one, other in ((left, right), (right, left)):
        if is_constant(one, 1):
            return other
        if is_constant(one, -1):
            return negative(builder, other, name)
        if is_constant(one, 0):
            return one
    if isinstance(left, Const) and isinstance(right, Const):
        return constant(left.value * right.value, left.type)
    return builder.call(np.multiply, left, right, name=name)


def plus(builder: Builder, left: Operand, right: Operand, name: str = "_t") -> Operand:
    """Append a sum."""
    if is_constant(left, 0):
        return right
    if is_constant(right, 0):
        return left
    return builder.call(np.add, left, right, name=name)


def negative(builder: Builder, operand: Operand, name: str = "_t") -> Operand:
    """Append a negation."""
    if isinstance(operand, Const):
        return constant(-operand.value, operand.type)
    return builder.call(np.negative, operand, name=name)


def added(builder: Builder, current: Operand, term: Operand, name: str) -> Operand:
    """Append a sum; adding what has just been negated is subtracting it."""
    match builder.statements[-1:]:
        case [Call(function=np.negative, out=out, args=(positive,))] if out is term:
            return builder.call(np.subtract, current, positive, name=name)
    return builder.call(np.add, current, term, name=name)


def squared(call: Call, rule: Elementwise) -> tuple[tuple[Operand, ...], Elementwise]:
    """Return arguments and rule of a call; x * x is a square, with one partial instead of two."""
    if call.function is np.multiply and call.args[0] is call.args[1]:
        square = elementwise_rule(np.square)
        assert square is not None
        return call.args[:1], square
    return call.args, rule


def scaled(
    builder: Builder,
    y_bar: Operand,
    partial: Expression,
    get: Callable[..., Operand],
    name: str,
) -> Operand | None:
    """Append y_bar times a partial; a product with a `where` goes into its branches.

    Returns None where the partial is the literal 0.
    """
    match partial:
        case Apply(function=np.where, args=(condition, then, orelse)):
            sides = [scaled(builder, y_bar, side, get, "_t") for side in (then, orelse)]
            zero = constant(0, y_bar.type)
            first, second = (zero if side is None else side for side in sides)
            truth = get(condition, as_condition=True)
            return builder.call(np.where, truth, first, second, name=name)
        case Apply(function=np.divide, args=(Number(value=1), divisor)):
            return builder.call(np.divide, y_bar, get(divisor), name=name)
        case Number(value=0):
            return None
    return times(builder, get(partial), y_bar, name)


def reduce_to(
    builder: Builder, operand: Operand, shape: tuple[Operand, ...], target: Operand, name: str
) -> Operand:
    """Append the sum of `operand`, broadcast to `shape`, over what `target` was broadcast along.

    Where `operand` itself does not vary along such an axis, the sum is a product with its extent.
    """
    if not shape:
        return operand
    wanted = extents(target)
    extra = len(shape) - len(wanted)
    reduced = [
        axis < extra or (is_constant(wanted[axis - extra], 1) and not is_constant(shape[axis], 1))
        for axis in range(len(shape))
    ]
    own = extents(operand)
    missing = len(shape) - len(own)
    varies = [
        axis >= missing and not is_constant(own[axis - missing], 1) for axis in range(len(shape))
    ]
    axes = [axis for axis in range(len(shape)) if reduced[axis]]
    drop = tuple(axis - missing for axis in axes if axis >= missing and axis < extra)
    keep = tuple(axis - missing for axis in axes if axis >= extra and varies[axis])
    if keep:
        assert isinstance(operand, Value)
        operand = builder.sum(operand, keep, name, keepdims=True)
    if drop:
        assert isinstance(operand, Value)
        operand = builder.sum(operand, drop, name)
    count = [shape[axis] for axis in axes if not varies[axis] and not is_constant(shape[axis], 1)]
    for extent in count:
        factor = builder.cast(extent, operand.type.dtype)
        operand = times(builder, factor, operand, name)
    return operand


def no_rule(call: Call) -> UnknownFunction:
    """Return the error for a call that has to be differentiated and cannot be."""
    name = getattr(call.function, "__name__", "this function")
    if call.function in DRAWS:
        return UnknownFunction(
            f"What `{name}` draws from depends on what is differentiated by.",
            call.origin.span,
            "Draw standard numbers and scale them: `mu + sigma * np.random.standard_normal()`.",
        )
    return UnknownFunction(
        f"There is no derivative rule for {name}.",
        call.origin.span,
        "Write it out in NumPy and plain loops.",
    )
