"""Conditions: comparisons, chains of them, `and` and `or`."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend import arithmetic
from srcdiff.frontend.arithmetic import apply, literal
from srcdiff.frontend.context import (
    Conflict,
    Context,
    Entity,
    Record,
    Static,
    alike,
    is_list,
    row,
)
from srcdiff.frontend.infer import COMPARISONS
from srcdiff.frontend.joins import join_entities
from srcdiff.frontend.records import contains, is_true, items_of, opened
from srcdiff.ir.nodes import Call, Const, If, Operand, Value, is_array

NOT_NUMBERS = (tuple, Record, Static)


def part(name: str) -> str:
    """Return the wish for a part of the expression that is to be called `name`."""
    return name if name.startswith("_") else f"_{name}"


def compare(c: Context, node: ast.Compare, name: str) -> Entity:
    """Lower a chain of comparisons; the middle operands are evaluated once."""
    left = c.evaluate(c, node.left, part(name))
    result: Operand | None = None
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        right = c.evaluate(c, right_node, part(name))
        last = right_node is node.comparators[-1]
        one = _comparison(c, node, operator, left, right, name if last else part(name))
        result = one if result is None else _both(c, node, result, one, name)
        left = right
    assert result is not None
    return result


def _both(c: Context, node: ast.AST, left: Operand, right: Operand, name: str) -> Operand:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Const):
            return other if one.value else one
    return apply(c, node, np.logical_and, (left, right), name)


def _comparison(
    c: Context, node: ast.AST, operator: ast.cmpop, left: Entity, right: Entity, name: str
) -> Operand:
    match operator:
        case ast.Is() | ast.IsNot():
            return literal(_is(left, right) is isinstance(operator, ast.Is))
        case ast.In() | ast.NotIn():
            found = _contained(c, node, left, opened(c, node, right))
            return found if isinstance(operator, ast.In) else _not(c, node, found)
        case ast.Eq():
            return _equal(c, node, left, right, name)
        case ast.NotEq() if isinstance(left, NOT_NUMBERS) or isinstance(right, NOT_NUMBERS):
            return _not(c, node, _equal(c, node, left, right, "_t"))
    if isinstance(left, Value | Const) and isinstance(right, Value | Const):
        function = COMPARISONS[type(operator).__name__]
        return apply(c, node, function, (left, right), name, operator=True)
    c.fail(node, "These two cannot be compared.", "Compare numbers with numbers.")


def _equal(c: Context, node: ast.AST, left: Entity, right: Entity, name: str = "_t") -> Operand:
    """Lower `left == right`; tuples are equal if all their items are."""
    first, second = row(left), row(right)
    if first is not None and second is not None:
        if len(first) != len(second) or is_list(left) is not is_list(right):
            return literal(False)
        equal: Operand = literal(True)
        for one, other in zip(first, second, strict=True):
            equal = _both(c, node, equal, _equal(c, node, one, other), "_t")
        return equal
    if isinstance(left, Value | Const) and isinstance(right, Value | Const):
        return apply(c, node, np.equal, (left, right), name, operator=True)
    if any(isinstance(side, Value) and is_array(side) for side in (left, right)):
        c.fail(node, "An array is compared with what is no number.", "Compare arrays and numbers.")
    if isinstance(left, Record) or isinstance(right, Record):
        what = "Dicts and objects are not compared here."
        c.fail(node, what, "Compare their items or fields.")
    return literal(alike(left, right))


def _contained(c: Context, node: ast.AST, left: Entity, right: Entity) -> Operand:
    """Lower `left in right`, a tree of known length."""
    is_key = contains(right, left)
    if is_key is not None:
        return literal(is_key)
    items = items_of(right)
    if items is None:
        c.fail(
            node,
            "`in` with anything but a tuple, a list or a dict of known length is not supported.",
            "Look for the value in a loop.",
            UnsupportedSyntax,
        )
    return _any_equal(c, node, left, items)


def _any_equal(c: Context, node: ast.AST, left: Entity, items: Sequence[Entity]) -> Operand:
    """Lower `left in items`."""
    found: Operand = literal(False)
    for item in items:
        one = _equal(c, node, left, item)
        if isinstance(one, Const):
            if one.value:
                return one
        elif isinstance(found, Const):
            found = one
        else:
            found = apply(c, node, np.logical_or, (found, one), "_t")
    return found


def _not(c: Context, node: ast.AST, truth: Operand) -> Operand:
    return apply(c, node, np.logical_not, (truth,), "_t", operator=True)


def _is(left: Entity, right: Entity) -> bool:
    """Say whether `left is right`, for None, True and False."""
    if isinstance(left, Static) and isinstance(right, Static):
        return left.value is right.value
    if isinstance(left, Const) and isinstance(right, Const):
        return left.type.dtype.kind == "b" and alike(left, right)
    return left is right


def condition(c: Context, node: ast.AST, entity: Entity) -> Operand:
    """Return an entity as a scalar condition, a literal where it is known now."""
    match entity:
        case Static(value=value):
            return literal(bool(value))
        case tuple():
            return literal(bool(entity))
        case Record():
            return literal(is_true(c, node, entity))
        case Value() | Const() if not is_array(entity):
            return arithmetic.truth(c, node, entity)
    c.fail(
        node,
        "This is not a condition: it is neither a number nor a truth value.",
        "Reduce an array first, for instance with `np.any(...)` or `np.all(...)`.",
    )


def truth_of(c: Context, node: ast.expr, name: str = "_test") -> Operand:
    """Lower an expression of which only the truth counts."""
    if isinstance(node, ast.BoolOp):
        return _short_circuit(c, node, node.values, name)
    return condition(c, node, c.evaluate(c, node, name))


def _short_circuit(c: Context, node: ast.BoolOp, values: list[ast.expr], name: str) -> Operand:
    """Lower `and` / `or` of which only the truth counts."""
    first = truth_of(c, values[0], part(name))
    return _decide(c, node, first, values[1:], name, _short_circuit)


def chosen(c: Context, node: ast.BoolOp, values: list[ast.expr], name: str) -> Entity:
    """Lower `and` / `or` whose value counts: what can be chosen now is, the rest is of bools."""
    first = c.evaluate(c, values[0], part(name))
    if len(values) == 1:
        return first
    known = _known_truth(c, values[0], first)
    if known is None:
        return _decide(c, node, _truth_value(c, values[0], first), values[1:], name, _truth_values)
    return first if known is isinstance(node.op, ast.Or) else chosen(c, node, values[1:], name)


def _known_truth(c: Context, node: ast.AST, entity: Entity) -> bool | None:
    match entity:
        case Const(value=value) | Static(value=value):
            return bool(value)
        case tuple():
            return bool(entity)
        case Record():
            return is_true(c, node, entity)
    return None


def _truth_values(c: Context, node: ast.BoolOp, values: list[ast.expr], name: str) -> Operand:
    first = _truth_value(c, values[0], c.evaluate(c, values[0], part(name)))
    return _decide(c, node, first, values[1:], name, _truth_values)


def _truth_value(c: Context, node: ast.expr, entity: Entity) -> Operand:
    if isinstance(entity, Value | Const) and entity.type.dtype.kind == "b":
        if not is_array(entity):
            return entity
    c.fail(
        node,
        "`and` and `or` of other than truth values are not supported: they give one of the two.",
        "Write `a if a else b` for `a or b`, and `b if a else a` for `a and b`.",
    )


def _decide(
    c: Context,
    node: ast.BoolOp,
    first: Operand,
    rest: list[ast.expr],
    name: str,
    lower: Callable[[Context, ast.BoolOp, list[ast.expr], str], Operand],
) -> Operand:
    """Combine a truth with what follows, which runs only if the first does not decide."""
    if not rest:
        return first
    decided = isinstance(node.op, ast.Or)
    if isinstance(first, Const):
        return first if first.value is decided else lower(c, node, rest, name)
    with c.block() as block:
        second = lower(c, node, rest, name)
    if all(_is_harmless(statement) for statement in block.statements):
        c.builder.statements += block.statements
        function = np.logical_or if decided else np.logical_and
        if isinstance(second, Const):
            return second if second.value is decided else first
        return apply(c, node, function, (first, second), name)
    with c.block() as other:
        pass
    sides = (other, block) if decided else (block, other)
    entities = (literal(decided), second) if decided else (second, literal(decided))
    return join_sides(c, node, first, sides, entities, name)  # type: ignore[return-value]


def _is_harmless(statement: Any) -> bool:
    """Say whether a statement can run although the source would have skipped it."""
    integers = (np.floor_divide, np.remainder)
    return isinstance(statement, Call) and (
        not is_array(statement.out)
        and not any(is_array(arg) for arg in statement.args if statement.function is not np.shape)
        and not (statement.function in integers and statement.out.type.dtype.kind in "iu")
    )


def join_sides(
    c: Context, node: ast.AST, test: Operand, sides: Any, entities: Any, name: str
) -> Entity:
    """Append an If that yields one entity."""
    joins: list[Any] = []
    joined = join_entities(c, node, sides, entities, name, joins)
    if isinstance(joined, Conflict):
        c.fail(node, f"This {joined.reason}", "Give both sides the same type.")
    then, orelse = sides
    c.builder.append(If(test, then.block(), orelse.block(), tuple(joins), c.builder.origin))
    return c.settle(joined)
