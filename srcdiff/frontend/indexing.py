"""Indexing: elements are loads and stores, everything else is a view first."""

import ast
from collections.abc import Sequence

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.arithmetic import is_integer, require_equal, require_least
from srcdiff.frontend.context import Context, Entity, Record, Static, is_list, row
from srcdiff.ir.build import integer, is_constant
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Const,
    Index,
    Item,
    NewAxis,
    Operand,
    Reshape,
    Slice,
    Transpose,
    Value,
    is_array,
)
from srcdiff.ir.types import Array, Layout
from srcdiff.words import MAYBE_VIEW


def parse(c: Context, node: ast.Subscript, array: Value) -> list[Item]:
    """Return the items of an index, one for each axis, `...` and missing axes filled in."""
    assert isinstance(array.type, Array)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    items: list[Item | None] = []
    for part in parts:
        items += _item(c, part)
    used = sum(item is not None and not isinstance(item, NewAxis) for item in items)
    missing = array.type.ndim - used
    if missing < 0 or items.count(None) > 1:
        c.fail(
            node,
            f"Too many indices: this array has {array.type.ndim} axes.",
            "Index it with at most as many indices as it has axes.",
        )
    fill: list[Item] = [Slice(None, None, None)] * missing
    if None not in items:
        return [item for item in items if item is not None] + fill
    at = items.index(None)
    return (
        [i for i in items[:at] if i is not None] + fill + [i for i in items[at:] if i is not None]
    )


def _item(c: Context, part: ast.expr) -> list[Item | None]:
    """Return the items of one part of an index; None stands for `...`."""
    if isinstance(part, ast.Slice):
        bounds = [None if b is None else _bound(c, b) for b in (part.lower, part.upper, part.step)]
        if is_constant(bounds[2] or integer(1), 0):
            c.fail(part, "A slice step cannot be zero.", "Give a step other than 0.")
        return [Slice(*bounds)]
    return _entity_items(c, part, c.evaluate(c, part, "_i"))


def _entity_items(c: Context, part: ast.expr, entity: Entity) -> list[Item | None]:
    match entity:
        case Static(value=None):
            return [NEW_AXIS]
        case Static(value=value) if value is Ellipsis:
            return [None]
        case tuple() | Record() if (items := row(entity)) is not None and not is_list(entity):
            return [item for each in items for item in _entity_items(c, part, each)]
        case Value() | Const() if is_integer(entity) and entity.type.dtype.kind in "iu":
            return [entity]
        case Value() if is_array(entity) and entity.type.dtype.kind in "iu":
            return [entity]
    c.fail(
        part,
        "This is not an index: integers, slices, None and ... are.",
        "Convert a float with `int(...)`; boolean masks are not supported yet.",
    )


def _bound(c: Context, node: ast.expr) -> Operand | None:
    entity = c.evaluate(c, node, "_i")
    if isinstance(entity, Static) and entity.value is None:
        return None
    if isinstance(entity, Value | Const) and is_integer(entity):
        return entity
    c.fail(node, "A slice bound must be an integer.", "Convert it with `int(...)`.")


def is_element(items: Sequence[Item]) -> bool:
    """Say whether an index names one element."""
    return all(isinstance(item, Value | Const) and not is_array(item) for item in items)


def has_arrays(items: Sequence[Item]) -> bool:
    """Say whether an index holds an array of integers."""
    return any(isinstance(item, Value) and is_array(item) for item in items)


def check_bounds(c: Context, node: ast.AST, array: Value, items: Sequence[Item]) -> None:
    """Guard literal indices: the adjoint would write where they point."""
    axes = [item for item in items if not isinstance(item, NewAxis)]
    for item, extent in zip(axes, array.shape, strict=True):
        if isinstance(item, Const):
            require_least(c, node, extent, item.value + 1 if item.value >= 0 else -item.value)


def element(items: Sequence[Item]) -> tuple[Operand, ...]:
    """Return the items of an index that names one element."""
    return tuple(item for item in items if isinstance(item, Value | Const))


