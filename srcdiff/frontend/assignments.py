"""Assignments: names are bound, elements and slices are written."""

import ast
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import apply, require_equal
from srcdiff.frontend.arrays import array as array_of
from srcdiff.frontend.context import (
    Binding,
    Context,
    Entity,
    Record,
    children,
    leaf_names,
    leaves,
    plain,
)
from srcdiff.frontend.expressions import METHODS_OF, binary, evaluate
from srcdiff.frontend.infer import BINARY, loop_dtypes
from srcdiff.frontend.records import items_of, list_of, opened
from srcdiff.frontend.writes import refuse_attribute, replace_object, write
from srcdiff.ir.build import extents
from srcdiff.ir.nodes import Alloc, Call, Const, Item, Operand, Slice, Value, is_array


def bind(c: Context, node: ast.AST, name: str, entity: Entity) -> None:
    """Let `name` denote `entity` from here on; a value without a name takes it.

    The values in a record are called `name_key`; those in a tuple have no name to take.
    """
    c.scope.names[name] = Binding(entity, c.span(node))
    if name.startswith(".") or isinstance(entity, tuple):
        return
    for leaf, wish in zip(leaves(entity), leaf_names(entity, name), strict=True):
        if isinstance(leaf, Value) and leaf.name.startswith("_"):
            c.names.setdefault(leaf, wish)


def assign(c: Context, node: ast.Assign | ast.AnnAssign) -> None:
    """Lower `target = value`, also with several targets."""
    if node.value is None:
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    value = evaluate(c, node.value, _wish(targets[0]))
    for target in targets:
        assign_to(c, target, value)


def _wish(target: ast.expr) -> str:
    """Return what the value that is assigned to `target` is to be called."""
    match target:
        case ast.Name(id=".result"):
            return "_out"
        case ast.Name(id=name) if not name.startswith("."):
            return name
        case ast.Attribute(value=ast.Name(id=name), attr=key):
            return f"{name}_{key}"
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)):
            return f"{name}_{key}" if key.isidentifier() else name
    return "_t"


def assign_to(c: Context, target: ast.expr, value: Entity) -> None:
    """Lower the assignment of an entity to a target of any form."""
    match target:
        case ast.Name():
            bind(c, target, target.id, value)
        case ast.Tuple() | ast.List():
            items = unpack(c, target, value, len(target.elts))
            c.waiting = (*c.waiting, (tuple(items), c.builder))
            for k, part in enumerate(target.elts):
                # An assignment may change an object that is still to be assigned.
                assign_to(c, part, (children(c.waiting[-1][0]) or ())[k])
            c.waiting = c.waiting[:-1]
        case ast.Subscript() | ast.Attribute():
            owner = evaluate(c, target.value)
            if isinstance(owner, Record):
                write(c, target, owner, value)
            elif isinstance(target, ast.Attribute):
                refuse_attribute(c, target)
            else:
                _assign_item(c, target, owner, value)
        case _:
            c.fail(target, "This cannot be assigned to.", "Assign to a name or an element.")


def unpack(c: Context, node: ast.AST, value: Entity, count: int) -> list[Entity]:
    """Return the items of a tuple, or the elements of an array of known length."""
    items = items_of(opened(c, node, value))
    if items is not None:
        if len(items) != count:
            c.fail(
                node,
                f"{count} names cannot take a tuple of {len(items)}.",
                "Give as many names as values.",
            )
        return items
    if isinstance(value, Value) and is_array(value):
        require_equal(c, node, value.shape[0], Const(count, value.shape[0].type))
        full: list[Item] = [Slice(None, None, None)] * (len(value.shape) - 1)
        return [item_of(c, node, value, k, full) for k in range(count)]
    c.fail(node, "Only a tuple or an array can be unpacked.", "Assign it to one name.")


def item_of(c: Context, node: ast.AST, array: Value, k: Any, rest: list[Item]) -> Value:
    """Return `array[k]`: an element or a view."""
    index = Const(k, array.shape[0].type) if isinstance(k, int) else k
    if not rest:
        return c.builder.load(array, (index,), "_t")
    return indexing.view(c, node, array, [index, *rest], "_t")


