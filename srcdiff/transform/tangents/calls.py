"""The tangent of a call: what its rule says, for scalars and whole arrays alike."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcdiff.analysis.smooth import has_no_pole
from srcdiff.ir.build import extents, integer, is_constant
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Call,
    Index,
    Item,
    Operand,
    Value,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar, Type
from srcdiff.rules import elementwise_rule, is_zero
from srcdiff.rules.expression import Expression, Number
from srcdiff.rules.registry import Elementwise
from srcdiff.transform.partials import added, instantiate, mentions, no_rule, scaled, squared
from srcdiff.transform.tangents.state import FULL, Tangent
from srcdiff.words import cast, grow, guarded, product


def tangent_of_call(t: Tangent, call: Call) -> None:
    function, out = call.function, call.out
    if call.origin.constant or is_zero(function):
        # It is active for what is written into it later.
        t.dots[out] = t.zero(t.builder, out)
    elif function is np.sum:
        t.dots[out] = _sum(t, call)
    elif function in (np.matmul, product):
        t.dots[out] = _matmul(t, call)
    elif function is np.copy:
        dot = t.or_zero(t.builder, call.args[0])
        assert isinstance(dot, Value)
        t.dots[out] = t.builder.copy(dot, f"{out.name}_dot")
    elif function is cast:
        dot = t.or_zero(t.builder, call.args[0])
        t.dots[out] = t.builder.cast(dot, out.type.dtype, f"{out.name}_dot")
    elif function is grow:
        t.dots[out] = _grow(t, call)
    elif (rule := elementwise_rule(function)) is not None:
        t.dots[out] = _elementwise(t, call, rule)
    else:
        raise no_rule(call)


def _sum(t: Tangent, call: Call) -> Operand:
    dot, out = t.or_zero(t.builder, call.args[0]), call.out
    shape = t.shape(out)
    type: Type = Array(out.type.dtype, len(shape)) if shape else Scalar(out.type.dtype)
    name = f"{out.name}_dot"
    return t.builder.call(np.sum, dot, name=name, type=type, shape=shape, static=call.static)


def _grow(t: Tangent, call: Call) -> Operand:
    """The tangent of a tape grows with it."""
    tape, size = call.args
    dot = t.or_zero(t.builder, tape)
    shape = (Value("_n", PYTHON_INT), *t.shape(call.out)[1:])
    grown = Value(f"{call.out.name}_dot", Array(dot.type.dtype, len(shape)), shape)
    t.builder.call_into(grown, grow, (dot, size), ())
    t.builder.call_into(shape[0], np.shape, (grown,), (("axis", 0),))  # type: ignore[arg-type]
    return grown


def _matmul(t: Tangent, call: Call) -> Operand:
    """C_dot = A_dot B + A B_dot, for each pair of factors."""
    terms = []
    for left, right in zip(call.args[::2], call.args[1::2], strict=True):
        for first, second in ((t.dot(left), right), (left, t.dot(right))):
            if first is not None and second is not None:
                terms.append(_product(t, call, first, second, wide_left=second is right))
    return total(t, terms, call.out)


def _product(t: Tangent, call: Call, left: Operand, right: Operand, *, wide_left: bool) -> Operand:
    """Append a matrix product, one of whose factors is a tangent."""
    out = call.out
    if t.width is None:
        type: Type = Array(out.type.dtype, len(out.shape)) if out.shape else out.type
        if call.function is np.matmul:
            left, right = _plain(t, left), _plain(t, right)
        function, static = call.function, call.static
        return t.builder.call(function, left, right, type=type, shape=out.shape, static=static)
    assert isinstance(left, Value) and isinstance(right, Value)
    rows = len(left.shape) - wide_left - 1
    columns = len(right.shape) - (not wide_left) - 1
    first = _spread(t, left, [FULL] * rows + [FULL] + [NEW_AXIS] * columns, wide=wide_left)
    second = _spread(t, right, [NEW_AXIS] * rows + [FULL] * (columns + 1), wide=not wide_left)
    return t.builder.sum(t.builder.call(np.multiply, first, second), (rows,))


def _spread(t: Tangent, array: Value, items: Sequence[Item], *, wide: bool) -> Value:
    """Return a view with new axes where `items` says so, the tangents' own axis at the end."""
    items = [*items, FULL if wide else NEW_AXIS]
    old = iter(array.shape)
    shape = tuple(integer(1) if item is NEW_AXIS else next(old) for item in items)
    type = Array(array.type.dtype, len(items), "A")
    return t.builder.view(array, Index(tuple(items)), type, shape)


