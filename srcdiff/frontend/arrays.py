"""NumPy functions that make arrays or give them another shape."""

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import (
    apply,
    broadcast_shapes,
    common_dtype,
    is_integer,
    literal,
    require_equal,
)
from srcdiff.frontend.context import Context, Entity, Static
from srcdiff.frontend.infer import unify
from srcdiff.frontend.objects import check_dtype
from srcdiff.ir.build import constant, extents, integer, is_constant
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Broadcast,
    Const,
    Item,
    Operand,
    Slice,
    Value,
    is_array,
)
from srcdiff.ir.types import Array, Scalar, Type

FULL = Slice(None, None, None)


def static(c: Context, node: ast.AST, entity: Entity, what: str) -> Any:
    """Return an argument that must be known while lowering."""
    match entity:
        case None:
            return None
        case Static(value=value):
            return value
        case Const(value=value):
            return value
        case tuple():
            return tuple(static(c, node, item, what) for item in entity)
    c.fail(node, f"`{what}` must be a constant.", "Write it as a literal.")


def axes_of(c: Context, node: ast.AST, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes as non-negative numbers in order; None means all."""
    if axis is None:
        return tuple(range(ndim))
    each = axis if isinstance(axis, tuple) else (axis,)
    for one in each:
        if not isinstance(one, int) or not -ndim <= one < ndim:
            c.fail(node, f"Axis {one} does not exist: this array has {ndim} axes.",
                   "Give an axis from 0 to ndim - 1.")
    return tuple(sorted({one % ndim for one in each}))


def shape_of(c: Context, node: ast.AST, entity: Entity) -> tuple[Operand, ...]:
    """Return a shape given as an integer or a tuple of integers."""
    items = entity if isinstance(entity, tuple) else (entity,)
    for item in items:
        if not is_integer(item):
            c.fail(node, "A shape must consist of integers.", "Convert them with `int(...)`.")
        if isinstance(item, Const) and item.value < -1:
            c.fail(node, "A shape cannot be negative.", "Mend the shape.")
    return tuple(items)


def dtype_of(c: Context, node: ast.AST, entity: Entity | None) -> "np.dtype[Any]":
    """Return a dtype given as NumPy takes it; float64 if there is none."""
    if entity is None or isinstance(entity, Static) and entity.value is None:
        return np.dtype(np.float64)
    value = static(c, node, entity, "dtype")
    try:
        dtype = np.dtype(value)
    except TypeError:
        c.fail(node, "This is not a dtype.", "Give one such as np.float64.")
    check_dtype(dtype, lambda what, do: c.fail(node, what, do))
    return dtype


def attribute(c: Context, node: ast.AST, owner: Operand, name: str) -> Entity | None:
    """Return `owner.name`, None if it is a method."""
    match name:
        case "shape":
            return extents(owner)
        case "ndim":
            return integer(len(extents(owner)))
        case "size":
            return indexing.size(c, extents(owner))
        case "dtype":
            return Static(owner.type.dtype)
        case "T" if isinstance(owner, Value) and is_array(owner):
            return indexing.transpose(c, owner, range(len(owner.shape))[::-1])
        case "real":
            return owner
    return None


def _known_array(c: Context, node: ast.AST, entity: Entity) -> Value:
    """Return an argument that must be an array; tuples of numbers become one."""
    if isinstance(entity, tuple):
        return array(c, node, "_t", entity)
    if isinstance(entity, Value) and is_array(entity):
        return entity
    c.fail(node, "An array is expected here.", "Pass an array.")


# ---- new arrays ----


def _filled(fill: float | None) -> Any:
    def make(
        c: Context, node: ast.AST, name: str, shape: Entity, dtype: Entity | None = None
    ) -> Entity:
        kind = dtype_of(c, node, dtype)
        value = None if fill is None else constant(fill, Scalar(kind))
        return c.builder.alloc(shape_of(c, node, shape), kind, value, name)

    return make


def _filled_like(fill: float | None) -> Any:
    def make(
        c: Context, node: ast.AST, name: str, like: Entity, dtype: Entity | None = None
    ) -> Entity:
        if isinstance(like, Value | Const) and not is_array(like):
            c.fail(node, "`_like` of a number is not supported.", "Use a literal.")
        model = _known_array(c, node, like)
        kind = model.type.dtype if dtype is None else dtype_of(c, node, dtype)
        value = None if fill is None else constant(fill, Scalar(kind))
        return c.builder.alloc(model.shape, kind, value, name)

    return make


def full(
    c: Context,
    node: ast.AST,
    name: str,
    shape: Entity,
    fill_value: Entity,
    dtype: Entity | None = None,
) -> Entity:
    if not isinstance(fill_value, Value | Const) or is_array(fill_value):
        c.fail(node, "np.full takes a number.", "Assign into an empty array instead.")
    kind = fill_value.type.dtype if dtype is None else dtype_of(c, node, dtype)
    out = c.builder.alloc(shape_of(c, node, shape), kind, None, name)
    c.builder.store(out, (), c.builder.cast(fill_value, kind))
    return out


def full_like(
    c: Context,
    node: ast.AST,
    name: str,
    a: Entity,
    fill_value: Entity,
    dtype: Entity | None = None,
) -> Entity:
    model = _known_array(c, node, a)
    kind = Static(model.type.dtype) if dtype is None else dtype
    return full(c, node, name, model.shape, fill_value, kind)


def array(
    c: Context, node: ast.AST, name: str, object: Entity, dtype: Entity | None = None
) -> Value:
    """`np.array`: a copy of an array, or a new array of a tree of numbers."""
    if isinstance(object, Value) and is_array(object):
        kind = object.type.dtype if dtype is None else dtype_of(c, node, dtype)
        if object in c.lists and kind == object.type.dtype:
            c.lists = c.lists - {object}
            return object
        copied = c.builder.cast(object, kind, name)
        return c.builder.copy(object, name) if copied is object else copied  # type: ignore[return-value]
    if not isinstance(object, tuple):
        c.fail(node, "np.array takes an array or a tree of numbers.", "Pass numbers.")
    return _stacked(c, node, name, object, dtype)


def _stacked(
    c: Context, node: ast.AST, name: str, items: tuple[Any, ...], dtype: Entity | None
) -> Value:
    """Return a new array of `items`, numbers or arrays of one shape."""
    parts = [array(c, node, "_t", i) if isinstance(i, tuple) else i for i in items]
    if not parts or not all(isinstance(part, Value | Const) for part in parts):
        c.fail(node, "An array can only be made of numbers and arrays.", "Pass numbers.")
    kind = dtype_of(c, node, dtype) if dtype is not None else joint_dtype([p.type for p in parts])
    inner = extents(parts[0])
    for part in parts[1:]:
        _require_same(c, node, inner, extents(part))
    out = c.builder.alloc((integer(len(parts)), *inner), kind, None, name)
    for position, part in enumerate(parts):
        value = c.builder.cast(part, kind)
        if not inner:
            c.builder.store(out, (integer(position),), value)
        else:
            items_: list[Item] = [integer(position), *[FULL] * len(inner)]
            c.builder.store(indexing.view(c, node, out, items_, "_t"), (), value)
    return out


def _require_same(
    c: Context, node: ast.AST, left: Sequence[Operand], right: Sequence[Operand]
) -> None:
    if len(left) != len(right):
        c.fail(node, f"Arrays of {len(left)} and of {len(right)} axes cannot be put together.",
               "Give them the same number of axes.")
    for one, other in zip(left, right, strict=True):
        require_equal(c, node, one, other)


def joint_dtype(types: Sequence[Type]) -> "np.dtype[Any]":
    """Return the dtype of an array made of elements of `types`."""
    first, *rest = types
    dtype = first.dtype
    for type in rest:
        dtype = common_dtype(first, type)[0]
        first = unify(first, type) or Scalar(dtype)
    return dtype


def asarray(
    c: Context, node: ast.AST, name: str, a: Entity, dtype: Entity | None = None
) -> Entity:
    if isinstance(a, Value) and is_array(a):
        c.lists = c.lists - {a}
        return a if dtype is None else c.builder.cast(a, dtype_of(c, node, dtype), name)
    return array(c, node, name, a, dtype)


def copy(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return c.builder.copy(_known_array(c, node, a), name)


def flatten(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    flat = c.builder.copy(_known_array(c, node, a), name)
    return indexing.reshape(c, node, flat, [integer(-1)], name)


def astype(c: Context, node: ast.AST, name: str, a: Entity, dtype: Entity) -> Entity:
    source, kind = _known_array(c, node, a), dtype_of(c, node, dtype)
    changed = c.builder.cast(source, kind, name)
    return c.builder.copy(source, name) if changed is source else changed


def fill(c: Context, node: ast.AST, name: str, a: Entity, value: Entity) -> Entity:
    target = _known_array(c, node, a)
    if not isinstance(value, Value | Const) or is_array(value):
        c.fail(node, "`.fill(...)` takes a number.", "Assign with `a[:] = ...`.")
    c.builder.store(target, (), c.builder.cast(value, target.type.dtype))
    return Static(None)


def item(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    if isinstance(a, Const) or isinstance(a, Value) and not is_array(a):
        return a
    target = _known_array(c, node, a)
    for extent in target.shape:
        require_equal(c, node, extent, integer(1))
    return c.builder.load(target, tuple(integer(0) for _ in target.shape), name)


# ---- other shapes ----


def transpose(
    c: Context, node: ast.AST, name: str, a: Entity, axes: Entity | None = None
) -> Entity:
    source = _known_array(c, node, a)
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
    source = _known_array(c, node, a)
    order = list(range(len(source.shape)))
    (one,) = axes_of(c, node, static(c, node, axis1, "axis1"), len(order))
    (two,) = axes_of(c, node, static(c, node, axis2, "axis2"), len(order))
    order[one], order[two] = order[two], order[one]
    return indexing.transpose(c, source, order, name)


def reshape(c: Context, node: ast.AST, name: str, a: Entity, shape: Entity) -> Entity:
    source = _known_array(c, node, a)
    return indexing.reshape(c, node, source, list(shape_of(c, node, shape)), name)


def ravel(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return indexing.reshape(c, node, _known_array(c, node, a), [integer(-1)], name)


def expand_dims(c: Context, node: ast.AST, name: str, a: Entity, axis: Entity) -> Entity:
    source = _known_array(c, node, a)
    places = axes_of(c, node, static(c, node, axis, "axis"), len(source.shape) + 1)
    items: list[Item] = [FULL] * len(source.shape)
    for place in places:
        items.insert(place, NEW_AXIS)
    return indexing.view(c, node, source, items, name)


def squeeze(
    c: Context, node: ast.AST, name: str, a: Entity, axis: Entity | None = None
) -> Entity:
    source = _known_array(c, node, a)
    if axis is None:
        places = [k for k, extent in enumerate(source.shape) if is_constant(extent, 1)]
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


def broadcast_to(c: Context, node: ast.AST, name: str, array: Entity, shape: Entity) -> Entity:
    target = shape_of(c, node, shape)
    if isinstance(array, Const) or isinstance(array, Value) and not is_array(array):
        out = c.builder.alloc(target, array.type.dtype, None, name)
        c.builder.store(out, (), array)
        return out
    source = _known_array(c, node, array)
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
        _require_same(
            c, node, _without(parts[0].shape, place), _without(part.shape, place)
        )
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
    return [_known_array(c, node, part) for part in entity]


def stack(
    c: Context, node: ast.AST, name: str, arrays: Entity, axis: Entity | None = None
) -> Entity:
    if not isinstance(arrays, tuple) or not arrays:
        c.fail(node, "np.stack takes a tuple of arrays.", "Pass `(a, b, ...)`.")
    place = 0 if axis is None else static(c, node, axis, "axis")
    stacked = _stacked(c, node, name, arrays, None)
    ndim = len(stacked.shape)
    (place,) = axes_of(c, node, place, ndim)
    order = list(range(1, ndim))
    order.insert(place, 0)
    return indexing.transpose(c, stacked, order, name)


def hstack(c: Context, node: ast.AST, name: str, tup: Entity) -> Entity:
    parts = _parts(c, node, tup)
    return concatenate(c, node, name, tup, literal(0 if len(parts[0].shape) == 1 else 1))


def vstack(c: Context, node: ast.AST, name: str, tup: Entity) -> Entity:
    parts = _parts(c, node, tup)
    if len(parts[0].shape) == 1:
        return _stacked(c, node, name, tuple(parts), None)
    return concatenate(c, node, name, tup, literal(0))


def where(c: Context, node: ast.AST, name: str, condition: Entity, x: Entity, y: Entity) -> Entity:
    operands = []
    for entity in (condition, x, y):
        if not isinstance(entity, Value | Const):
            c.fail(node, "np.where takes numbers and arrays.", "Pass numbers and arrays.")
        operands.append(entity)
    return apply(c, node, np.where, operands, name)


def shape(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return extents(a) if isinstance(a, Value | Const) else extents(_known_array(c, node, a))


def size(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return indexing.size(c, extents(_known_array(c, node, a)))


def ndim(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    return integer(len(extents(a) if isinstance(a, Value | Const) else ()))


def result_type(c: Context, node: ast.AST, name: str, *arrays_and_dtypes: Entity) -> Entity:
    operands = [e for e in arrays_and_dtypes if isinstance(e, Value | Const)]
    if len(operands) != len(arrays_and_dtypes):
        c.fail(node, "np.result_type takes numbers and arrays here.", "Name the dtype.")
    return Static(joint_dtype([operand.type for operand in operands]))


def length(c: Context, node: ast.AST, name: str, obj: Entity) -> Entity:
    """`len`: of a tuple or of the first axis."""
    if isinstance(obj, tuple):
        return literal(len(obj))
    array = _known_array(c, node, obj)
    if not array.shape:
        c.fail(node, "len() of an array without axes.", "Index it with `[()]`.")
    return array.shape[0]


HANDLERS: dict[Any, Any] = {
    np.zeros: _filled(0.0),
    np.ones: _filled(1.0),
    np.empty: _filled(None),
    np.zeros_like: _filled_like(0.0),
    np.ones_like: _filled_like(1.0),
    np.empty_like: _filled_like(None),
    np.full: full,
    np.full_like: full_like,
    np.array: array,
    np.asarray: asarray,
    np.ascontiguousarray: asarray,
    np.copy: copy,
    flatten: flatten,
    astype: astype,
    fill: fill,
    item: item,
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
    np.where: where,
    np.shape: shape,
    np.size: size,
    np.ndim: ndim,
    np.result_type: result_type,
    len: length,
}