def _assign_item(c: Context, target: ast.Subscript, owner: Entity, value: Entity) -> None:
    array, items = _place(c, target, owner)
    value = plain(value)
    if isinstance(value, tuple):
        value = array_of(c, target, "_t", value)
    if not isinstance(value, Value | Const):
        c.fail(target, "Only numbers and arrays can be stored in an array.", "Store a number.")
    if indexing.is_element(items):
        if isinstance(value, Value) and is_array(value) and not value.shape:
            value = c.builder.load(value, ())
        if is_array(value):
            c.fail(
                target,
                "An array cannot be stored in one element.",
                "Assign to a slice, or store one of its elements.",
            )
        stored = c.builder.cast(value, array.type.dtype)
        indexing.check_bounds(c, target, array, items)
        c.builder.store(array, indexing.element(items), stored)
        return
    write_all(c, target, indexing.view(c, target, array, items, "_t"), value)


def _place(c: Context, target: ast.Subscript, owner: Entity) -> tuple[Value, list[Item]]:
    """Return the array and the index that are written."""
    if isinstance(owner, tuple):
        c.fail(
            target,
            "The items of a tuple cannot be assigned.",
            "Build a new tuple, or use an array.",
        )
    if not isinstance(owner, Value) or not is_array(owner):
        c.fail(target, "Only the elements of arrays can be assigned.", "Use an array.")
    items = indexing.parse(c, target, owner)
    if indexing.has_arrays(items):
        indexing.refuse_arrays(c, target)
    return owner, items


def write_all(c: Context, node: ast.AST, target: Value, value: Operand) -> None:
    """Overwrite every element of `target`; the right side is read first, as NumPy does."""
    _check_fits(c, node, target, value)
    stored = c.builder.cast(value, target.type.dtype)
    if isinstance(stored, Value) and is_array(stored) and not _is_fresh(c, stored):
        stored = c.builder.copy(stored)
    c.builder.store(target, (), stored)


def _check_fits(c: Context, node: ast.AST, target: Value, value: Operand) -> None:
    """Make sure that `value` broadcasts to the shape of `target`."""
    shape = extents(value)
    if len(shape) > len(target.shape):
        c.fail(
            node,
            "The right side has more axes than what it is assigned to.",
            "Reduce or index the right side.",
        )
    for extent, wanted in zip(shape[::-1], target.shape[::-1], strict=False):
        if not (isinstance(extent, Const) and extent.value == 1):
            require_equal(c, node, wanted, extent)


def _is_fresh(c: Context, value: Value) -> bool:
    """Say whether an array was made by the last statement, so that nothing else refers to it."""
    last = c.builder.statements[-1]
    return isinstance(last, Call | Alloc) and last.out is value


def augment(c: Context, node: ast.AugAssign) -> None:
    """Lower `target op= value`: in place for arrays, a new number for numbers."""
    function = BINARY[type(node.op).__name__]
    match node.target:
        case ast.Name(id=name):
            current = evaluate(c, ast.copy_location(ast.Name(name, ast.Load()), node.target))
            if current in c.lists:
                c.fail(
                    node,
                    "A list cannot be changed like this here.",
                    "Make an array of it with `np.array(...)`.",
                )
            if isinstance(current, Value) and is_array(current):
                _update_all(c, node, function, current)
                return
            if isinstance(current, Record) and current.kind is list:
                _extend(c, node, current)
                return
            if isinstance(current, Record) and hasattr(current.kind, _in_place(function)):
                c.fail(node, f"`{_in_place(function)}` is not supported.", "Write `a = a + b`.")
            left = ast.copy_location(ast.Name(name, ast.Load()), node.target)
            bind(c, node, name, binary(c, node, function, left, node.value, name))
        case ast.Subscript() | ast.Attribute():
            owner = evaluate(c, node.target.value)
            if isinstance(owner, Record):
                _augment_part(c, node, node.target, owner, function)
            elif isinstance(node.target, ast.Attribute):
                refuse_attribute(c, node.target)
            else:
                _augment_item(c, node, node.target, owner, function)
        case _:
            c.fail(node, "This cannot be assigned to.", "Assign to a name or an element.")


def _in_place(function: Any) -> str:
    """Return what a class calls its own operator that changes the left side."""
    return f"__i{METHODS_OF.get(function, 'add')}__"


