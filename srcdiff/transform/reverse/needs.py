"""What the adjoint sweep needs of the primal sweep: still there, made again, or kept."""

from dataclasses import replace

import numpy as np

from srcdiff.analysis.dataflow import Definition
from srcdiff.analysis.dependence import Access
from srcdiff.analysis.loops import counter_step, roles
from srcdiff.errors import InternalError
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Alloc,
    Broadcast,
    Call,
    Carried,
    Const,
    For,
    How,
    Index,
    Item,
    Load,
    Operand,
    Reshape,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import Array, Type
from srcdiff.ir.walk import operands
from srcdiff.transform.reverse.again import is_dear, is_free, leaves, price
from srcdiff.transform.reverse.delayed import delayed
from srcdiff.transform.reverse.plan import Frame, NotForwards, Plan, Room, Rows, Slot, Tape
from srcdiff.transform.reverse.rooms import make_rows, row_index, row_view
from srcdiff.transform.reverse.stored import left, stored
from srcdiff.transform.reverse.tapes import Pop


def need(plan: Plan, operand: Operand) -> Operand:
    """Return what stands for a primal operand at this point of the adjoint sweep."""
    if isinstance(operand, Const):
        return operand
    depth = plan.depth_of(operand)
    frame = plan.stack[depth]
    if frame.kind == "region":
        return operand
    if operand not in frame.available:
        frame.available[operand] = _provide(plan, operand, depth)
    return frame.available[operand]


def need_value(plan: Plan, value: Value) -> Value:
    """Return what stands for an array."""
    result = need(plan, value)
    assert isinstance(result, Value)
    return result


def _provide(plan: Plan, value: Value, depth: int) -> Operand:
    frame = plan.stack[depth]
    definition = plan.definition(value)
    counted = _count_back(plan, value, definition, depth)
    if counted is not None:
        return counted
    older = delayed(plan, value, definition, depth, need)
    if older is not None:
        return older
    wanted = leaves(plan, value, {})
    view = isinstance(definition.statement, View) and plan.aliases.is_memory(value)
    again = view or (wanted is not None and not is_dear(definition, plan.flow))
    behind = None if view else left(plan, value, definition, frame)
    if behind is not None and (not again or _costs(plan, behind, value)):
        block, position = definition.block, definition.block.statements.index(behind)
        plan.reads.append(Access(behind.ref, behind.indices, block, position + 1))
        return _load(plan, behind, frame, value.name)
    if again and value.type.dtype.kind == "b" and not is_free(plan, value, value):
        return _keep(plan, value, depth)
    if again:
        return _make_again(plan, definition, frame)  # a copy would not be a view
    kept_anyway = stored(plan, value, definition, depth)
    if kept_anyway is not None:
        return _load(plan, kept_anyway, frame, value.name)
    return _keep(plan, value, depth)


def _costs(plan: Plan, store: Store, value: Value) -> bool:
    """Say whether making a value again needs what is kept, or what a store may have overwritten."""
    root, cost = plan.aliases.root(store.ref), price(plan, value)
    return bool(cost.kept) or any(plan.aliases.root(read.ref) is root for read in cost.reads)


def _load(plan: Plan, store: Store, frame: Frame, name: str) -> Operand:
    """Read again what was stored."""
    indices = tuple(need(plan, index) for index in store.indices)
    return frame.builder.load(need_value(plan, store.ref), indices, name)


# ---- made again ----


def _make_again(plan: Plan, definition: Definition, frame: Frame) -> Value:
    statement = definition.statement
    assert isinstance(statement, Call | Load | View)
    if not isinstance(statement, View):
        for operand in operands(statement):
            if isinstance(operand, Value) and not _is_shape(statement):
                reads(plan, operand, frame, statement)
    new: dict[Operand, Operand] = {o: need(plan, o) for o in operands(statement)}
    asked: list[Call] = []
    shape = tuple(_new_extent(plan, statement.out, e, frame, asked) for e in statement.out.shape)
    out = Value(statement.out.name, statement.out.type, shape)
    match statement:
        case Call():
            again: Call | Load | View = replace(
                statement, out=out, args=tuple(new[a] for a in statement.args)
            )
        case Load():
            indices = tuple(new[i] for i in statement.indices)
            ref = need_value(plan, statement.ref)
            again = replace(statement, out=out, ref=ref, indices=indices)
        case View():
            ref = need_value(plan, statement.ref)
            again = replace(statement, out=out, ref=ref, how=renew(plan, statement.how))
    frame.builder.append(replace(again, origin=replace(statement.origin, sweep="adjoint")))
    frame.builder.statements += [replace(a, args=(out,)) for a in asked]
    return out


