"""Where two paths meet: one entity for what a name denotes on each of them."""

import ast
from collections.abc import Sequence
from typing import Any

from srcdiff.frontend.context import (
    Conflict,
    Context,
    Entity,
    Record,
    Static,
    alike,
    children,
    form,
    keys_of,
    merged_origins,
    remade,
)
from srcdiff.frontend.infer import unify
from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import Const, Join, Operand, Value
from srcdiff.ir.types import PYTHON_INT, Array, Type
from srcdiff.trees import word

Sides = tuple[Builder, Builder]


def join_entities(
    c: Context,
    node: ast.AST,
    sides: Sides,
    entities: Sequence[Entity],
    name: str,
    joins: list[Join],
) -> Entity:
    """Return what is known after an If that yields one entity on each side; joins are appended."""
    then, orelse = entities
    if alike(then, orelse):
        return then
    if form(then) is not None and form(then) == form(orelse):
        pairs = zip(keys_of(then), children(then) or (), children(orelse) or (), strict=True)
        joined = [
            join_entities(c, node, sides, pair, f"{name}_{word(key)}", joins)
            for key, *pair in pairs
        ]
        return remade(merged_origins(then, orelse), joined)
    match then, orelse:
        case Value() | Const(), Value() | Const():
            return _join_operands(c, sides, (then, orelse), name, joins)
    for entity in entities:
        if isinstance(entity, Conflict):
            return entity
    return Conflict(f"is {describe(then)} on one path and {describe(orelse)} on the other.")


def _join_operands(
    c: Context, sides: Sides, operands: tuple[Operand, Operand], name: str, joins: list[Join]
) -> Entity:
    then, orelse = operands
    type = unify(then.type, orelse.type)
    if type is None:
        return Conflict(f"is {describe(then)} on one path and {describe(orelse)} on the other.")
    if not isinstance(type, Array):
        cast = [s.cast(o, type.dtype) for s, o in zip(sides, operands, strict=True)]
        out = Value(name, type)
        joins.append(Join(out, *cast))
        return out
    if (then in c.lists) is not (orelse in c.lists):
        return Conflict("is a list on one path and an array on the other.")
    out = Value(name, type, joined_shape(c, *operands))
    if then in c.lists:
        c.lists = c.lists | {out}
    joins.append(Join(out, then, orelse))
    return out


def joined_shape(c: Context, left: Operand, right: Operand) -> tuple[Operand, ...]:
    """Return the extents after a join: those that agree, else ones to be asked at run time."""
    assert isinstance(left, Value) and isinstance(right, Value)
    return tuple(
        one if c.facts.agree(one, other) else unsettled(c)
        for one, other in zip(left.shape, right.shape, strict=True)
    )


def unsettled(c: Context) -> Value:
    """Return an extent that `settle` will define."""
    extent = Value("_n", PYTHON_INT)
    c.unsettled.add(extent)
    return extent


def undefined(builder: Builder, type: Type) -> Operand:
    """Return a value for a path on which a name is undefined, and therefore not read."""
    if isinstance(type, Array):
        return builder.alloc((integer(0),) * type.ndim, type.dtype, name="_none")
    return constant(0, type)


def describe(entity: Any) -> str:
    """Say in the user's words what an entity is."""
    match entity:
        case Value() | Const():
            type = entity.type
            if isinstance(type, Array):
                return f"an array of {type.dtype} with {type.ndim} axes"
            names = {"b": "a bool", "i": "an integer", "u": "an integer", "f": "a float"}
            return names.get(type.dtype.kind, str(type.dtype))
        case tuple():
            return f"a tuple of {len(entity)}"
        case Record(kind=kind) if kind is list:
            return f"a list of {len(entity.children)}"
        case Record(kind=kind, keys=keys) if kind is dict:
            return f"a dict with {', '.join(map(repr, keys)) or 'no keys'}"
        case Record(kind=kind):
            return f"a `{kind.__name__}`"
        case Static(value=None):
            return "None"
    return "an object"
