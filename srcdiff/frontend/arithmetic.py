"""Elementwise functions of operands: promotion, broadcasting, literals folded."""

import ast
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcdiff.errors import BoundsError, ShapeError
from srcdiff.frontend.context import Context, Entity
from srcdiff.frontend.infer import PYTHON, is_weak, loop_dtypes, mixed_dtype
from srcdiff.ir.build import constant, extents, integer, is_constant
from srcdiff.ir.nodes import Const, Operand, Value
from srcdiff.ir.types import Array, Scalar, Type

UNIFORM = frozenset({"e", "O", "S", "U", "V", "M", "m"})


def apply(
    c: Context,
    node: ast.AST,
    function: Callable[..., Any],
    args: Sequence[Operand],
    name: str = "_t",
    *,
    operator: bool = False,
) -> Operand:
    """Apply an elementwise `function` as NumPy does; `operator`: written as Python's operator."""
    folded = _fold(function, args) if operator else None
    if folded is not None:
        return folded
    args = [without_axes(c, arg) for arg in args]
    if function is np.where:
        return _where(c, node, args, name)
    types = [arg.type for arg in args]
    if operator and function is np.power:
        types, args = _power_operands(c, args)
    dtypes, result = _dtypes(c, node, function, types)
    if function is np.power and args[1].type.dtype.kind in "iu" and dtypes[1].kind == "f":
        dtypes = (dtypes[0], args[1].type.dtype)
    operands = [c.builder.cast(arg, dtype) for arg, dtype in zip(args, dtypes, strict=True)]
    shape = broadcast_shapes(c, node, [extents(arg) for arg in operands])
    ndim = max((arg.type.ndim for arg in args if isinstance(arg.type, Array)), default=-1)
    weak = is_weak(function, types, operator=operator)
    type: Type = Scalar(result, weak) if ndim < 0 else Array(result, ndim)
    made = _emit(c, function, operands, name, type, shape)
    note_order(c, made, args)
    return made


def note_order(c: Context, made: Operand, args: Sequence[Operand]) -> None:
    """Note an array that NumPy may lay out in another order than C, as it does its operands.

    It matters where the array is reshaped: whether that gives a view or a copy.
    """
    if isinstance(made, Value) and len(made.shape) > 1 and any(is_unordered(c, a) for a in args):
        c.unordered.add(made)


def ordered_like(c: Context, made: Value, source: Operand) -> Value:
    """Return an array that NumPy lays out as it does `source`."""
    note_order(c, made, (source,))
    return made


def is_unordered(c: Context, operand: Operand) -> bool:
    """Say whether the elements of an array may lie in another order than C."""
    if not isinstance(operand, Value) or not isinstance(operand.type, Array):
        return False
    long = [extent for extent in operand.shape if not is_constant(extent, 1)]
    return len(long) > 1 and (operand.type.layout != "C" or operand in c.unordered)


def without_axes(c: Context, operand: Operand) -> Operand:
    """Return the number in an array without axes, which is what NumPy computes with."""
    if isinstance(operand, Value) and isinstance(operand.type, Array) and not operand.shape:
        return c.builder.load(operand, ())
    return operand


def _emit(
    c: Context,
    function: Callable[..., Any],
    operands: list[Operand],
    name: str,
    type: Type,
    shape: tuple[Operand, ...],
) -> Operand:
    """Append the call, or find the same integer computed before."""
    if type.dtype.kind not in "iu" or is_array_type(type) or not name.startswith("_"):
        return c.builder.call(function, *operands, name=name, type=type, shape=shape)
    key = (function, *(_key(c.facts.find(operand)) for operand in operands))
    if key not in c.facts.known:
        c.facts.known[key] = c.builder.call(function, *operands, name=name, type=type, shape=())
    return c.facts.known[key]


def is_array_type(type: Type) -> bool:
    return isinstance(type, Array)


def _key(operand: Operand) -> Any:
    return (repr(operand.value), operand.type) if isinstance(operand, Const) else operand


def _dtypes(
    c: Context, node: ast.AST, function: Callable[..., Any], types: Sequence[Type]
) -> tuple[tuple[np.dtype[Any], ...], np.dtype[Any]]:
    if not isinstance(function, np.ufunc):
        dtype = mixed_dtype(types)
        if dtype.kind != "f" and function not in (np.clip, np.nan_to_num):
            dtype = np.dtype(np.float64)
        return (dtype,) * len(types), dtype
    try:
        operands, result = loop_dtypes(function, types)
    except TypeError as error:
        given = ", ".join(str(type) for type in types)
        c.fail(node, f"np.{function.__name__} does not take ({given}).", f"NumPy says: {error}.")
    if result.kind in UNIFORM or (result.kind == "f" and result.itemsize not in (4, 8)):
        c.fail(
            node,
            f"np.{function.__name__} of {types[0]} gives {result}, which is not supported.",
            "Convert the argument to float64 first, for instance with `x.astype(np.float64)`.",
        )
    return operands, result


