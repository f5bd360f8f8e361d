"""Loops: what is assigned in the body becomes a carried entry, its type found by repetition."""

import ast
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.arithmetic import apply
from srcdiff.frontend.assignments import assign_to
from srcdiff.frontend.carried import carry, is_static, settle_phis, start
from srcdiff.frontend.conditions import truth_of
from srcdiff.frontend.context import (
    Binding,
    Context,
    Entity,
)
from srcdiff.frontend.expressions import evaluate
from srcdiff.frontend.iteration import progression
from srcdiff.frontend.records import items_of, opened
from srcdiff.frontend.tree import children, walked
from srcdiff.frontend.unrolling import counted_items
from srcdiff.ir.nodes import Const, For, Operand, Value, While
from srcdiff.ir.types import PYTHON_INT

Statements = Callable[[Context, list[ast.stmt]], None]


@lru_cache(maxsize=256)
def assigned_names(node: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement assigns, in order; nested functions have their own."""
    names: dict[str, None] = {}
    pending: list[ast.AST] = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, ast.FunctionDef):
            names[each.name] = None
            continue
        if isinstance(each, ast.Lambda | ast.ListComp | ast.DictComp):
            continue
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names[each.id] = None
        pending.extend(reversed(children(each)))
    return tuple(names)


@lru_cache(maxsize=256)
def read_counts(node: ast.AST) -> Counter[str]:
    """Count how often each name is read below `node`."""
    return Counter(
        n.id for n in walked(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    )


# ---- for ----


def lower_for(c: Context, node: ast.For, statements: Statements) -> None:
    """Lower a `for` over range, an array, or enumerate / zip / reversed of such; tuples unroll."""
    entity = opened(c, node.iter, evaluate(c, node.iter, "_t"))
    unrolled = items_of(entity)
    if unrolled is None:
        unrolled = counted_items(c, node, entity)
    if unrolled is not None:
        _unroll(c, node, entity, unrolled, statements)
        return
    start_, stop, step, item = progression(c, node.iter, entity)
    names = list(assigned_names(node))
    key = (*c.calls, node)
    for _ in range(16):
        if _try_for(c, node, (start_, stop, step), item, names, key, statements):
            return
    c.fail(node, "The types of this loop's variables do not settle.", "Give each name one type.")


def _unroll(
    c: Context, node: ast.For, entity: Entity, items: list[Entity], statements: Statements
) -> None:
    if c.scope.leaves.get(node):
        c.fail(
            node,
            "A loop over a tuple cannot be left early.",
            "Use a range, or a tuple without break and return.",
            UnsupportedSyntax,
        )
    rounds = c.rounds
    c.waiting = (*c.waiting, (entity, c.builder))
    now: list[Entity] | None = items
    for k, item in enumerate(items):
        c.rounds = (*rounds, k)
        assign_to(c, node.target, item if now is None else now[k])
        statements(c, node.body)
        now = items_of(c.waiting[-1][0])  # the body may have changed the objects, or a list of them
        if now is not None and len(now) != len(items):
            c.fail(node, "What this loop runs through changes its length.", "Make a copy of it.")
    c.rounds, c.waiting = rounds, c.waiting[:-1]


def _try_for(
    c: Context,
    node: ast.For,
    bounds: tuple[Operand, Operand, Operand],
    item: Callable[[Context, Value], Entity],
    names: list[str],
    key: tuple[Any, ...],
    statements: Statements,
) -> bool:
    saved, before = len(c.builder.statements), dict(c.scope.names)
    index = Value(_index_name(node.target), PYTHON_INT)
    attempt = start(c, names, key)
    with c.block() as body:
        c.unsettled_once |= c.unsettled
        settle_phis(c, attempt)
        assign_to(c, node.target, item(c, index))
        statements(c, node.body)
        leave = _leave(c, node)
        after = dict(c.scope.names)
        reads = c.scope.reads
        inside = read_counts(node)
        changed = _rebound(names, before, after)
        closed = (
            None
            if changed
            else carry(
                c,
                node,
                key,
                attempt,
                after,
                names,
                body,
                lambda name: reads.get(name, 0) > inside[name] or name.startswith("."),
            )
        )
    c.scope.names = before
    if closed is None:
        del c.builder.statements[saved:]
        return False
    entries, bindings = closed
    c.at(node)
    loop = For(index, *bounds, tuple(entries), body.block(), leave, None, c.builder.origin)
    _append_loop(c, loop, names, bindings)
    return True


def _rebound(names: list[str], before: dict[str, Binding], after: dict[str, Binding]) -> bool:
    """Append to `names` those whose records the body changes; say whether there are any."""
    found = [
        name
        for name, binding in before.items()
        if name not in names and after.get(name) is not binding
    ]
    names += found
    return bool(found)


def _append_loop(
    c: Context, loop: For | While, names: list[str], bindings: dict[str, Binding]
) -> None:
    c.builder.append(loop)
    for name in names:
        if name in bindings:
            c.settle(bindings[name].entity)
            c.scope.names[name] = bindings[name]
        elif name in c.scope.names and not is_static(c.scope.names[name].entity):
            c.scope.names.pop(name)


def _leave(c: Context, node: ast.stmt) -> Operand | None:
    """Return the condition at the end of a body under which the loop is left."""
    result: Operand | None = None
    for flag in c.scope.leaves.get(node, ()):
        value = c.scope.names[flag].entity
        assert isinstance(value, Value | Const)
        result = value if result is None else apply(c, node, np.logical_or, (result, value))
    return result


def _index_name(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name):
            return name
        case ast.Tuple(elts=[ast.Name(id=name), *_]):
            return name
    return "_k"


# ---- while ----


def lower_while(c: Context, node: ast.While, statements: Statements) -> None:
    """Lower a `while`."""
    names = list(assigned_names(node))
    key = (*c.calls, node)
    for _ in range(16):
        if _try_while(c, node, names, key, statements):
            return
    c.fail(node, "The types of this loop's variables do not settle.", "Give each name one type.")


def _try_while(
    c: Context,
    node: ast.While,
    names: list[str],
    key: tuple[Any, ...],
    statements: Statements,
) -> bool:
    saved, before = len(c.builder.statements), dict(c.scope.names)
    attempt = start(c, names, key)
    with c.block() as head:
        c.unsettled_once |= c.unsettled
        settle_phis(c, attempt)
        test = truth_of(c, node.test, "_go")
        with c.block() as body:
            statements(c, node.body)
            leave = _leave(c, node)
            reads, inside = c.scope.reads, read_counts(node)
            after = dict(c.scope.names)
            closed = (
                None
                if _rebound(names, before, after)
                else carry(
                    c,
                    node,
                    key,
                    attempt,
                    after,
                    names,
                    body,
                    lambda name: reads.get(name, 0) > inside[name] or name.startswith("."),
                )
            )
    c.scope.names = before
    if closed is None:
        del c.builder.statements[saved:]
        return False
    entries, bindings = closed
    c.at(node)
    loop = While(tuple(entries), head.block(), test, body.block(), leave, None, c.builder.origin)
    _append_loop(c, loop, names, bindings)
    return True
