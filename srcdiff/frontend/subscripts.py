"""Subscripts: what stands between the brackets, as one item for each axis of the array."""

import ast
from collections.abc import Sequence

from srcdiff.frontend.arithmetic import is_integer
from srcdiff.frontend.arrays import array as array_of
from srcdiff.frontend.context import Context, Entity, Record, Static, is_list, plain, row
from srcdiff.frontend.indexing import is_mask
from srcdiff.frontend.records import opened
from srcdiff.ir.build import integer, is_constant
from srcdiff.ir.nodes import NEW_AXIS, Const, Item, NewAxis, Operand, Slice, Value, is_array


def parse(c: Context, node: ast.Subscript, array: Value) -> list[Item]:
    """Return the items of an index, one for each axis, `...` and missing axes filled in."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    items = [item for part in parts for item in _item(c, part)]
    if array in c.lists and any(isinstance(i, Value) and is_array(i) for i in items):
        c.fail(node, "A list takes no arrays as indices.", "Make it an array with `np.array(...)`.")
    return complete(c, node, array, items)


def complete(c: Context, node: ast.AST, array: Value, items: Sequence[Item | None]) -> list[Item]:
    """Return `items` with whole axes for `...`, None here, and for those that are missing."""
    missing = len(array.shape) - sum(map(_width, items))
    if missing < 0 or items.count(None) > 1:
        c.fail(
            node,
            f"Too many indices: this array has {len(array.shape)} axes.",
            "Index it with at most as many indices as it has axes.",
        )
    fill: list[Item] = [Slice(None, None, None)] * missing
    if None not in items:
        return [item for item in items if item is not None] + fill
    at = items.index(None)
    return (
        [i for i in items[:at] if i is not None] + fill + [i for i in items[at:] if i is not None]
    )


def _width(item: Item | None) -> int:
    """Return how many axes of the array an item of its index stands for."""
    if item is None or isinstance(item, NewAxis):
        return 0
    return len(item.shape) if is_mask(item) else 1  # type: ignore[union-attr]


def _item(c: Context, part: ast.expr) -> list[Item | None]:
    """Return the items of one part of an index; None stands for `...`."""
    if isinstance(part, ast.Slice):
        bounds = [None if b is None else _bound(c, b) for b in (part.lower, part.upper, part.step)]
        if is_constant(bounds[2] or integer(1), 0):
            c.fail(part, "A slice step cannot be zero.", "Give a step other than 0.")
        return [Slice(*bounds)]
    return entity_items(c, part, c.evaluate(c, part, "_i"))


def entity_items(c: Context, part: ast.AST, entity: Entity) -> list[Item | None]:
    """Return the items that an entity stands for as an index; None stands for `...`.

    As in NumPy, a list is an array of indices or a mask, and a tuple is one index for each axis.
    """
    entity = opened(c, part, entity)
    match entity:
        case Static(value=None):
            return [NEW_AXIS]
        case Static(value=value) if value is Ellipsis:
            return [None]
        case Value() if entity in c.lists:
            return entity_items(c, part, array_of(c, part, "_i", entity))
        case Record() if is_list(entity):
            return entity_items(c, part, array_of(c, part, "_i", plain(entity)))
        case tuple() | Record() if (items := row(entity)) is not None:
            return [item for each in items for item in entity_items(c, part, each)]
        case Value() | Const() if is_integer(entity) and entity.type.dtype.kind in "iu":
            return [entity]
        case Value() if is_array(entity) and entity.type.dtype.kind in "iu":
            return [entity]
        case Value() if is_mask(entity) and entity.shape:
            return [entity]
    c.fail(
        part,
        "This is not an index: integers, slices, None, ... and arrays of integers or bools are.",
        "Convert floats with `int(...)` or `.astype(int)`.",
    )


def _bound(c: Context, node: ast.expr) -> Operand | None:
    entity = c.evaluate(c, node, "_i")
    if isinstance(entity, Static) and entity.value is None:
        return None
    if isinstance(entity, Value | Const) and is_integer(entity):
        return entity
    c.fail(node, "A slice bound must be an integer.", "Convert it with `int(...)`.")