def _new_extent(
    plan: Plan, array: Value, extent: Operand, frame: Frame, asked: list[Call]
) -> Operand:
    """Return an extent of an array that is made again; one that was asked is asked again."""
    if isinstance(extent, Const):
        return extent
    statement = plan.flow.definitions[extent].statement
    if not (isinstance(statement, Call) and statement.args == (array,)):
        return need(plan, extent)
    if frame.kind == "region":
        return extent
    fresh = Value(extent.name, extent.type)
    asked.append(replace(statement, out=fresh))
    frame.available.setdefault(extent, fresh)
    return fresh


def _is_shape(statement: Call | Load | View) -> bool:
    return isinstance(statement, Call) and statement.function is np.shape


def reads(plan: Plan, operand: Operand, frame: Frame, statement: Statement | None = None) -> None:
    """Note that the adjoint sweep reads the contents of `operand` as they are here.

    A `Load` reads one element. What the primal sweep of a region reads is not read again: it
    stands there already.
    """
    if isinstance(operand, Value) and plan.aliases.is_memory(operand):
        indices = statement.indices if isinstance(statement, Load) else ()
        plan.reads.append(Access(operand, indices, *frame.point))


def contents(plan: Plan, operand: Operand) -> Operand:
    """Return an operand whose contents, too, are those that the present statement found."""
    reads(plan, operand, plan.top)
    return need(plan, operand)


def result(plan: Plan, value: Value) -> Operand:
    """Return what the present statement has made, with the contents that it had then."""
    if plan.aliases.is_memory(value):
        block, position = plan.top.point
        plan.reads.append(Access(value, (), block, position + 1))
    return need(plan, value)


def renew(plan: Plan, how: How) -> How:
    """Return a way of viewing with operands that exist at this point of the adjoint sweep."""
    match how:
        case Index(items=items):
            return Index(tuple(_renew_item(plan, item) for item in items))
        case Transpose() | Reshape() | Broadcast():
            return how


def _renew_item(plan: Plan, item: Item) -> Item:
    match item:
        case Value() | Const():
            return need(plan, item)
        case Slice(start=start, stop=stop, step=step):
            parts = [None if p is None else need(plan, p) for p in (start, stop, step)]
            return Slice(*parts)
    return item


# ---- counted back ----


def _count_back(plan: Plan, value: Value, definition: Definition, depth: int) -> Operand | None:
    """Return an integer that follows from counting, in the direction that the loop runs now."""
    frame, loop = plan.stack[depth], definition.statement
    if definition.kind != "phi" or not isinstance(loop, For | While):
        return None
    entry = next(e for e in loop.carried if e.phi is value)
    if frame.forwards:
        return (
            _count_again(plan, entry, depth) if roles(loop, plan.flow)[entry] == "counter" else None
        )
    step = counter_step(loop, entry, plan.flow)
    if step is None:
        return None
    phi = Value(value.name, value.type)
    inside = frame.head.call(np.subtract, phi, step, name=value.name, type=value.type, shape=())
    init = _outside(plan, entry.out, depth)
    frame.counters.append(Carried(phi, init, inside, Value(value.name, value.type)))
    if isinstance(entry.next, Value):
        frame.available.setdefault(entry.next, phi)
    return inside


def _count_again(plan: Plan, entry: Carried, depth: int) -> Operand:
    """Carry a counter through a loop that runs forwards; its step follows at the loop's end."""
    phi = Value(entry.phi.name, entry.phi.type)
    out = Value(entry.out.name, entry.out.type)
    init = _outside(plan, entry.init, depth)
    plan.stack[depth].counters.append(Carried(phi, init, entry.next, out))
    return phi


def _outside(plan: Plan, operand: Operand, depth: int) -> Operand:
    """Return what stands for `operand` just outside of the frame at `depth`."""
    inner, plan.stack[depth:] = plan.stack[depth:], []
    try:
        return need(plan, operand)
    finally:
        plan.stack += inner


# ---- kept ----