def _extend(c: Context, node: ast.AugAssign, current: Record) -> None:
    """Lower `list += other`, which changes the list in place."""
    added = items_of(opened(c, node.value, evaluate(c, node.value)))
    if added is None or not isinstance(node.op, ast.Add):
        c.fail(node, "A list cannot be changed like this here.", "Make an array of it.")
    made = list_of(c, node, (*current.children, *added))
    replace_object(c, node, current, replace(made, origins=current.origins))


def _augment_part(
    c: Context,
    node: ast.AugAssign,
    target: ast.Subscript | ast.Attribute,
    owner: Record,
    function: Any,
) -> None:
    """Lower `record[key] op= value`: in place for arrays, a new number for numbers."""
    read = ast.copy_location(_loaded(target), target)
    current = evaluate(c, read)
    if isinstance(current, Value) and is_array(current):
        _update_all(c, node, function, current)
        return
    if not isinstance(current, Value | Const):
        c.fail(node, "Only numbers and arrays can be changed like this.", "Assign a new value.")
    write(c, target, owner, binary(c, node, function, read, node.value, "_t"))


def _loaded(target: ast.Subscript | ast.Attribute) -> ast.expr:
    if isinstance(target, ast.Subscript):
        return ast.Subscript(target.value, target.slice, ast.Load())
    return ast.Attribute(target.value, target.attr, ast.Load())


def _augment_item(
    c: Context, node: ast.AugAssign, target: ast.Subscript, owner: Entity, function: Any
) -> None:
    array, items = _place(c, target, owner)
    if not indexing.is_element(items):
        _update_all(c, node, function, indexing.view(c, target, array, items, "_t"))
        return
    indices = indexing.element(items)
    indexing.check_bounds(c, target, array, items)
    value = _right_side(c, node)
    if is_array(value):
        c.fail(node, "An array cannot be added to one element.", "Use one of its elements.")
    if _adds_in_place(function, array, value):
        c.builder.increment(array, indices, _signed(c, node, function, value, array))
        return
    old = c.builder.load(array, indices, "_t")
    new = apply(c, node, function, (old, value), "_t", operator=True)
    c.builder.store(array, indices, c.builder.cast(new, array.type.dtype))


def _right_side(c: Context, node: ast.AugAssign) -> Operand:
    value = evaluate(c, node.value, "_t")
    if isinstance(value, Value | Const):
        return value
    c.fail(node.value, "The right side is neither a number nor an array.", "Use numbers.")


def _adds_in_place(function: Any, array: Value, value: Operand) -> bool:
    """Say whether `array op= value` is an addition that stays in the dtype of the array."""
    if function not in (np.add, np.subtract):
        return False
    if function is np.subtract and array.type.dtype.kind == "u":
        return False
    return loop_dtypes(np.add, (array.type, value.type))[1] == array.type.dtype


def _signed(c: Context, node: ast.AST, function: Any, value: Operand, array: Value) -> Operand:
    if function is np.subtract:
        value = apply(c, node, np.negative, (value,), "_t", operator=True)
    return c.builder.cast(value, array.type.dtype)


def _update_all(c: Context, node: ast.AugAssign, function: Any, target: Value) -> None:
    """Lower `array op= value` for all elements of an array or a view."""
    value = _right_side(c, node)
    _check_fits(c, node, target, value)
    _check_dtype(c, node, function, target, value)
    if _adds_in_place(function, target, value):
        signed = _signed(c, node, function, value, target)
        if isinstance(signed, Value) and is_array(signed) and not _is_fresh(c, signed):
            signed = c.builder.copy(signed)
        c.builder.increment(target, (), signed)
        return
    new = apply(c, node, function, (target, value), "_t", operator=True)
    c.builder.store(target, (), c.builder.cast(new, target.type.dtype))


def _check_dtype(c: Context, node: ast.AST, function: Any, target: Value, value: Operand) -> None:
    """NumPy refuses to write floats into integers in place."""
    result = loop_dtypes(function, (target.type, value.type))[1]
    if not np.can_cast(result, target.type.dtype, "same_kind"):
        c.fail(
            node,
            f"The result is {result}, which does not fit in place into {target.type}.",
            "Make the array a float array.",
        )
