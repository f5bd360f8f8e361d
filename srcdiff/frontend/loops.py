"""Loops: what is assigned in the body becomes a carried entry, its type found by repetition."""

import ast
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.arithmetic import apply
from srcdiff.frontend.assignments import assign_to
from srcdiff.frontend.conditions import truth_of
from srcdiff.frontend.context import (
    Binding,
    Conflict,
    Context,
    Entity,
    leaves,
    rebuild,
)
from srcdiff.frontend.expressions import evaluate
from srcdiff.frontend.infer import unify
from srcdiff.frontend.iteration import items_of, progression
from srcdiff.frontend.joins import describe, undefined, unsettled
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Carried, Const, For, Operand, Value, While
from srcdiff.ir.types import PYTHON_INT, Array, Type

Statements = Callable[[Context, list[ast.stmt]], None]


def assigned_names(body: list[ast.stmt]) -> list[str]:
    """Return the names that a body assigns, in order; nested functions have their own."""
    names: dict[str, None] = {}
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef):
            names[node.name] = None
            continue
        if isinstance(node, ast.Lambda | ast.ListComp):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        pending.extend(reversed(list(ast.iter_child_nodes(node))))
    return list(names)


def read_counts(node: ast.AST) -> Counter[str]:
    """Count how often each name is read below `node`."""
    return Counter(
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and (isinstance(n.ctx, ast.Load))
    )


@dataclass(frozen=True, eq=False)
class Settled:
    """What is known about a carried leaf from an earlier attempt: its type, its open extents."""

    type: Type
    open: tuple[bool, ...] = ()


@dataclass(eq=False)
class Attempt:
    """One lowering of a loop body: the phis of each name that was defined before."""

    outer: Builder
    phis: dict[str, list[Value]]
    inits: dict[str, list[Operand]]


def start(c: Context, names: list[str], key: tuple[Any, ...]) -> Attempt:
    """Bind every assigned name that is defined before the loop to fresh phis."""
    attempt = Attempt(c.builder, {}, {})
    for name in names:
        binding = c.scope.names.pop(name, None)
        if binding is None or isinstance(binding.entity, Conflict):
            continue
        entity = binding.entity
        if not all(isinstance(leaf, Value | Const) for leaf in leaves(entity)):
            c.scope.names[name] = binding
            continue
        phis, inits = [], []
        for position, leaf in enumerate(leaves(entity)):
            phi, init = _phi(c, name, leaf, c.phis.get((*key, name, position)))  # type: ignore[arg-type]
            phis.append(phi)
            inits.append(init)
        attempt.phis[name], attempt.inits[name] = phis, inits
        c.scope.names[name] = Binding(rebuild(entity, iter(phis)), binding.span)
    return attempt


def _phi(c: Context, name: str, init: Operand, settled: Settled | None) -> tuple[Value, Operand]:
    wish = name if not name.startswith(".") else f"_{name[1:]}"
    type = init.type if settled is None else settled.type
    if not isinstance(type, Array):
        return Value(wish, type), c.builder.cast(init, type.dtype)
    assert isinstance(init, Value)
    open = (False,) * type.ndim if settled is None else settled.open
    shape = tuple(
        unsettled(c) if is_open else extent
        for extent, is_open in zip(init.shape, open, strict=True)
    )
    return Value(wish, type, shape), init


def settle_phis(c: Context, attempt: Attempt) -> None:
    """Define the open extents of the phis at the head of the body."""
    for phis in attempt.phis.values():
        for phi in phis:
            c.settle(phi)


def carry(
    c: Context,
    node: ast.AST,
    key: tuple[Any, ...],
    attempt: Attempt,
    after: dict[str, Binding],
    names: list[str],
    body: Builder,
    used_after: Callable[[str], bool],
) -> tuple[list[Carried], dict[str, Binding]] | None:
    """Close the loop: return the carried entries and the bindings after it, None to try again."""
    entries: list[Carried] = []
    bindings: dict[str, Binding] = {}
    again = False
    for name in names:
        binding = after.get(name)
        if binding is None:
            continue
        if name not in attempt.phis:
            if used_after(name):
                bindings[name] = _only_after(c, attempt.outer, name, binding, entries)
            continue
        items = leaves(binding.entity)
        phis = attempt.phis[name]
        if len(items) != len(phis) or not all(isinstance(i, Value | Const) for i in items):
            _disagree(c, node, name, phis, binding.entity)
        outs: list[Entity] = []
        for position, (phi, item) in enumerate(zip(phis, items, strict=True)):
            settled = _settle(c, node, name, phi, item)  # type: ignore[arg-type]
            if settled is not None:
                c.phis[(*key, name, position)] = settled
                again = True
                continue
            outs.append(_close(c, phi, attempt.inits[name][position], item, body, entries))
        if not again:
            bindings[name] = Binding(rebuild(binding.entity, iter(outs)), binding.span)
    return None if again else (entries, bindings)