def _plain(t: Tangent, operand: Operand) -> Operand:
    """Return an array that BLAS takes without a warning."""
    strided = isinstance(operand.type, Array) and operand.type.layout == "A"
    return t.builder.copy(operand) if strided and isinstance(operand, Value) else operand


def _elementwise(t: Tangent, call: Call, rule: Elementwise) -> Operand:
    """out_dot = sum of partial times arg_dot."""
    args, rule = squared(call, rule)
    call = replace(call, args=args)
    if rule.choice is not None:
        return full(t, _chosen(t, call, rule.choice), call.out)
    terms = []
    for arg, partial in zip(args, rule.partials, strict=True):
        dot = t.dot(arg)
        if dot is not None and partial is not None:
            term = _term(t, call, rule, partial, dot)
            if term is not None:
                memory = term is dot and t.activity.aliases.is_memory(arg)
                terms.append(t.builder.copy(dot) if memory else term)  # type: ignore[arg-type]
    return total(t, terms, call.out)


def _chosen(t: Tangent, call: Call, choice: Expression) -> Operand:
    """The result is one of two arguments, and so is its tangent."""
    then, orelse = (t.or_nothing(arg) for arg in call.args[-2:])
    condition = t.widened(_instantiated(t, call, choice))
    return t.builder.call(np.where, condition, then, orelse, name=f"{call.out.name}_dot")


def _term(
    t: Tangent, call: Call, rule: Elementwise, partial: Expression, dot: Operand
) -> Operand | None:
    """Return a partial times a tangent, None if the partial is 0."""
    leaks = rule.singular and not isinstance(partial, Number)
    leaks = leaks and not has_no_pole(call, t.signs)

    def get(expression: Expression, *, as_condition: bool = False) -> Operand:
        return t.widened(_instantiated(t, call, expression, as_condition=as_condition))

    product = scaled(t.builder, dot, partial, get, "_t")
    if product is None or not leaks:
        return product
    return t.builder.call(guarded, dot, product)


def _instantiated(
    t: Tangent, call: Call, expression: Expression, *, as_condition: bool = False
) -> Operand:
    """Append the computation of a partial from the operands of a call."""
    read, uses_result = mentions(expression)
    type = Scalar(call.out.type.dtype)
    args = [_operand(t, a, type) if k in read else None for k, a in enumerate(call.args)]
    out = call.out if uses_result else None
    return instantiate(t.builder, expression, args, out, type, as_condition=as_condition)


def _operand(t: Tangent, arg: Operand, type: Scalar) -> Operand:
    """Return an argument in the dtype of the result, as its rule reads it."""
    if arg.type.dtype.kind == "f" and arg.type.dtype != type.dtype:
        return t.builder.cast(arg, type.dtype)
    return arg


def total(t: Tangent, terms: Sequence[Operand], out: Value) -> Operand:
    """Append the sum of terms: the tangent of `out`."""
    if not terms:
        return t.zero(t.builder, out)
    result = terms[0]
    for term in terms[1:]:
        result = added(t.builder, result, term, f"{out.name}_dot")
    return full(t, result, out)


def full(t: Tangent, dot: Operand, out: Value) -> Operand:
    """Return a tangent in the shape of `out`'s: one that was broadcast is written out."""
    shape = t.shape(out)
    ones = [is_constant(extent, 1) for extent in extents(dot)]
    if ones == [is_constant(extent, 1) for extent in shape]:
        return dot
    result = t.builder.alloc(shape, out.type.dtype, None, f"{out.name}_dot")
    t.builder.store(result, (), dot)
    return result