def view(c: Context, node: ast.AST, array: Value, items: Sequence[Item], name: str) -> Value:
    """Return the view that basic indexing gives."""
    assert isinstance(array.type, Array)
    check_bounds(c, node, array, items)
    shape: list[Operand | None] = []
    axes = iter(array.shape)
    for item in items:
        match item:
            case NewAxis():
                shape.append(integer(1))
            case Slice():
                shape.append(_slice_extent(c, node, item, next(axes)))
            case _:
                next(axes)
    type = Array(array.type.dtype, len(shape), _layout(array.type, items))
    unknown = [Value("_n", integer(0).type) if extent is None else extent for extent in shape]
    out = c.builder.view(array, Index(tuple(items)), type, tuple(unknown), name)
    _define_extents(c, array, items, out, shape)
    return out


def _define_extents(
    c: Context, array: Value, items: Sequence[Item], out: Value, shape: Sequence[Operand | None]
) -> None:
    """Let the run time say the extents that are not known from the index."""
    slices = [item for item in items if isinstance(item, NewAxis | Slice)]
    for axis, (extent, item) in enumerate(zip(shape, slices, strict=True)):
        if extent is not None:
            continue
        value = out.shape[axis]
        assert isinstance(value, Value)
        c.builder.call_into(value, np.shape, (out,), (("axis", axis),))
        source = array.shape[_axis_of(items, item)]
        c.facts.known[_slice_key(c, item, source)] = value


def _axis_of(items: Sequence[Item], wanted: Item) -> int:
    axis = 0
    for item in items:
        if item is wanted:
            break
        axis += not isinstance(item, NewAxis)
    return axis


def _slice_key(c: Context, item: Item, extent: Operand) -> tuple[object, ...]:
    assert isinstance(item, Slice)
    bounds = [None if b is None else c.facts.find(b) for b in (item.start, item.stop, item.step)]
    keys = [b.value if isinstance(b, Const) else b for b in (*bounds, c.facts.find(extent))]
    return ("slice", *keys)


def _one_element(c: Context, node: ast.AST, item: Slice, extent: Operand) -> bool:
    """Say whether a slice has one element for sure, as its axis is made sure to be long enough."""
    start, stop = item.start or integer(0), item.stop
    if item.step is not None or not isinstance(start, Const) or is_constant(extent):
        return False
    if start.value >= 0 and isinstance(stop, Const) and stop.value == start.value + 1:
        require_least(c, node, extent, stop.value)
        return True
    if start.value == -1 and stop is None:
        require_least(c, node, extent, 1)
        return True
    return False


def _slice_extent(c: Context, node: ast.AST, item: Slice, extent: Operand) -> Operand | None:
    """Return how many elements a slice has, None where only the run time can say."""
    if _one_element(c, node, item, extent):
        return integer(1)
    start = item.start or integer(0)
    if item.step is not None and not is_constant(item.step, 1):
        if item.start is None and item.stop is None and is_constant(item.step, -1):
            return extent
    elif isinstance(start, Const) and start.value >= 0:
        if item.stop is None or c.facts.agree(item.stop, extent):
            return extent if start.value == 0 else _shortened(c, extent, start.value)
        if isinstance(item.stop, Const) and item.stop.value < 0:
            return _shortened(c, extent, start.value - item.stop.value)
        if isinstance(item.stop, Const) and (
            c.facts.least.get(c.facts.find(extent), 0) >= item.stop.value  # type: ignore[arg-type]
            or (isinstance(extent, Const) and extent.value >= item.stop.value)
        ):
            return integer(max(item.stop.value - start.value, 0))
    return c.facts.known.get(_slice_key(c, item, extent))


def _shortened(c: Context, extent: Operand, by: int) -> Operand:
    """Return max(extent - by, 0), the same operand for the same question."""
    key = ("shortened", c.facts.find(extent), by)
    if isinstance(extent, Const):
        return integer(max(extent.value - by, 0))
    if key not in c.facts.known:
        rest = c.builder.fold(np.subtract, extent, integer(by))
        if c.facts.least.get(c.facts.find(extent), 0) < by:  # type: ignore[arg-type]
            rest = c.builder.fold(max, rest, integer(0))
        c.facts.known[key] = rest
    return c.facts.known[key]


