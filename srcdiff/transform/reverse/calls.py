"""The adjoint of a call: what its rule says, for scalars and whole arrays alike."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np

from srcdiff import words
from srcdiff.analysis.smooth import OVERFLOWS, has_no_pole
from srcdiff.ir.build import Builder, Static, is_constant
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Call,
    Const,
    Index,
    Item,
    Operand,
    Slice,
    Value,
    is_array,
)
from srcdiff.ir.types import BOOL, Array, Scalar
from srcdiff.rules import elementwise_rule, is_zero
from srcdiff.rules.expression import Apply, Expression, Number
from srcdiff.rules.registry import Elementwise
from srcdiff.transform.partials import (
    instantiate,
    mentions,
    no_rule,
    read_as,
    scaled,
    squared,
    times,
)
from srcdiff.transform.reverse.again import is_free
from srcdiff.transform.reverse.bars import (
    add,
    add_reduced,
    bar_of,
    full_array,
    has_shadow,
    wish,
)
from srcdiff.transform.reverse.needs import contents, make_room, need, take_back
from srcdiff.transform.reverse.needs import result as made
from srcdiff.transform.reverse.plan import Plan
from srcdiff.transform.reverse.twins import with_twins
from srcdiff.words import cast, guarded

FULL = Slice(None, None, None)


def reverse_call(plan: Plan, call: Call) -> None:
    """Append the adjoint of `call`."""
    out_bar = bar_of(plan, call.out)
    if out_bar is None or call.origin.constant:
        return
    match call.function:
        case np.sum:
            _sum(plan, call, out_bar)
        case np.matmul:
            _matmul(plan, call, out_bar)
        case words.product:
            _ordered_product(plan, call, out_bar)
        case np.copy:
            add(plan, call.args[0], out_bar)
        case _ if call.function is cast:
            _cast(plan, call, out_bar)
        case _ if (rule := elementwise_rule(call.function)) is not None:
            _elementwise(plan, call, rule, out_bar)
        case _ if not is_zero(call.function):
            raise no_rule(call)


def _elementwise(plan: Plan, call: Call, rule: Elementwise, out_bar: Operand) -> None:
    condition = _condition(plan, call, rule)
    args, rule = squared(call, rule)
    call = replace(call, args=args)
    for arg, partial in zip(call.args, rule.partials, strict=True):
        if partial is None or not plan.activity.is_active(arg):
            continue
        assert isinstance(arg, Value)
        name = wish(plan, arg) if _same_rank(arg, call.out) else "_t"
        product = _product(plan, call, rule, partial, out_bar, name, condition)
        if product is not None:
            if not has_shadow(plan, arg) and _may_change(product, plan, call):
                product = plan.builder.copy(product, name)
            add_reduced(plan, arg, product, call.out)


def _may_change(product: Operand, plan: Plan, call: Call) -> TypeGuard[Value]:
    """Say whether a product is an argument itself, 1.0 x, that the sweep may set back."""
    arrays = [arg for arg in call.args if isinstance(arg, Value) and plan.aliases.is_memory(arg)]
    return is_array(product) and any(need(plan, array) is product for array in arrays)


def _condition(plan: Plan, call: Call, rule: Elementwise) -> Operand | None:
    """Return by which condition a call took an argument, if that was kept."""
    if rule.choice is None or rule.function is np.where:
        return None
    active = any(map(plan.activity.is_active, call.args))
    if not active or is_free(plan, call, *(call.args[k] for k in mentions(rule.choice)[0])):
        return None
    type = Array(BOOL.dtype, len(call.out.shape)) if call.out.shape else BOOL
    like = Value("first", type, call.out.shape)
    depth = len(plan.stack) - 1
    span = call.origin.span
    line = f" of line {span.line}" if span is not None else ""
    note = f"keeps whether `{rule.function.__name__}`{line} took its first"
    plan.chosen[call] = make_room(plan, depth, like, note)
    return take_back(plan, plan.chosen[call], plan.builder, depth, like)


def _same_rank(arg: Value, out: Value) -> bool:
    return len(arg.shape) == len(out.shape)


def _product(
    plan: Plan,
    call: Call,
    rule: Elementwise,
    partial: Expression,
    out_bar: Operand,
    name: str,
    condition: Operand | None,
) -> Operand | None:
    """Return out_bar times a partial of `call`; the condition of a choice may be known."""
    whole, twins = partial, tuple[Value, ...]()
    if condition is None:
        partial, twins = with_twins(plan, call, partial)
    asked, _ = mentions(whole) if condition is None else (set[int](), False)
    read, uses_result = mentions(partial) if condition is None else (set[int](), False)
    type = Scalar(call.out.type.dtype)
    args = [
        read_as(plan.builder, contents(plan, arg), type) if position in read else None
        for position, arg in enumerate((*call.args, *twins))
    ]
    out = made(plan, call.out) if uses_result else None

    def get(expression: Expression, *, as_condition: bool = False) -> Operand:
        if condition is not None and expression is rule.choice:
            return condition
        return instantiate(plan.builder, expression, args, out, type, as_condition=as_condition)

    leaks = not isinstance(partial, Number) and _may_leak(plan, call, rule, asked, whole)
    name_of_product = "_t" if leaks else name
    if call.function is np.divide and all(map(plan.activity.is_active, call.args)):
        product = _of_quotient(plan, out_bar, partial, get, name_of_product)
    else:
        product = scaled(plan.builder, out_bar, partial, get, name_of_product)
    if product is None or not leaks or is_constant(out_bar):
        return product
    return plan.builder.call(guarded, out_bar, product, name=name)


def _of_quotient(
    plan: Plan,
    z_bar: Operand,
    partial: Expression,
    get: Callable[..., Operand],
    name: str,
) -> Operand | None:
    """Return z_bar times a partial of z = x / y, for both of which z_bar / y is computed, once."""
    match partial:
        case Apply(function=np.divide, args=(Apply() as dividend, divisor)):
            quotient = plan.builder.call(np.divide, z_bar, get(divisor))
            return times(plan.builder, get(dividend), quotient, name)
    return scaled(plan.builder, z_bar, partial, get, name)


def _may_leak(
    plan: Plan, call: Call, rule: Elementwise, read: set[int], partial: Expression
) -> bool:
    """Say whether a partial may be infinite where the adjoint is 0 for a branch not taken."""
    if isinstance(partial, Apply) and partial.function is np.where and not rule.singular:
        return False
    if rule.singular and rule.function not in OVERFLOWS:
        safe = has_no_pole(call, plan.smooth.signs)
        return not safe and not plan.smooth(call.out, strict=True)
    tainted = any(plan.smooth.is_tainted(call.args[k]) for k in read)
    return (rule.singular or tainted) and not plan.smooth(call.out, strict=False)


def _cast(plan: Plan, call: Call, out_bar: Operand) -> None:
    (arg,) = call.args
    if plan.activity.is_active(arg):
        add(plan, arg, plan.builder.cast(out_bar, arg.type.dtype, wish(plan, arg)))


def _sum(plan: Plan, call: Call, out_bar: Operand) -> None:
    """x_bar = sum_bar, repeated along the axes that were summed."""
    (arg,) = call.args
    static = dict(call.static)
    assert isinstance(arg, Value)
    if isinstance(out_bar, Value) and out_bar.shape and not static["keepdims"]:
        items: list[Item] = [
            NEW_AXIS if axis in static["axis"] else FULL for axis in range(len(arg.shape))
        ]
        out_bar = expanded(plan.builder, out_bar, items)
    add(plan, arg, out_bar)


def expanded(builder: Builder, array: Value, items: list[Item]) -> Value:
    """Return a view with axes of extent 1 where `items` says so."""
    extents = iter(array.shape)
    shape = tuple(
        Const(1, array.shape[0].type) if item is NEW_AXIS else next(extents) for item in items
    )
    type = Array(array.type.dtype, len(items), "A")
    return builder.view(array, Index(tuple(items)), type, shape)


# ---- matrix products ----


def _matmul(plan: Plan, call: Call, out_bar: Operand) -> None:
    """A_bar = C_bar B^T,  B_bar = A^T C_bar   (Giles 2008, 2.2.2)."""
    left, right = call.args
    assert isinstance(left, Value) and isinstance(right, Value)
    c_bar = _plain(plan, full_array(plan, call.out, out_bar))
    ranks = (len(left.shape), len(right.shape))
    if plan.activity.is_active(left):
        b = need_array(plan, right)
        if ranks[1] == 1:
            add(plan, left, _outer(plan, c_bar, b))
        else:
            product = (c_bar, plan.builder.transposed(b)) if ranks[0] == 2 else (b, c_bar)
            add(plan, left, _product_of(plan, *product, left))
    if plan.activity.is_active(right):
        a = need_array(plan, left)
        if ranks[0] == 1:
            add(plan, right, _outer(plan, a, c_bar))
        else:
            add(plan, right, _product_of(plan, plan.builder.transposed(a), c_bar, right))


def _ordered_product(plan: Plan, call: Call, out_bar: Operand) -> None:
    """As of `matmul`: what does not count, or is not asked for, has no adjoint."""
    c_bar = full_array(plan, call.out, out_bar)
    for left, right in zip(call.args[::2], call.args[1::2], strict=True):
        assert isinstance(left, Value) and isinstance(right, Value)
        if plan.activity.is_active(left):
            turned = plan.builder.transposed(need_array(plan, right))
            static = tuple((EXCHANGED[name], offset) for name, offset in call.static)
            add(plan, left, _product_of(plan, c_bar, turned, left, words.product, static))
        if plan.activity.is_active(right):
            add(plan, right, _of_right(plan, call, right, need_array(plan, left), c_bar))


EXCHANGED = {"first": "lowest", "last": "highest", "lowest": "first", "highest": "last"}
TURNED = {"first": "last", "last": "first"}
OF_RESULT = {"lowest": "last", "highest": "first"}


def _of_right(plan: Plan, call: Call, right: Value, left: Value, c_bar: Value) -> Value:
    """Return A^T C_bar, or (C_bar^T A)^T where only a band of C is asked for."""
    static = tuple((TURNED[name], -offset) for name, offset in call.static if name in TURNED)
    if static or not call.static:
        turned = plan.builder.transposed(left)
        return _product_of(plan, turned, c_bar, right, words.product, static)
    static = tuple((OF_RESULT[name], -offset) for name, offset in call.static)
    turned = plan.builder.transposed(c_bar)
    return plan.builder.transposed(_product_of(plan, turned, left, right, words.product, static))


def need_array(plan: Plan, operand: Operand) -> Value:
    """Return an array operand with the contents that the present statement found."""
    value = contents(plan, operand)
    assert isinstance(value, Value)
    return value


def _plain(plan: Plan, array: Value) -> Value:
    """Return an array that BLAS takes without a warning."""
    assert isinstance(array.type, Array)
    return plan.builder.copy(array) if array.type.layout == "A" else array


def _outer(plan: Plan, left: Value, right: Value) -> Value:
    column = expanded(plan.builder, left, [FULL, NEW_AXIS])
    row = expanded(plan.builder, right, [NEW_AXIS, FULL])
    return plan.builder.call(np.multiply, column, row)


def _product_of(
    plan: Plan,
    left: Value,
    right: Value,
    like: Value,
    function: Callable[..., Any] = np.matmul,
    static: Static = (),
) -> Value:
    name = wish(plan, like)
    type = Array(like.type.dtype, len(like.shape))
    shape = left.shape[:-1] + right.shape[1:]
    return plan.builder.call(
        function, left, right, name=name, type=type, shape=shape, static=static
    )
