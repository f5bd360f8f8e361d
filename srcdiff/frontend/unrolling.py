"""Loops over a range that index a tree with their counter: `layers[i]`, `self.layers[i + 1]["w"]`.

What such an index means is known only for a number that is known: these loops are unrolled.
"""

import ast
from typing import Any

from srcdiff.frontend.context import (
    Context,
    Entity,
    Iteration,
    Scope,
    Static,
    children,
    keys_of,
    row,
)
from srcdiff.frontend.expressions import surrounding
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Const

NOTHING = Static(None)
MOST_ROUNDS = 1000
"""How often a body may be repeated; a tree that is made for more is no tree."""


def counted_items(c: Context, node: ast.For, entity: Entity) -> list[Entity] | None:
    """Return the numbers that a loop runs through, if it must be unrolled and can be."""
    match entity:
        case Iteration(kind="range", args=args) if all(isinstance(arg, Const) for arg in args):
            bounds = [arg.value for arg in args if isinstance(arg, Const)]
            numbers = range(*bounds)
            if len(numbers) <= MOST_ROUNDS and _indexes_tree(c, node):
                return [integer(k) for k in numbers]
    return None


def _indexes_tree(c: Context, node: ast.For) -> bool:
    if not isinstance(node.target, ast.Name):
        return False
    counter = node.target.id
    return any(
        isinstance(each, ast.Subscript)
        and any(isinstance(n, ast.Name) and n.id == counter for n in ast.walk(each.slice))
        and _is_row(_peek(c, each.value))
        for statement in node.body
        for each in ast.walk(statement)
    )


def _is_row(entity: Entity) -> bool:
    if isinstance(entity, Static):
        return isinstance(entity.value, list | tuple)
    return row(entity) is not None


def _peek(c: Context, node: ast.expr) -> Entity:
    """Return what a path of names, fields and indices leads to, `NOTHING` if that is not known.

    Nothing is lowered: properties and what is computed lead nowhere. Of the items of a list that
    an index could mean, the first stands for all.
    """
    match node:
        case ast.Name():
            return _named(c, node.id)
        case ast.Attribute(value=value, attr=key):
            return _part(_peek(c, value), key)
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            return _part(_peek(c, value), key)
        case ast.Subscript(value=value):
            return _part(_peek(c, value), 0)
    return NOTHING


def _named(c: Context, name: str) -> Entity:
    scope: Scope | None = c.scope
    while scope is not None:
        if name in scope.names:
            return scope.names[name].entity
        read = surrounding(scope, name)
        if read is not None:
            return Static(read.value)
        scope = scope.enclosing
    return NOTHING


def _part(owner: Entity, key: Any) -> Entity:
    if not isinstance(owner, Static):
        parts = dict(zip(keys_of(owner), children(owner) or (), strict=True))
        return parts.get(str(key), NOTHING)
    value = owner.value
    if type(value) in (list, tuple, dict):
        items = dict(value) if isinstance(value, dict) else dict(enumerate(value))
        return Static(items.get(key))
    return Static(getattr(value, "__dict__", {}).get(key))