def _layout(type: Array, items: Sequence[Item]) -> Layout:
    """Return the layout of a view: C only where leading axes alone are cut."""
    if type.layout != "C":
        return "A"
    full = [isinstance(i, Slice) and i.start is i.stop is i.step is None for i in items]
    if any(isinstance(item, NewAxis) for item in items):
        return "A"
    cut = [position for position, whole in enumerate(full) if not whole]
    if not cut:
        return "C"
    *leading, last = cut
    if any(isinstance(items[p], Slice) for p in leading) or last != len(leading):
        return "A"
    final = items[last]
    stepped = isinstance(final, Slice) and final.step is not None and not is_constant(final.step, 1)
    return "A" if stepped else "C"


def transpose(c: Context, array: Value, axes: Sequence[int], name: str = "_t") -> Value:
    """Return the view with its axes permuted."""
    assert isinstance(array.type, Array)
    if list(axes) == list(range(array.type.ndim)):
        return array
    swapped = {"C": "F", "F": "C", "A": "A"}[array.type.layout]
    layout = swapped if list(axes) == list(range(array.type.ndim))[::-1] else "A"
    type = Array(array.type.dtype, array.type.ndim, layout)  # type: ignore[arg-type]
    shape = tuple(array.shape[axis] for axis in axes)
    return c.builder.view(array, Transpose(tuple(axes)), type, shape, name)


def reshape(
    c: Context, node: ast.AST, array: Value, shape: Sequence[Operand], name: str = "_t"
) -> Value:
    """Return the array with another shape: a view where NumPy gives one, else a copy."""
    assert isinstance(array.type, Array)
    shape, layout = _resolve_unknown(c, node, array, shape), array.type.layout
    if array.type.ndim > 1 and layout == "F":
        array = c.builder.copy(array)
    elif layout == "A" or array in c.unordered:
        array = _view_or_copy(c, array)
    elif len(shape) == len(array.shape) and all(map(c.facts.agree, shape, array.shape)):
        return array
    type = Array(array.type.dtype, len(shape))
    return c.builder.view(array, Reshape(), type, tuple(shape), name)


def _view_or_copy(c: Context, array: Value) -> Value:
    """Copy an array of which only the run time knows whether NumPy would copy it.

    `transform.settle` refuses it where that makes a difference: where either is written.
    """
    assert isinstance(array.type, Array)
    type = Array(array.type.dtype, array.type.ndim)
    static = ((MAYBE_VIEW, True),)
    return c.builder.call(np.copy, array, type=type, shape=array.shape, static=static)


def _resolve_unknown(
    c: Context, node: ast.AST, array: Value, shape: Sequence[Operand]
) -> list[Operand]:
    """Replace -1 by what is left of the size, and make sure that the sizes agree."""
    total = size(c, array.shape)
    unknown = [axis for axis, extent in enumerate(shape) if is_constant(extent, -1)]
    rest = size(c, [extent for extent in shape if not is_constant(extent, -1)])
    if len(unknown) > 1:
        c.fail(node, "Only one extent of a new shape can be -1.", "Give the others.")
    if not unknown:
        require_equal(c, node, total, rest)
        return list(shape)
    return [
        c.builder.fold(np.floor_divide, total, rest) if axis in unknown else extent
        for axis, extent in enumerate(shape)
    ]


def size(c: Context, shape: Sequence[Operand]) -> Operand:
    """Return the product of extents, the same operand for the same extents."""
    result: Operand = integer(1)
    for extent in shape:
        key = ("size", _id(c, result), _id(c, extent))
        if key not in c.facts.known:
            c.facts.known[key] = c.builder.fold(np.multiply, result, extent, name="_size")
        result = c.facts.known[key]
    return result


def _id(c: Context, operand: Operand) -> object:
    operand = c.facts.find(operand)
    return operand.value if isinstance(operand, Const) else operand


def refuse_arrays(c: Context, node: ast.AST) -> None:
    """Refuse what is not built: an array of indices together with a write."""
    c.fail(
        node,
        "Writing through an array of indices is not supported yet.",
        "Write a loop over the indices.",
        UnsupportedSyntax,
    )