def _keep(plan: Plan, value: Value, depth: int) -> Operand:
    """Keep a value at its definition; the reversed block begins with taking it back."""
    definition = plan.flow.definitions[value]
    frame = plan.stack[depth]
    statement = definition.statement
    if plan.aliases.is_memory(value) or isinstance(statement, Alloc):
        return _expand(plan, value, depth)
    if value not in plan.kept:
        plan.kept[value] = make_room(plan, depth, value, _note(value, definition))
    taken = take_back(plan, plan.kept[value], frame.head, depth, value)
    frame.at_head[value] = taken  # an extent is not taken from its tape twice
    if isinstance(value.type, Array) and value.type.layout == "F" and isinstance(taken, Value):
        return frame.head.ordered(taken, value.type)
    return taken


def make_room(plan: Plan, depth: int, like: Value, note: str) -> Room:
    """Return room for something like `like`, once for each run of the block at `depth`.

    `note` says what is kept there; it stands in the text where the room is made.
    """
    frame = plan.stack[depth]
    region = plan.stack[plan.region_of(depth)]
    name = f"{like.name.lstrip('_')}_saved"
    late = 0 if is_array(like) else plan.older.get(like, 0)
    rows = make_rows(plan, frame.block, region, like, name, note, late)
    if rows is not None:
        return rows
    looped = any(f.kind == "loop" for f in plan.stack[plan.region_of(depth) + 1 : depth + 1])
    if not looped:
        return Slot(name, like)
    for around_frame in plan.stack[plan.region_of(depth) : depth + 1]:
        if around_frame.kind == "loop" and around_frame.forwards and around_frame.loop:
            raise NotForwards(around_frame.loop)
    return Tape(f"{like.name.lstrip('_')}_tape", like, note)


def _note(value: Value, definition: Definition) -> str:
    """Say what is kept: a value, as the line that defines it leaves it."""
    statement = definition.statement
    span = statement.origin.span if statement is not None else None
    where = f" of line {span.line}" if span is not None else ""
    what = f"`{value.name}`" if not value.name.startswith("_") else "a value"
    return f"keeps {what}{where}"


def take_back(plan: Plan, room: Room, builder: Builder, depth: int, like: Value) -> Operand:
    """Append what reads the present entry of a room."""
    at_head = builder is plan.stack[depth].head
    extent = _head_extent if at_head else _present_extent
    shape = tuple(extent(plan, each, depth) for each in like.shape)
    match room:
        case Rows():
            index = row_index(builder, room, lambda counter: need(plan, counter))
            if is_array(like):
                return row_view(builder, room, index, shape, like.name)
            return builder.load(room.buffer, index, like.name)
        case Slot() | Tape():
            out = Value(like.name, _kept_type(like, room), shape)
            builder.append(Pop(room, out))  # type: ignore[arg-type]
            return out


def _kept_type(like: Value, room: Room) -> Type:
    """Return the type in which something comes back: arrays from a tape are in C order."""
    if isinstance(like.type, Array) and isinstance(room, Tape):
        return Array(like.type.dtype, like.type.ndim)
    return like.type


def _present_extent(plan: Plan, extent: Operand, depth: int) -> Operand:
    del depth
    return need(plan, extent)


def _head_extent(plan: Plan, extent: Operand, depth: int) -> Operand:
    """Return an extent at the head of the frame at `depth`, where nothing is made again yet."""
    frame = plan.stack[depth]
    if isinstance(extent, Const) or frame.kind == "region" or plan.depth_of(extent) < depth:
        return need(plan, extent)
    if extent not in frame.at_head:
        if extent not in plan.kept:
            definition = plan.flow.definitions[extent]
            plan.kept[extent] = make_room(plan, depth, extent, _note(extent, definition))
        taken = take_back(plan, plan.kept[extent], frame.head, depth, extent)
        frame.at_head[extent] = taken
        frame.available.setdefault(extent, taken)
    return frame.at_head[extent]


def _expand(plan: Plan, value: Value, depth: int) -> Operand:
    """Keep memory that an iteration makes: each iteration gets a row of one array."""
    definition = plan.flow.definitions[value]
    if definition.kind != "simple":
        raise InternalError(f"`{value.name}` is rebound to memory that is written.")
    if value not in plan.expanded:
        note = f"keeps `{value.name.lstrip('_')}` of each iteration"
        plan.expanded[value] = make_room(plan, depth, value, note)
    return take_back(plan, plan.expanded[value], plan.stack[depth].head, depth, value)
