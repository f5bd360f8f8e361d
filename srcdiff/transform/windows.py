"""Which part of an array some iterations of a loop touch: see `transform.checkpoint`.

    for i in range(1, n):                  iterations from `first` on, `trips` of them, touch
        h[i] = f(h[i - 1], x[i])     ->    h[first - 1 : first + trips] and x[first : first + trips]

So a segment of the loop is handed these parts, and what is kept and added up for a segment is as
long as it. An index must never be negative: it would count from the end of the array.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.layout import view_layout
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Increment,
    Index,
    Item,
    Load,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
    While,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import definitions, operands, rewrite, statements

FULL = Slice(None, None, None)
Access = Load | Store | Increment | View


@dataclass(frozen=True, eq=False)
class Window:
    """The iteration i touches the elements from `i + low` to `i + high` of an axis."""

    axis: int
    low: int
    high: int


def windows(loop: For | While, arrays: Iterable[Value], flow: Dataflow) -> dict[Value, Window]:
    """Return the windows of those `arrays` of which each iteration touches such a part alone."""
    if not isinstance(loop, For):
        return {}
    found = ((array, _window(loop, array, flow)) for array in arrays)
    return {array: window for array, window in found if window is not None}


def _window(loop: For, array: Value, flow: Dataflow) -> Window | None:
    accesses = [s for s in statements(loop.body) if array in _mentioned(s)]
    for axis in range(len(array.shape)):
        offsets = [_offset(loop, each, array, axis, flow) for each in accesses]
        known = [offset for offset in offsets if offset is not None]
        if known and len(known) == len(offsets) and _least(loop, min(known)) >= 0:
            return Window(axis, min(known), max(known))
    return None


def _mentioned(statement: Statement) -> tuple[Operand, ...]:
    """Return what a statement refers to, in extents of what it defines as well."""
    return (*operands(statement), *(e for v in definitions(statement) for e in v.shape))


def _least(loop: For, offset: int) -> int:
    """Return the least counter plus an offset, -1 if that is not known."""
    if is_constant(loop.step, 1) and isinstance(loop.start, Const):
        return int(loop.start.value) + offset
    if is_constant(loop.step, -1) and isinstance(loop.stop, Const):
        return int(loop.stop.value) + 1 + offset
    return -1


def _offset(loop: For, statement: Statement, array: Value, axis: int, flow: Dataflow) -> int | None:
    """Return by how much an access is off the counter at `axis`; None: it is no such access."""
    if not isinstance(statement, Access) or statement.ref is not array:
        return None
    if isinstance(statement, Store | Increment) and statement.value is array:
        return None
    items = _items(statement)
    return None if axis >= len(items) else _beyond(loop, items[axis], flow)


def _items(access: Access) -> tuple[Item, ...]:
    """Return the index of an access, if it has one item for each axis."""
    if not isinstance(access, View):
        return access.indices
    if not isinstance(access.how, Index) or len(access.how.items) != len(access.ref.shape):
        return ()
    return access.how.items


def _beyond(loop: For, item: Item, flow: Dataflow) -> int | None:
    if item is loop.index:
        return 0
    definition = flow.definitions.get(item) if isinstance(item, Value) else None
    match definition.statement if definition is not None else None:
        case Call(function=np.add, args=(left, Const(value=int() as by))) if left is loop.index:
            return by
        case Call(function=np.add, args=(Const(value=int() as by), right)) if right is loop.index:
            return by
        case Call(function=np.subtract, args=(left, Const(value=int() as by))) if (
            left is loop.index
        ):
            return -by
    return None


# ---- inside of a segment, and around it ----


def narrowed(
    loop: For | While, found: Mapping[Value, Window], trip: Operand, flow: Dataflow
) -> Block:
    """Return the body of a loop for windows as arrays; `trip` counts from the least index on."""
    if not isinstance(loop, For) or not found:
        return loop.body

    def change(statement: Statement) -> list[Statement]:
        if not isinstance(statement, Access) or statement.ref not in found:
            return [statement]
        window, builder = found[statement.ref], Builder(statement.origin)
        offset = _offset(loop, statement, statement.ref, window.axis, flow)
        assert offset is not None
        place = builder.fold(np.add, trip, integer(offset - window.low), name="_k")
        return [*builder.statements, _moved(statement, window.axis, place)]

    return rewrite(loop.body, change)


def _moved(access: Access, axis: int, place: Operand) -> Statement:
    """Return an access at another place of an axis."""
    if not isinstance(access, View):
        indices = access.indices
        return replace(access, indices=(*indices[:axis], place, *indices[axis + 1 :]))
    items = _items(access)
    return replace(access, how=Index((*items[:axis], place, *items[axis + 1 :])))


def opened(builder: Builder, array: Value, window: Window, least: Operand, trips: Operand) -> Value:
    """Append the view of the part of an array that iterations with counters from `least` touch."""
    extent = array.shape[window.axis]
    low = builder.fold(np.add, least, integer(window.low), name="_low")
    end = builder.fold(np.add, least, trips)
    end = builder.fold(np.add, end, integer(window.high), name="_high")
    high = builder.fold(min, end, extent, name="_high")
    size = builder.fold(max, builder.fold(np.subtract, high, low), integer(0), name="_width")
    items: list[Item] = [FULL] * len(array.shape)
    items[window.axis] = Slice(low, high, None)
    shape = (*array.shape[: window.axis], size, *array.shape[window.axis + 1 :])
    how = Index(tuple(items))
    assert isinstance(array.type, Array)
    type = Array(array.type.dtype, len(shape), view_layout(array.type, how))
    return builder.view(array, how, type, shape, array.name)
