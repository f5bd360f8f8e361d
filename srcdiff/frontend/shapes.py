"""NumPy functions that give arrays another shape, put them together, or ask for their shape."""

import ast
from typing import Any

import numpy as np

from srcdiff.errors import ShapeError
from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import broadcast_shapes, literal, require_equal
from srcdiff.frontend.arrays import (
    FULL,
    axes_of,
    joint_dtype,
    known_array,
    require_same,
    shape_of,
    stacked,
    static,
)
from srcdiff.frontend.context import Context, Entity, Static
from srcdiff.frontend.records import items_of, opened, special
from srcdiff.ir.build import extents, integer, is_constant
from srcdiff.ir.nodes import NEW_AXIS, Broadcast, Const, Item, Operand, Slice, Value, is_array
from srcdiff.ir.types import Array


def transpose(
    c: Context, node: ast.AST, name: str, a: Entity, axes: Entity | None = None
) -> Entity:
    source = known_array(c, node, a)
    order = static(c, node, axes, "axes") if axes is not None else None
    ndim = len(source.shape)
    if order is None:
        order = tuple(range(ndim))[::-1]
    if sorted(axis % ndim for axis in order) != list(range(ndim)):
        c.fail(node, "`axes` is not a permutation of the axes.", "Name every axis once.")
    return indexing.transpose(c, source, [axis % ndim for axis in order], name)


def swapaxes(
    c: Context, node: ast.AST, name: str, a: Entity, axis1: Entity, axis2: Entity
) -> Entity:
    source = known_array(c, node, a)
    order = list(range(len(source.shape)))
    (one,) = axes_of(c, node, static(c, node, axis1, "axis1"), len(order))
    (two,) = axes_of(c, node, static(c, node, axis2, "axis2"), len(order))
    order[one], order[two] = order[two], order[one]
    return indexing.transpose(c, source, order, name)


def reshape(c: Context, node: ast.AST, name: str, a: Entity, shape: Entity) -> Entity:
    source = known_array(c, node, a)
    return indexing.reshape(c, node, source, list(shape_of(c, node, shape)), name)


