"""The primal sweep of a region: the primal's statements, and the saves that were asked for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    For,
    If,
    Increment,
    Index,
    Item,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import Array, Scalar
from srcdiff.ir.walk import definitions
from srcdiff.rules import elementwise_rule
from srcdiff.transform.partials import choose
from srcdiff.transform.reverse.delayed import put_beginnings
from srcdiff.transform.reverse.plan import Frame, Plan, Room, Rows, Section, Slot
from srcdiff.transform.reverse.rooms import FULL, row_index, row_view
from srcdiff.transform.reverse.tapes import Push, Reserve


def primal_sweep(plan: Plan, block: Block, region: Frame) -> list[Statement]:
    """Return the statements of a region's block with what was decided in reversing it."""
    result: list[Statement] = []
    for statement in block.statements:
        if statement in region.before:
            result += region.before[statement].statements
        if statement in region.replaced:
            result += region.replaced[statement]
        else:
            result += _with_saves(plan, statement)
    return result


def _block(plan: Plan, block: Block, entering: Sequence[Value] = ()) -> Block:
    """Return a nested block; what it is entered with may be kept, too."""
    builder = Builder()
    for value in entering:
        if not _is_asked(plan, value):
            _keep(plan, builder, value)
    for statement in block.statements:
        builder.statements += _with_saves(plan, statement)
    return Block(tuple(builder.statements))


def _with_saves(plan: Plan, statement: Statement) -> list[Statement]:
    builder = Builder()
    if isinstance(statement, Store | Increment) and statement in plan.saved:
        _save_overwritten(plan, builder, statement)
    for section, room in plan.cut.items():
        if section.loop is statement:
            _save_section(plan, builder, section, room)
    match statement:
        case Alloc(out=out) | Call(out=out) if out in plan.expanded:
            _expanded(plan, builder, statement)
        case If(then=then, orelse=orelse):
            builder.append(replace(statement, then=_block(plan, then), orelse=_block(plan, orelse)))
        case For(index=index, carried=carried, body=body):
            entering = [index, *(entry.phi for entry in carried)]
            put_beginnings(plan, builder, statement)
            builder.append(replace(statement, body=_block(plan, body, entering)))
        case While(carried=carried, head=head, body=body):
            phis = [entry.phi for entry in carried]
            new_head = _block(plan, head)
            new_body = _block(plan, body, [*phis, *_defined(head)])
            builder.append(replace(statement, head=new_head, body=new_body))
        case _:
            builder.append(statement)
    if isinstance(statement, Call) and statement in plan.chosen:
        _keep_choice(plan, builder, statement)
    for value in definitions(statement):
        if not _is_asked(plan, value):
            _keep(plan, builder, value)
    if isinstance(statement, Call) and statement.function is np.shape:
        _keep_array(plan, builder, statement)
    return builder.statements


def _is_asked(plan: Plan, value: Value) -> bool:
    """Say whether extents of a value are asked of it by statements that follow its definition."""
    return any(_asks(plan, extent, value) for extent in value.shape)


def _asks(plan: Plan, extent: Operand, value: Value) -> bool:
    definition = plan.flow.definitions.get(extent) if isinstance(extent, Value) else None
    statement = definition.statement if definition is not None else None
    return isinstance(statement, Call) and statement.args == (value,)


def _keep_array(plan: Plan, builder: Builder, call: Call) -> None:
    """Keep an array once the last of its extents is known."""
    (array,) = call.args
    assert isinstance(array, Value)
    asked = [extent for extent in array.shape if _asks(plan, extent, array)]
    places = {extent: plan.flow.definitions[extent].position for extent in asked}  # type: ignore[index]
    if asked and max(asked, key=places.__getitem__) is call.out:
        _keep(plan, builder, array)


def _defined(head: Block) -> list[Value]:
    return [value for statement in head.statements for value in definitions(statement)]


def _keep(plan: Plan, builder: Builder, value: Value) -> None:
    if value in plan.kept:
        put(plan, builder, plan.kept[value], value)


def _keep_choice(plan: Plan, builder: Builder, call: Call) -> None:
    """Keep by which condition a call took one of its arguments."""
    rule = elementwise_rule(call.function)
    assert rule is not None and rule.choice is not None
    put(plan, builder, plan.chosen[call], choose(builder, call, rule.choice))


def put(plan: Plan, builder: Builder, room: Room, value: Operand) -> None:
    """Append what puts `value` into the present entry of a room."""
    match room:
        case Rows():
            index = row_index(builder, room, lambda counter: counter)
            if isinstance(value, Value) and is_array(value):
                view = row_view(builder, room, index, value.shape, f"_{room.buffer.name}")
                builder.store(view, (), value)
            else:
                builder.store(room.buffer, index, value)
        case _:
            builder.append(Push(room, value))  # type: ignore[arg-type]


def _save_overwritten(plan: Plan, builder: Builder, write: Store | Increment) -> None:
    room = plan.saved[write]
    if write.indices:
        old = Value("_old", Scalar(write.ref.type.dtype))
        builder.append(Load(old, write.ref, write.indices, builder.origin))
        put(plan, builder, room, old)
    elif isinstance(room, Rows):
        put(plan, builder, room, write.ref)
    else:
        put(plan, builder, room, builder.copy(write.ref))


def _save_section(plan: Plan, builder: Builder, section: Section, room: Room) -> None:
    """Save elements once that a loop, which follows, overwrites."""
    ref, items = section.ref, section.items
    if not section.shape:
        old = Value("_old", Scalar(ref.type.dtype))
        builder.append(Load(old, ref, items, builder.origin))  # type: ignore[arg-type]
        put(plan, builder, room, old)
        return
    type = Array(ref.type.dtype, len(section.shape), "A")
    view = builder.view(ref, Index(items), type, section.shape)
    put(plan, builder, room, view if isinstance(room, Rows) else builder.copy(view))


def _expanded(plan: Plan, builder: Builder, statement: Alloc | Call) -> None:
    """Give memory that must outlive its iteration a room of its own, and `out` refers to it."""
    out, room = statement.out, plan.expanded[statement.out]
    if isinstance(room, Slot):
        builder.append(statement)
        builder.append(Push(room, out))  # type: ignore[arg-type]
        return
    source = statement.fill if isinstance(statement, Alloc) else _renamed(builder, statement)
    builder.origin = statement.origin
    if isinstance(room, Rows):
        index = row_index(builder, room, lambda counter: counter)
        items: list[Item] = [*index, *[FULL] * len(out.shape)]
        builder.append(View(out, room.buffer, Index(tuple(items)), builder.origin))
    else:
        builder.append(Reserve(room, out))  # type: ignore[arg-type]
    if source is not None:
        builder.store(out, (), source)


def _renamed(builder: Builder, call: Call) -> Value:
    """Append a call under another name."""
    source = Value(f"_{call.out.name.lstrip('_')}", call.out.type, call.out.shape)
    builder.append(replace(call, out=source))
    return source
