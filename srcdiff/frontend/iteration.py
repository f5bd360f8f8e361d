"""What a loop runs through: range, arrays, enumerate, zip, reversed, tuples of fixed length."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.frontend.arithmetic import apply, literal
from srcdiff.frontend.arrays import FULL
from srcdiff.frontend.assignments import item_of
from srcdiff.frontend.context import Context, Entity, Iteration
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Const, Operand, Value, is_array

Item = Callable[[Context, Value], Entity]
Progression = tuple[Operand, Operand, Operand, Item]


def progression(c: Context, node: ast.expr, entity: Entity) -> Progression:
    """Return start, stop and step of a loop, and what its target becomes for an index."""
    if isinstance(entity, Iteration) and entity.kind == "range":
        return (*_range(c, node, entity.args), lambda _, index: index)
    if isinstance(entity, Iteration) and entity.kind == "reversed":
        return _reversed(c, node, entity)
    length, item = sequence(c, node, entity)
    return integer(0), length, integer(1), item


def _range(
    c: Context, node: ast.expr, args: tuple[Entity, ...]
) -> tuple[Operand, Operand, Operand]:
    bounds: list[Any] = list(args)
    if len(bounds) == 1:
        bounds = [integer(0), *bounds]
    if len(bounds) == 2:
        bounds.append(integer(1))
    if isinstance(bounds[2], Const) and bounds[2].value == 0:
        c.fail(node, "The step of a range cannot be 0.", "Give another step.")
    return bounds[0], bounds[1], bounds[2]


def _reversed(c: Context, node: ast.expr, entity: Iteration) -> Progression:
    (inner,) = entity.args
    start_, stop, step, item = progression(c, node, inner)
    if not isinstance(step, Const) or abs(step.value) != 1:
        c.fail(
            node, "`reversed` of a range with a step is not supported.", "Write the reversed range."
        )
    one = step
    first = c.builder.fold(np.subtract, stop, one)
    last = c.builder.fold(np.subtract, start_, one)
    return first, last, integer(-step.value), item


def sequence(c: Context, node: ast.expr, entity: Entity) -> tuple[Operand, Item]:
    """Return the length of what is iterated over, and its item for an index."""
    match entity:
        case Value() if is_array(entity) and entity.shape:
            rest = [FULL] * (len(entity.shape) - 1)
            return entity.shape[0], lambda c, k: item_of(c, node, entity, k, list(rest))
        case Iteration(kind="range", args=args):
            bounds = _range(c, node, args)
            return _range_length(c, node, bounds), _range_item(node, bounds)
        case Iteration(kind="enumerate"):
            length, item = sequence(c, node, entity.args[0])
            first = entity.args[1] if len(entity.args) > 1 else literal(0)
            return length, lambda c, k: (_plus(c, node, first, k), item(c, k))
        case Iteration(kind="zip"):
            parts = [sequence(c, node, arg) for arg in entity.args]
            length = parts[0][0]
            for other, _ in parts[1:]:
                if not c.facts.agree(length, other):
                    length = c.builder.fold(min, length, other)
            return length, lambda c, k: tuple(item(c, k) for _, item in parts)
    c.fail(
        node,
        f"`{ast.unparse(node)}` cannot be iterated over.",
        "Use range, an array, enumerate, zip, or a tuple of fixed length.",
    )


def _plus(c: Context, node: ast.AST, left: Any, right: Value) -> Entity:
    return (
        right
        if isinstance(left, Const) and left.value == 0
        else apply(c, node, np.add, (left, right), "_k", operator=True)
    )


def _range_length(c: Context, node: ast.expr, bounds: tuple[Operand, Operand, Operand]) -> Operand:
    start_, stop, step = bounds
    if not isinstance(step, Const):
        c.fail(node, "The step of this range must be a literal.", "Write it as a literal.")
    if isinstance(start_, Const) and start_.value == 0 and step.value == 1:
        if isinstance(stop, Const):
            return integer(max(stop.value, 0))
    span = c.builder.fold(np.subtract, stop, start_)
    sign = 1 if step.value > 0 else -1
    up = c.builder.fold(np.add, span, integer(step.value - sign))
    count = c.builder.fold(np.floor_divide, up, step)
    return c.builder.fold(max, count, integer(0))


def _range_item(node: ast.expr, bounds: tuple[Operand, Operand, Operand]) -> Item:
    start_, _, step = bounds

    def item(c: Context, k: Value) -> Entity:
        scaled = apply(c, node, np.multiply, (k, step), "_k", operator=True)
        if isinstance(step, Const) and step.value == 1:
            scaled = k
        return _plus(c, node, start_, scaled)  # type: ignore[arg-type]

    return item