def ravel(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return indexing.reshape(c, node, known_array(c, node, a), [integer(-1)], name)


def expand_dims(c: Context, node: ast.AST, name: str, a: Entity, axis: Entity) -> Entity:
    source = known_array(c, node, a)
    wanted = static(c, node, axis, "axis")
    count = len(wanted) if isinstance(wanted, tuple) else 1
    places = axes_of(c, node, wanted, len(source.shape) + count)
    items: list[Item] = [FULL] * len(source.shape)
    for place in places:
        items.insert(place, NEW_AXIS)
    return indexing.view(c, node, source, items, name)


def squeeze(c: Context, node: ast.AST, name: str, a: Entity, axis: Entity | None = None) -> Entity:
    source = known_array(c, node, a)
    if axis is None:
        places = [k for k, extent in enumerate(source.shape) if is_constant(extent, 1)]
        for extent in source.shape:
            _require_not_1(c, node, extent)
    else:
        places = list(axes_of(c, node, static(c, node, axis, "axis"), len(source.shape)))
    for place in places:
        require_equal(c, node, source.shape[place], integer(1))
    items: list[Item] = [
        integer(0) if place in places else FULL for place in range(len(source.shape))
    ]
    if len(places) == len(source.shape):
        return c.builder.load(source, indexing.element(items), name)
    return indexing.view(c, node, source, items, name)


def _require_not_1(c: Context, node: ast.AST, extent: Operand) -> None:
    """Make sure that an axis that is not dropped has another extent than 1."""
    if not isinstance(extent, Const):
        message = f"{c.span(node)}: name the axis to squeeze: an extent is 1 that may be another"
        c.builder.guard(c.builder.call(np.not_equal, extent, integer(1)), ShapeError, message)


def broadcast_to(c: Context, node: ast.AST, name: str, array: Entity, shape: Entity) -> Entity:
    target = shape_of(c, node, shape)
    if isinstance(array, Const) or (isinstance(array, Value) and not is_array(array)):
        out = c.builder.alloc(target, array.type.dtype, None, name)
        c.builder.store(out, (), array)
        return out
    source = known_array(c, node, array)
    broadcast_shapes(c, node, [target, source.shape])
    type = Array(source.type.dtype, len(target), "A")
    return c.builder.view(source, Broadcast(), type, target, name)


def concatenate(
    c: Context, node: ast.AST, name: str, arrays: Entity, axis: Entity | None = None
) -> Entity:
    parts = _parts(c, node, arrays)
    ndim = len(parts[0].shape)
    (place,) = axes_of(c, node, 0 if axis is None else static(c, node, axis, "axis"), ndim)
    for part in parts[1:]:
        require_same(c, node, _without(parts[0].shape, place), _without(part.shape, place))
    total: Operand = integer(0)
    for part in parts:
        total = _plus(c, total, part.shape[place])
    dtype = joint_dtype([part.type for part in parts])
    shape = (*parts[0].shape[:place], total, *parts[0].shape[place + 1 :])
    out = c.builder.alloc(shape, dtype, None, name)
    start: Operand = integer(0)
    for part in parts:
        stop = _plus(c, start, part.shape[place])
        items: list[Item] = [FULL] * ndim
        items[place] = Slice(start, stop, None)
        key = ("slice", _raw(start), _raw(stop), None, _raw(c.facts.find(total)))
        c.facts.known[key] = part.shape[place]
        target = indexing.view(c, node, out, items, "_t")
        c.builder.store(target, (), c.builder.cast(part, dtype))
        start = stop
    return out


def _raw(operand: Operand) -> Any:
    return operand.value if isinstance(operand, Const) else operand


def _plus(c: Context, left: Operand, right: Operand) -> Operand:
    return c.builder.fold(np.add, left, right)


def _without(shape: tuple[Operand, ...], axis: int) -> tuple[Operand, ...]:
    return shape[:axis] + shape[axis + 1 :]


def _parts(c: Context, node: ast.AST, entity: Entity) -> list[Value]:
    if not isinstance(entity, tuple) or not entity:
        c.fail(node, "A tuple of arrays is expected here.", "Pass `(a, b, ...)`.")
    return [known_array(c, node, part) for part in entity]


def stack(
    c: Context, node: ast.AST, name: str, arrays: Entity, axis: Entity | None = None
) -> Entity:
    if not isinstance(arrays, tuple) or not arrays:
        c.fail(node, "np.stack takes a tuple of arrays.", "Pass `(a, b, ...)`.")
    place = 0 if axis is None else static(c, node, axis, "axis")
    whole = stacked(c, node, name, arrays, None)
    ndim = len(whole.shape)
    (place,) = axes_of(c, node, place, ndim)
    order = list(range(1, ndim))
    order.insert(place, 0)
    return indexing.transpose(c, whole, order, name)


def hstack(c: Context, node: ast.AST, name: str, tup: Entity) -> Entity:
    parts = _parts(c, node, tup)
    return concatenate(c, node, name, tup, literal(0 if len(parts[0].shape) == 1 else 1))


def vstack(c: Context, node: ast.AST, name: str, tup: Entity) -> Entity:
    parts = _parts(c, node, tup)
    if len(parts[0].shape) == 1:
        return stacked(c, node, name, tuple(parts), None)
    return concatenate(c, node, name, tup, literal(0))


def shape(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return extents(a) if isinstance(a, Value | Const) else extents(known_array(c, node, a))


def size(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return indexing.size(c, extents(known_array(c, node, a)))


def ndim(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return integer(len(extents(a) if isinstance(a, Value | Const) else ()))


def result_type(c: Context, node: ast.AST, name: str, *arrays_and_dtypes: Entity) -> Entity:
    operands = [e for e in arrays_and_dtypes if isinstance(e, Value | Const)]
    if len(operands) != len(arrays_and_dtypes):
        c.fail(node, "np.result_type takes numbers and arrays here.", "Name the dtype.")
    return Static(joint_dtype([operand.type for operand in operands]))


def length(c: Context, node: ast.AST, name: str, obj: Entity) -> Entity:
    """`len`: of a tree, or of the first axis of an array."""
    obj = opened(c, node, obj)
    items = items_of(obj)
    if items is not None:
        return literal(len(items))
    own = special(c, node, obj, "__len__")
    if own is not None:
        return own
    array = known_array(c, node, obj)
    if not array.shape:
        c.fail(node, "len() of an array without axes.", "Index it with `[()]`.")
    return array.shape[0]


HANDLERS: dict[Any, Any] = {
    np.transpose: transpose,
    np.permute_dims: transpose,
    np.swapaxes: swapaxes,
    np.reshape: reshape,
    np.ravel: ravel,
    np.expand_dims: expand_dims,
    np.squeeze: squeeze,
    np.broadcast_to: broadcast_to,
    np.concatenate: concatenate,
    np.stack: stack,
    np.hstack: hstack,
    np.vstack: vstack,
    np.shape: shape,
    np.size: size,
    np.ndim: ndim,
    np.result_type: result_type,
    len: length,
}
