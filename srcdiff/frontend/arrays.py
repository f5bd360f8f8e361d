"""NumPy functions that make arrays or give them another shape."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import (
    common_dtype,
    is_integer,
    ordered_like,
    require_equal,
)
from srcdiff.frontend.context import Context, Entity, Static, leaves, rebuild
from srcdiff.frontend.infer import unify
from srcdiff.frontend.objects import check_dtype
from srcdiff.frontend.records import renewed
from srcdiff.ir.build import constant, extents, integer
from srcdiff.ir.nodes import (
    Const,
    Item,
    Operand,
    Slice,
    Value,
    is_array,
)
from srcdiff.ir.types import Array, Scalar, Type
from srcdiff.words import MAYBE_VIEW, stop_gradient

FULL = Slice(None, None, None)


def static(c: Context, node: ast.AST, entity: Entity | None, what: str) -> Any:
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
            c.fail(
                node,
                f"Axis {one} does not exist: this array has {ndim} axes.",
                "Give an axis from 0 to ndim - 1.",
            )
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
    if entity is None or (isinstance(entity, Static) and entity.value is None):
        return np.dtype(np.float64)
    value = static(c, node, entity, "dtype")
    try:
        dtype: np.dtype[Any] = np.dtype(value)
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


def known_array(c: Context, node: ast.AST, entity: Entity) -> Value:
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
        model = known_array(c, node, like)
        kind = model.type.dtype if dtype is None else dtype_of(c, node, dtype)
        value = None if fill is None else constant(fill, Scalar(kind))
        return ordered_like(c, c.builder.alloc(model.shape, kind, value, name), model)

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
    model = known_array(c, node, a)
    kind = Static(model.type.dtype) if dtype is None else dtype
    return full(c, node, name, model.shape, fill_value, kind)


def array(
    c: Context, node: ast.AST, name: str, object: Entity, dtype: Entity | None = None
) -> Value:
    """`np.array`: a copy of an array, or a new array of a tree of numbers."""
    if isinstance(object, Value) and is_array(object):
        kind = object.type.dtype if dtype is None else dtype_of(c, node, dtype)
        if object in c.lists and kind == object.type.dtype and not c.is_named(object):
            c.lists = c.lists - {object}
            return object
        return _converted(c, object, kind, name)
    if not isinstance(object, tuple):
        c.fail(node, "np.array takes an array or a tree of numbers.", "Pass numbers.")
    return stacked(c, node, name, object, dtype)


def stacked(
    c: Context, node: ast.AST, name: str, items: tuple[Any, ...], dtype: Entity | None
) -> Value:
    """Return a new array of `items`, numbers or arrays of one shape."""
    parts = [array(c, node, "_t", i) if isinstance(i, tuple) else i for i in items]
    if not parts or not all(isinstance(part, Value | Const) for part in parts):
        c.fail(node, "An array can only be made of numbers and arrays.", "Pass numbers.")
    kind = dtype_of(c, node, dtype) if dtype is not None else joint_dtype([p.type for p in parts])
    inner = extents(parts[0])
    for part in parts[1:]:
        require_same(c, node, inner, extents(part))
    out = c.builder.alloc((integer(len(parts)), *inner), kind, None, name)
    for position, part in enumerate(parts):
        value = c.builder.cast(part, kind)
        if not inner:
            c.builder.store(out, (integer(position),), value)
        else:
            items_: list[Item] = [integer(position), *[FULL] * len(inner)]
            c.builder.store(indexing.view(c, node, out, items_, "_t"), (), value)
    return out


def require_same(
    c: Context, node: ast.AST, left: Sequence[Operand], right: Sequence[Operand]
) -> None:
    if len(left) != len(right):
        c.fail(
            node,
            f"Arrays of {len(left)} and of {len(right)} axes cannot be put together.",
            "Give them the same number of axes.",
        )
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


def asarray(c: Context, node: ast.AST, name: str, a: Entity, dtype: Entity | None = None) -> Entity:
    if isinstance(a, Value) and is_array(a) and a not in c.lists:
        return a if dtype is None else c.builder.cast(a, dtype_of(c, node, dtype), name)
    return array(c, node, name, a, dtype)


def copy(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    source = known_array(c, node, a)
    return ordered_like(c, c.builder.copy(source, name), source)


def flatten(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    flat = c.builder.copy(known_array(c, node, a), name)
    return indexing.reshape(c, node, flat, [integer(-1)], name)


def astype(c: Context, node: ast.AST, name: str, a: Entity, dtype: Entity) -> Entity:
    source, kind = known_array(c, node, a), dtype_of(c, node, dtype)
    return _converted(c, source, kind, name)


def _converted(c: Context, source: Value, dtype: "np.dtype[Any]", name: str) -> Value:
    """Return a new array with the elements of `source` in another dtype, or in the same."""
    changed = c.builder.cast(source, dtype, name)
    made = c.builder.copy(source, name) if changed is source else changed
    assert isinstance(made, Value)
    return ordered_like(c, made, source)


def fill(c: Context, node: ast.AST, name: str, a: Entity, value: Entity) -> Entity:
    target = known_array(c, node, a)
    if not isinstance(value, Value | Const) or is_array(value):
        c.fail(node, "`.fill(...)` takes a number.", "Assign with `a[:] = ...`.")
    c.builder.store(target, (), c.builder.cast(value, target.type.dtype))
    return Static(None)


def item(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    if isinstance(a, Const) or (isinstance(a, Value) and not is_array(a)):
        return a
    target = known_array(c, node, a)
    for extent in target.shape:
        require_equal(c, node, extent, integer(1))
    return c.builder.load(target, tuple(integer(0) for _ in target.shape), name)


def stopped(c: Context, x: Entity, *, renamed: bool = False) -> Entity:
    """Return `x` with a constant for each number and array.

    A constant array is a copy. `renamed` says that the user sees one array under another name:
    `transform.settle` refuses it where a write would have to show.
    """

    def stop(leaf: Entity) -> Entity:
        if not isinstance(leaf, Value) or leaf.type.dtype.kind != "f":
            return leaf
        return c.builder.call(
            stop_gradient,
            leaf,
            name=leaf.name,
            type=constant_type(leaf),
            shape=leaf.shape,
            static=((MAYBE_VIEW, True),) if renamed and is_array(leaf) else (),
        )

    return rebuild(x, map(stop, leaves(x)))


def constant_tree(c: Context, node: ast.AST, name: str, x: Entity) -> Entity:
    """Lower `stop_gradient(x)`: a new tree of constants."""
    del name
    return renewed(c, node, stopped(c, x))


def constant_type(leaf: Value) -> Type:
    """Return the type of a copy."""
    return replace(leaf.type, layout="C") if isinstance(leaf.type, Array) else leaf.type


HANDLERS: dict[Any, Any] = {
    stop_gradient: constant_tree,
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
}
