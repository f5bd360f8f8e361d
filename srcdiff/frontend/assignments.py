"""Assignments: names are bound, elements and slices are written."""

import ast
from dataclasses import replace
from typing import Any

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
from srcdiff.frontend.infer import BINARY
from srcdiff.frontend.record_writes import refuse_attribute, replace_object, write
from srcdiff.frontend.records import items_of, list_of, opened
from srcdiff.frontend.subscripts import parse
from srcdiff.frontend.writes import (
    Selection,
    adds_in_place,
    check_dtype,
    check_fits,
    is_fresh,
    is_made_since,
    refuse_writes_since,
    signed,
    update_element,
    update_places,
    write_places,
)
from srcdiff.ir.nodes import Const, Item, Operand, Slice, Value, is_array


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
    start = len(c.builder.statements)
    value = evaluate(c, node.value, _wish(targets[0]))
    c.fresh = value if len(targets) == 1 and is_made_since(c, start, value) else None
    for target in targets:
        assign_to(c, target, value)
    c.fresh = None


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
    if indexing.has_arrays(items):
        write_places(c, target, Selection(array, tuple(items)), value)
        return
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
    return owner, parse(c, target, owner)


def write_all(c: Context, node: ast.AST, target: Value, value: Operand) -> None:
    """Overwrite every element of `target`; the right side is read first, as NumPy does."""
    check_fits(c, node, target.shape, value)
    stored = c.builder.cast(value, target.type.dtype)
    if isinstance(stored, Value) and is_array(stored) and not is_fresh(c, stored):
        stored = c.builder.copy(stored)
    c.builder.store(target, (), stored)


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
    if indexing.has_arrays(items):
        _augment_places(c, node, function, Selection(array, tuple(items)))
        return
    if not indexing.is_element(items):
        _update_all(c, node, function, indexing.view(c, target, array, items, "_t"))
        return
    indexing.check_bounds(c, target, array, items)
    value = _right_side(c, node)
    if is_array(value):
        c.fail(node, "An array cannot be added to one element.", "Use one of its elements.")
    update_element(c, node, function, array, indexing.element(items), value)


def _augment_places(c: Context, node: ast.AugAssign, function: Any, chosen: Selection) -> None:
    start = len(c.builder.statements)
    value = _right_side(c, node)
    refuse_writes_since(c, node, start)
    c.fresh = value if is_made_since(c, start, value) else None
    update_places(c, node, function, chosen, value)
    c.fresh = None


def _right_side(c: Context, node: ast.AugAssign) -> Operand:
    value = evaluate(c, node.value, "_t")
    if isinstance(value, Value | Const):
        return value
    c.fail(node.value, "The right side is neither a number nor an array.", "Use numbers.")


def _update_all(c: Context, node: ast.AugAssign, function: Any, target: Value) -> None:
    """Lower `array op= value` for all elements of an array or a view."""
    value = _right_side(c, node)
    check_fits(c, node, target.shape, value)
    check_dtype(c, node, function, target, value)
    if adds_in_place(function, target, value):
        added = signed(c, node, function, value, target)
        if isinstance(added, Value) and is_array(added) and not is_fresh(c, added):
            added = c.builder.copy(added)
        c.builder.increment(target, (), added)
        return
    new = apply(c, node, function, (target, value), "_t", operator=True)
    c.builder.store(target, (), c.builder.cast(new, target.type.dtype))