def _disagree(c: Context, node: ast.AST, name: str, phis: list[Value], entity: Entity) -> None:
    what = describe(phis[0]) if len(phis) == 1 else f"a tuple of {len(phis)}"
    c.fail(
        node,
        f"`{name}` is {what} before this loop and {describe(entity)} after an iteration.",
        "Use different names, or give the name one type.",
    )


def _settle(c: Context, node: ast.AST, name: str, phi: Value, item: Operand) -> Settled | None:
    """Return what the phi must become for `item` to fit it, None if it fits already."""
    type = unify(phi.type, item.type)
    if type is None:
        before, now = c.scope.names.get(name), describe(item)
        where = f" (at {before.span})" if before is not None and before.span else ""
        c.fail(
            node,
            f"`{name}` is {describe(phi)} before this loop and {now} after an iteration{where}.",
            "Use different names, or give the name one type.",
        )
    if not isinstance(type, Array):
        return Settled(type) if type != phi.type else None
    assert isinstance(item, Value)
    open = tuple(
        extent in c.unsettled_once or not c.facts.agree(extent, other)
        for extent, other in zip(phi.shape, item.shape, strict=True)
    )
    fits = type == phi.type and all(
        not is_open or extent in c.unsettled_once
        for is_open, extent in zip(open, phi.shape, strict=True)
    )
    return None if fits else Settled(type, open)


def _close(
    c: Context,
    phi: Value,
    init: Operand,
    item: Entity,
    body: Builder,
    entries: list[Carried],
) -> Entity:
    """Append the carried entry of one leaf and return its value after the loop."""
    assert isinstance(item, Value | Const)
    if item is phi:
        entries.append(Carried(phi, init, phi, _after(c, phi)))
        return entries[-1].out
    following = item if isinstance(phi.type, Array) else body.cast(item, phi.type.dtype)
    entries.append(Carried(phi, init, following, _after(c, phi)))
    return entries[-1].out


def _after(c: Context, phi: Value) -> Value:
    shape = tuple(unsettled(c) if extent in c.unsettled_once else extent for extent in phi.shape)
    return Value(phi.name, phi.type, shape)


def _only_after(
    c: Context, outer: Builder, name: str, binding: Binding, entries: list[Carried]
) -> Binding:
    """A name that only the body assigns, read after the loop."""
    outs: list[Entity] = []
    if _is_static(binding.entity):
        return binding
    for item in leaves(binding.entity):
        if not isinstance(item, Value | Const):
            return Binding(Conflict("is not a number or an array after this loop."), binding.span)
        init = undefined(outer, item.type)
        shape = tuple(unsettled(c) for _ in item.shape) if isinstance(item, Value) else ()
        phi_shape = init.shape if isinstance(init, Value) else ()
        phi = Value(name.replace(".", "_"), item.type, phi_shape)
        out = Value(phi.name, item.type, shape)
        entries.append(Carried(phi, init, item, out))
        outs.append(out)
    return Binding(rebuild(binding.entity, iter(outs)), binding.span)


# ---- for ----


def lower_for(c: Context, node: ast.For, statements: Statements) -> None:
    """Lower a `for` over range, an array, or enumerate / zip / reversed of such; tuples unroll."""
    entity = evaluate(c, node.iter, "_t")
    unrolled = items_of(entity)
    if unrolled is not None:
        _unroll(c, node, unrolled, statements)
        return
    start_, stop, step, item = progression(c, node.iter, entity)
    names = assigned_names([node])
    key = (*c.calls, node)
    for _ in range(16):
        if _try_for(c, node, (start_, stop, step), item, names, key, statements):
            return
    c.fail(node, "The types of this loop's variables do not settle.", "Give each name one type.")


def _unroll(c: Context, node: ast.For, items: list[Entity], statements: Statements) -> None:
    if c.scope.leaves.get(node):
        c.fail(
            node,
            "A loop over a tuple cannot be left early.",
            "Use a range, or a tuple without break and return.",
            UnsupportedSyntax,
        )
    for item in items:
        assign_to(c, node.target, item)
        statements(c, node.body)


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
        closed = carry(
            c,
            node,
            key,
            attempt,
            after,
            names,
            body,
            lambda name: reads.get(name, 0) > inside[name] or name.startswith("."),
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


def _append_loop(
    c: Context, loop: For | While, names: list[str], bindings: dict[str, Binding]
) -> None:
    c.builder.append(loop)
    for name in names:
        if name in bindings:
            c.settle(bindings[name].entity)
            c.scope.names[name] = bindings[name]
        elif name in c.scope.names and not _is_static(c.scope.names[name].entity):
            c.scope.names.pop(name)


def _is_static(entity: Entity) -> bool:
    return not any(isinstance(leaf, Value | Const) for leaf in leaves(entity))


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
    names = assigned_names([node])
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
            closed = carry(
                c,
                node,
                key,
                attempt,
                dict(c.scope.names),
                names,
                body,
                lambda name: reads.get(name, 0) > inside[name] or name.startswith("."),
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
