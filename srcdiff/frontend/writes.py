"""Records, written: `d["a"] = v`, `l[0] += v`, `p.w = v` of what the function made itself.

A write makes a new record, which takes the place of the old one in the name that leads to it. That
is Python's meaning only if no other name leads to the same object: else the write is refused.
"""

import ast
import dataclasses
from collections.abc import Iterator
from typing import Any

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.context import (
    Binding,
    Conflict,
    Context,
    Entity,
    Iteration,
    LocalFunction,
    Method,
    Partial,
    Record,
    Scope,
    children,
    remade,
)
from srcdiff.frontend.records import OUTSIDE, is_stored, key_of, place

Target = ast.Subscript | ast.Attribute


def write(c: Context, target: Target, owner: Entity, value: Entity) -> None:
    """Lower the assignment of `value` to an item or a field of `owner`, a record."""
    assert isinstance(owner, Record)
    _check_writeable(c, target, owner)
    keys, values = list(owner.keys), list(owner.children)
    if owner.kind is dict:
        assert isinstance(target, ast.Subscript)
        key = key_of(c, target, c.evaluate(c, target.slice, "_i"))
        if key in keys:
            values[keys.index(key)] = value
        else:
            keys.append(key)
            values.append(value)
    else:
        values[_place(c, target, owner)] = value
    new = Record(owner.kind, tuple(keys), tuple(values), owner.origins)
    _rebind(c, target.value, new)


def replace_named(c: Context, node: ast.AST, name: ast.Name, owner: Record, new: Entity) -> None:
    """Lower a change in place of the whole object that `name` denotes."""
    _check_unshared(c, node, owner)
    _rebind(c, name, new)


def _check_writeable(c: Context, target: Target, owner: Record) -> None:
    if isinstance(target, ast.Attribute):
        params = getattr(owner.kind, "__dataclass_params__", None)
        if not dataclasses.is_dataclass(owner.kind) or (params and params.frozen):
            refuse_attribute(c, target)
        if target.attr not in owner.keys or not is_stored(owner.kind, target.attr):
            refuse_attribute(c, target)
    elif owner.kind not in (list, dict):
        c.fail(
            target,
            f"The items of a `{owner.kind.__name__}` cannot be assigned.",
            "Build a new one, or use an array.",
        )
    _check_unshared(c, target, owner)


def refuse_attribute(c: Context, target: ast.AST) -> None:
    """Refuse to assign to an attribute of what is no dataclass instance made here."""
    c.fail(
        target,
        "assigning to an attribute is not supported in a differentiated function",
        "Assign to a local name, and return its value; only dataclass instances that are made "
        "here can be changed.",
        UnsupportedSyntax,
    )


def _place(c: Context, target: Target, owner: Entity) -> int:
    if isinstance(target, ast.Attribute):
        assert isinstance(owner, Record)
        return owner.keys.index(target.attr)
    return place(c, target, owner, c.evaluate(c, target.slice, "_i"))


def _rebind(c: Context, path: ast.expr, new: Entity) -> None:
    """Let the name at the root of `path` denote a tree with `new` at its place."""
    match path:
        case ast.Name(id=name):
            old = c.scope.names.get(name)
            if old is None:
                c.fail(
                    path,
                    f"`{name}` is changed here, but belongs to the function around this one.",
                    "Pass it as an argument, and return the new one.",
                )
            c.scope.names[name] = Binding(new, c.span(path))
        case ast.Subscript() | ast.Attribute():
            owner = c.evaluate(c, path.value, "_t")
            parts = list(children(owner) or ())
            if not parts:
                _refuse_path(c, path)
            parts[_place(c, path, owner)] = new
            _rebind(c, path.value, remade(owner, parts))
        case _:
            _refuse_path(c, path)


def _refuse_path(c: Context, path: ast.AST) -> None:
    c.fail(path, "What is changed here has no name.", "Assign it to a local name first.")


# ---- who else can see it ----


def _check_unshared(c: Context, node: ast.AST, owner: Record) -> None:
    """Refuse to change an object that is not the function's own, or that two names lead to."""
    kind = owner.kind.__name__
    copy = f"`{kind}(...)`" if owner.kind in (dict, list) else "`dataclasses.replace(...)`"
    if OUTSIDE in owner.origins:
        c.fail(
            node,
            f"This {kind} was passed as an argument or stands outside; it cannot be changed here.",
            f"Change a copy, made by {copy}, and return it.",
        )
    seen = [name for name, record in _reachable(c) if record.origins & owner.origins]
    if len(seen) > 1:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(seen))
        c.fail(
            node,
            f"This {kind} can be reached in {len(seen)} ways, through {names}; a change would "
            "show in all of them.",
            f"Change a copy, made by {copy}.",
        )


def _reachable(c: Context) -> Iterator[tuple[str, Record]]:
    """Iterate over the records that can be reached, as often as they can, with a name."""
    seen: set[int] = set()
    for scope in c.scopes:
        yield from _of_scope(scope, seen)
    for entity in c.iterated:
        yield from (("the loop", record) for record in _records(entity, seen))


def _of_scope(scope: Scope | None, seen: set[int]) -> Iterator[tuple[str, Record]]:
    while scope is not None and id(scope) not in seen:
        seen.add(id(scope))
        for name, binding in scope.names.items():
            yield from ((name, record) for record in _records(binding.entity, seen))
        scope = scope.enclosing


def _records(entity: Any, seen: set[int]) -> Iterator[Record]:
    """Iterate over the records in an entity, what calls and loops wait for included."""
    if isinstance(entity, Record):
        yield entity
    inner: tuple[Any, ...] = children(entity) or ()
    match entity:
        case Method(owner=owner):
            inner = (owner,)
        case Partial():
            inner = (entity.function, *entity.args, *entity.kwargs.values())
        case Iteration(args=args):
            inner = args
        case LocalFunction():
            inner = tuple(default for _, default in entity.defaults)
            yield from (record for _, record in _of_scope(entity.scope, seen))
        case Conflict():
            inner = ()
    for part in inner:
        yield from _records(part, seen)
