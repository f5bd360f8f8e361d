"""Adjoints: SSA values for scalars and arrays that are values, shadows for all other arrays.

A contribution to a value from outside of the block being reversed is carried by the loops, and
joined by the branches, between the two.
"""

import numpy as np

from srcdiff.analysis.dataflow import Use
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.build import Builder, constant, same
from srcdiff.ir.layout import view_layout
from srcdiff.ir.nodes import (
    Block,
    Broadcast,
    Call,
    Derive,
    For,
    If,
    Load,
    Operand,
    Transpose,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.recursion import is_recursive_call
from srcdiff.ir.types import Array, Scalar
from srcdiff.transform.partials import added, reduce_to
from srcdiff.transform.reverse.needs import need, renew
from srcdiff.transform.reverse.plan import Frame, Plan


def bar_name(value: Value) -> str:
    return f"{value.name}_bar"


def has_shadow(plan: Plan, value: Value) -> bool:
    """Say whether an array's adjoint is memory: it is written, indexed, viewed, or far used."""
    if not is_array(value):
        return False
    if value not in plan.shadowed:
        plan.shadowed[value] = _has_shadow(plan, value)
    return plan.shadowed[value]


def _has_shadow(plan: Plan, value: Value) -> bool:
    if plan.aliases.is_memory(value):
        return True
    definition = plan.flow.definitions[value]
    if isinstance(definition.statement, View) and definition.kind == "simple":
        return not isinstance(definition.statement.how, Broadcast)
    return any(_asks_for_memory(use, definition.block) for use in plan.flow.uses.get(value, []))


def _asks_for_memory(use: Use, block: Block) -> bool:
    match use.statement:
        case Load() | View():
            return not (
                isinstance(use.statement, View) and isinstance(use.statement.how, Broadcast)
            )
        case Call(function=np.shape):
            return False
        case If() | For() | While():
            return False
        case Derive() if is_recursive_call(use.statement):
            return True
    return use.block is not block


# ---- shadows ----


def shadow(plan: Plan, value: Value) -> Value:
    """Return the reference to the adjoint of an array, made where its block is reversed."""
    depth = plan.depth_of(value)
    frame = plan.stack[depth]
    if value not in frame.shadows:
        frame.shadows[value] = _make_shadow(plan, value, frame)
        root = plan.shadow_roots
        made = frame.shadows[value]
        definition = plan.flow.definitions[value]
        base = definition.statement
        view = isinstance(base, View) and definition.kind == "simple"
        root[made] = root[shadow(plan, base.ref)] if view else made  # type: ignore[union-attr]
    return frame.shadows[value]


def _make_shadow(plan: Plan, value: Value, frame: Frame) -> Value:
    definition = plan.flow.definitions[value]
    statement = definition.statement
    if plan.aliases.is_memory(value) and plan.aliases.is_bound(value):
        span = statement.origin.span if statement is not None else plan.function.span
        raise UnsupportedSyntax(
            f"`{value.name.lstrip('_')}` is rebound to different memory that is written.",
            span,
            "Give each array a name of its own.",
        )
    if isinstance(statement, View) and definition.kind == "simple":
        base = shadow(plan, statement.ref)
        shape = tuple(need(plan, extent) for extent in value.shape)
        assert isinstance(base.type, Array)
        layout = view_layout(base.type, statement.how)
        type = Array(value.type.dtype, len(shape), layout)
        return frame.place.view(base, renew(plan, statement.how), type, shape, bar_name(value))
    shape = tuple(need(plan, extent) for extent in value.shape)
    return zeros(frame.place, value, shape)


def zeros(builder: Builder, value: Value, shape: tuple[Operand, ...]) -> Value:
    """Append a shadow of zeros, in the memory order of its primal."""
    assert isinstance(value.type, Array)
    if value.type.layout != "F":
        return builder.zeros(shape, value.type.dtype, bar_name(value))
    swapped = builder.zeros(shape[::-1], value.type.dtype)
    axes = tuple(range(len(shape)))[::-1]
    return builder.view(swapped, Transpose(axes), value.type, shape, bar_name(value))


# ---- contributions ----


def add(plan: Plan, operand: Operand, contribution: Operand) -> None:
    """Add to the adjoint of `operand`; an array contribution has its shape or broadcasts to it."""
    if not isinstance(operand, Value) or not plan.activity.is_active(operand):
        return
    if has_shadow(plan, operand):
        plan.builder.increment(shadow(plan, operand), (), contribution)
        return
    current = lookup(plan, operand, len(plan.stack) - 1)
    if current is not None:
        contribution = added(plan.builder, current, contribution, bar_name(operand))
    plan.top.bars[operand] = contribution


def add_reduced(plan: Plan, operand: Operand, contribution: Operand, out: Value) -> None:
    """Add a contribution for each element of `out`, which `operand` was broadcast to."""
    if isinstance(operand, Value) and plan.activity.is_active(operand):
        shape = tuple(need(plan, extent) for extent in out.shape)
        name = wish(plan, operand)
        add(plan, operand, reduce_to(plan.builder, contribution, shape, operand, name))


def wish(plan: Plan, operand: Operand) -> str:
    """Return the name for a contribution: that of the adjoint if it is the first one."""
    if not isinstance(operand, Value) or has_shadow(plan, operand):
        return "_t"
    if not plan.activity.is_active(operand) or operand in plan.top.bars:
        return "_t"
    return bar_name(operand) if plan.depth_of(operand) == len(plan.stack) - 1 else "_t"


def bar_of(plan: Plan, value: Value) -> Operand | None:
    """Return the adjoint of a value of the block being reversed, None if it is zero."""
    if not plan.activity.is_active(value):
        return None
    if has_shadow(plan, value):
        return plan.stack[plan.depth_of(value)].shadows.get(value) and shadow(plan, value)
    return plan.top.bars.get(value)


def lookup(plan: Plan, value: Value, depth: int) -> Operand | None:
    """Return the adjoint so far; a loop between here and the definition starts to carry it."""
    frame = plan.stack[depth]
    if value in frame.bars:
        return frame.bars[value]
    if plan.depth_of(value) >= depth:
        return None
    outer = lookup(plan, value, depth - 1)
    if frame.loop is None:
        return outer
    if outer is None:
        outer = zero_like(plan, value, plan.stack[depth - 1].place)
    shape = outer.shape if isinstance(outer, Value) else ()
    phi = Value(bar_name(value), Scalar(value.type.dtype) if not shape else outer.type, shape)
    frame.carried[value] = (phi, outer)
    frame.bars[value] = phi
    return phi


def zero_like(plan: Plan, value: Value, builder: Builder) -> Operand:
    """Return a zero of the dtype and shape of `value`."""
    if not is_array(value):
        return constant(0, Scalar(value.type.dtype))
    return builder.zeros(
        tuple(need(plan, e) for e in value.shape), value.type.dtype, bar_name(value)
    )


def full_array(
    plan: Plan, value: Value, bar: Operand | None, builder: Builder | None = None
) -> Value:
    """Return an adjoint as an array of the shape of `value`: a broadcast one is written out."""
    builder = plan.builder if builder is None else builder
    shape = tuple(need(plan, extent) for extent in value.shape)
    if bar is None:
        return zeros(builder, value, shape)
    if isinstance(bar, Value) and is_array(bar) and len(bar.shape) == len(shape):
        if all(map(same, bar.shape, shape)) or _agrees(bar, shape):
            return bar
    full = builder.alloc(shape, value.type.dtype, None, bar_name(value))
    builder.store(full, (), bar)
    return full


def _agrees(bar: Value, shape: tuple[Operand, ...]) -> bool:
    """Extents that were guarded to be equal may differ as operands; only a 1 is broadcast."""
    one = [getattr(extent, "value", None) == 1 for extent in bar.shape]
    wanted = [getattr(extent, "value", None) == 1 for extent in shape]
    return one == wanted


def snapshot(plan: Plan, value: Value, array: Operand) -> Operand:
    """Return the contents of a shadow as they are now, for the adjoint of `value`."""
    if not isinstance(array, Value) or not is_array(array):
        return array
    return plan.builder.copy(array, wish(plan, value))