def _power_operands(c: Context, args: Sequence[Operand]) -> tuple[list[Type], list[Operand]]:
    """Python's `**`: an integer to a negative literal power is a float."""
    base, exponent = args
    if base.type.dtype.kind in "iu" and is_constant(exponent) and exponent.value < 0:  # type: ignore[union-attr]
        base = c.builder.cast(base, np.dtype(np.float64))
    return [base.type, exponent.type], [base, exponent]


def _fold(function: Callable[..., Any], args: Sequence[Operand]) -> Const | None:
    """Return the literal that an operator of Python literals gives, if there is one."""
    python = PYTHON.get(function)
    if python is None or not all(isinstance(arg, Const) and _is_literal(arg) for arg in args):
        return None
    try:
        value = python(*[arg.value for arg in args])  # type: ignore[union-attr]
    except (ArithmeticError, ValueError):
        return None
    return literal(value) if not isinstance(value, complex) and _is_representable(value) else None


def _is_literal(operand: Const) -> bool:
    return isinstance(operand.type, Scalar) and (
        operand.type.weak or operand.type.dtype.kind == "b"
    )


def _is_representable(value: float | int | bool) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def literal(value: bool | int | float) -> Const:
    """Return a Python number as a weak literal."""
    dtype = np.dtype({bool: np.bool_, int: np.int64, float: np.float64}[type(value)])
    return Const(value, Scalar(dtype, weak=True))


def _where(c: Context, node: ast.AST, args: Sequence[Operand], name: str) -> Operand:
    condition, then, orelse = args
    condition = truth(c, node, condition)
    dtype, weak = common_dtype(then.type, orelse.type)
    sides = [c.builder.cast(side, dtype) for side in (then, orelse)]
    shape = broadcast_shapes(c, node, [extents(arg) for arg in (condition, *sides)])
    ndim = max((arg.type.ndim for arg in args if isinstance(arg.type, Array)), default=-1)
    type: Type = Scalar(dtype, weak) if ndim < 0 else Array(dtype, ndim)
    made = c.builder.call(np.where, condition, *sides, name=name, type=type, shape=shape)
    note_order(c, made, sides)
    return made


def common_dtype(left: Type, right: Type) -> tuple[np.dtype[Any], bool]:
    """Return the dtype that NumPy gives to a mixture, and whether it stays a Python number."""
    if left.dtype == right.dtype:
        return left.dtype, all(isinstance(t, Scalar) and t.weak for t in (left, right))
    _, dtype = loop_dtypes(np.add, (left, right))
    return dtype, all(isinstance(t, Scalar) and t.weak for t in (left, right))


def truth(c: Context, node: ast.AST, operand: Operand) -> Operand:
    """Return `operand` as a condition: numbers are true if they are not zero."""
    if operand.type.dtype.kind == "b":
        return operand
    if isinstance(operand, Const):
        return literal(bool(operand.value))
    zero = constant(0, operand.type)
    return c.builder.call(np.not_equal, operand, zero)


def broadcast_shapes(
    c: Context, node: ast.AST, shapes: Sequence[tuple[Operand, ...]]
) -> tuple[Operand, ...]:
    """Return the broadcast of `shapes`; extents that may differ at run time are guarded."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Operand] = [integer(1)] * rank
    for shape in shapes:
        for axis, extent in enumerate(shape, rank - len(shape)):
            if is_constant(extent, 1):
                continue
            if is_constant(result[axis], 1):
                result[axis] = extent
            else:
                require_equal(c, node, result[axis], extent)
    return tuple(result)


def require_equal(c: Context, node: ast.AST, left: Operand, right: Operand) -> None:
    """Make sure that two extents are equal: known, known to differ (an error), or guarded."""
    if c.facts.agree(left, right):
        return
    if isinstance(left, Const) and isinstance(right, Const):
        c.fail(
            node,
            f"Shapes do not match: an extent of {left.value} against one of {right.value}.",
            "Make the shapes equal, or 1 where an axis is to be broadcast.",
            ShapeError,
        )
    ok = c.builder.call(np.equal, left, right)
    message = f"{place_of(c, node)}: shapes do not match, or an axis of extent 1 would be broadcast"
    c.builder.guard(ok, ShapeError, message)
    c.facts.unite(left, right)


def place_of(c: Context, node: ast.AST) -> str:
    """Name a line as generated text does: the same from whatever folder it is generated."""
    span = c.span(node)
    return f"{os.path.basename(span.file)}:{span.line}"


def require_least(c: Context, node: ast.AST, extent: Operand, least: int) -> None:
    """Make sure that an axis has at least `least` elements."""
    known = c.facts.find(extent)
    if isinstance(known, Const):
        if known.value < least:
            c.fail(
                node,
                f"The index is out of bounds: this axis has {known.value} elements.",
                "Mend the index or the shape.",
                BoundsError,
            )
        return
    if c.facts.least.get(known, 0) >= least:
        return
    ok = c.builder.call(np.greater_equal, known, integer(least))
    message = f"{place_of(c, node)}: index out of bounds, this axis has fewer than {least} elements"
    c.builder.guard(ok, BoundsError, message)
    c.facts.least[known] = least


def is_integer(entity: Entity) -> bool:
    return (
        isinstance(entity, Value | Const)
        and isinstance(entity.type, Scalar)
        and (entity.type.dtype.kind in "iub")
    )
