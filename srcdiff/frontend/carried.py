"""What a loop carries: a phi for each leaf of each name that its body assigns, its type found by
repetition.

A leaf of a tree that no iteration changes is not carried. Where a name is something else after an
iteration than before the loop, and not only another number or array, reading it is an error.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from srcdiff.frontend.context import (
    Binding,
    Conflict,
    Context,
    Entity,
    Record,
    Static,
    children,
    form,
    leaf_names,
    leaves,
    merged_origins,
    rebuild,
    same_but_operands,
)
from srcdiff.frontend.infer import unify
from srcdiff.frontend.joins import describe, undefined, unsettled
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Carried, Const, Operand, Value
from srcdiff.ir.types import Array, Type


@dataclass(frozen=True, eq=False)
class Settled:
    """What is known about a carried leaf from an earlier attempt: its type, its open extents."""

    type: Type
    open: tuple[bool, ...] = ()


@dataclass(frozen=True, eq=False)
class Head:
    """What is known about a carried name: what it may be, or that iterations disagree about it."""

    entity: Entity
    fixed: frozenset[int] = frozenset()
    varying: frozenset[int] = frozenset()


@dataclass(eq=False)
class Attempt:
    """One lowering of a loop body: what each name that was defined before is at its head.

    `phis` and `inits` are those of its leaves, None where no iteration changes a leaf.
    """

    outer: Builder
    heads: dict[str, Entity]
    phis: dict[str, list[Value | None]]
    inits: dict[str, list[Entity]]


def start(c: Context, names: list[str], key: tuple[Any, ...]) -> Attempt:
    """Bind every assigned name that is defined before the loop to fresh phis."""
    attempt = Attempt(c.builder, {}, {}, {})
    for name in names:
        binding = c.scope.names.pop(name, None)
        if binding is None or isinstance(binding.entity, Conflict):
            continue
        head = c.phis.get((*key, name))
        entity: Entity = binding.entity
        if head is not None and isinstance(head.entity, Conflict):
            c.scope.names[name] = Binding(head.entity, binding.span)
            attempt.heads[name] = head.entity
            continue
        if head is not None:
            entity = merged_origins(entity, head.entity)
        inits = leaves(entity)
        wishes, fixed = leaf_names(entity, name), frozenset[int]() if head is None else head.fixed
        phis, starts = _phis(c, wishes, inits, (*key, name), fixed)
        news = [init if phi is None else phi for phi, init in zip(phis, inits, strict=True)]
        attempt.phis[name], attempt.inits[name] = phis, starts
        attempt.heads[name] = rebuild(entity, iter(news))
        c.scope.names[name] = Binding(attempt.heads[name], binding.span)
    return attempt


def _phis(
    c: Context,
    wishes: list[str],
    inits: list[Entity],
    key: tuple[Any, ...],
    fixed: frozenset[int],
) -> tuple[list[Value | None], list[Entity]]:
    """Return the phi of each leaf, None for those that stay as they are, and what they start as."""
    phis: list[Value | None] = []
    starts: list[Entity] = []
    for position, (wish, leaf) in enumerate(zip(wishes, inits, strict=True)):
        if position in fixed or not isinstance(leaf, Value | Const):
            phis.append(None)
            starts.append(leaf)
            continue
        phi, init = _phi(c, wish, leaf, c.phis.get((*key, position)))
        phis.append(phi)
        starts.append(init)
    return phis, starts


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
    phi = Value(wish, type, shape)
    if init in c.lists:
        c.lists = c.lists | {phi}
    return phi, init


def settle_phis(c: Context, attempt: Attempt) -> None:
    """Define the open extents of the phis at the head of the body."""
    for phis in attempt.phis.values():
        for phi in phis:
            if phi is not None:
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
        head = attempt.heads.get(name)
        if head is None:
            if used_after(name):
                bindings[name] = _only_after(c, attempt.outer, name, binding, entries)
        elif isinstance(head, Conflict):
            bindings[name] = Binding(head, binding.span)
        elif not _agrees(c, node, key, attempt, name, binding):
            again = True
        else:
            closed = _carry_name(c, node, key, attempt, name, binding, body, entries)
            again = again or closed is None
            bindings[name] = Binding(closed or head, binding.span)
    return None if again else (entries, bindings)


def _agrees(
    c: Context,
    node: ast.AST,
    key: tuple[Any, ...],
    attempt: Attempt,
    name: str,
    binding: Binding,
) -> bool:
    """Say whether a name is the same tree after an iteration as before, but for operands."""
    head, entity = attempt.heads[name], binding.entity
    known = c.phis.get((*key, name)) or Head(head)
    if not same_but_operands(head, entity):
        if all(isinstance(leaf, Value | Const) for leaf in (*leaves(head), *leaves(entity))):
            _disagree(c, node, name, head, entity)
        reason = (
            f"is {describe(head)} before the loop at {c.span(node)} and {describe(entity)} after "
            "an iteration."
        )
        c.phis[(*key, name)] = Head(Conflict(reason))
        return False
    merged = merged_origins(head, entity)
    fixed, varying = _unchanged(attempt, name, entity, known)
    grown = any(map(_differ, _origins(merged), _origins(head)))
    if not grown and fixed == known.fixed:
        return True
    c.phis[(*key, name)] = Head(merged, fixed, varying)
    return False


def _unchanged(
    attempt: Attempt, name: str, entity: Entity, known: Head
) -> tuple[frozenset[int], frozenset[int]]:
    """Return which leaves of a record or a tuple no iteration changes, and which some does."""
    if form(entity) is None:
        return frozenset(), frozenset()
    fixed, varying = set(known.fixed), set(known.varying)
    pairs = zip(attempt.phis[name], attempt.inits[name], leaves(entity), strict=True)
    for position, (phi, init, item) in enumerate(pairs):
        if phi is None and item is not init and isinstance(init, Value | Const):
            fixed.discard(position)
            varying.add(position)
        if phi is not None and item is phi and position not in varying:
            fixed.add(position)
    return frozenset(fixed), frozenset(varying)


def _origins(entity: Entity) -> list[frozenset[object]]:
    """Return the origins of all records of a tree, in order."""
    own = [entity.origins] if isinstance(entity, Record) else []
    return own + [each for item in children(entity) or () for each in _origins(item)]


def _differ(left: object, right: object) -> bool:
    return left != right


def _carry_name(
    c: Context,
    node: ast.AST,
    key: tuple[Any, ...],
    attempt: Attempt,
    name: str,
    binding: Binding,
    body: Builder,
    entries: list[Carried],
) -> Entity | None:
    """Close the entries of one name and return what it is after the loop, None to try again."""
    outs: list[Entity] = []
    again = False
    triples = zip(attempt.phis[name], attempt.inits[name], leaves(binding.entity), strict=True)
    for position, (phi, init, item) in enumerate(triples):
        if phi is None:
            outs.append(item)
            continue
        assert isinstance(item, Value | Const)
        assert isinstance(init, Value | Const)
        settled = _settle(c, node, name, phi, item)
        if settled is not None:
            c.phis[(*key, name, position)] = settled
            again = True
        else:
            outs.append(_close(c, phi, init, item, body, entries))
    return (
        None if again else rebuild(merged_origins(binding.entity, attempt.heads[name]), iter(outs))
    )


def _disagree(c: Context, node: ast.AST, name: str, head: Entity, entity: Entity) -> None:
    c.fail(
        node,
        f"`{name}` is {describe(head)} before this loop and {describe(entity)} after an iteration.",
        "Use different names, or give the name one type.",
    )


def _settle(c: Context, node: ast.AST, name: str, phi: Value, item: Operand) -> Settled | None:
    """Return what the phi must become for `item` to fit it, None if it fits already."""
    type = unify(phi.type, item.type)
    if type is None or (phi in c.lists) is not (item in c.lists):
        before = c.scope.names.get(name)
        was, now = ("a list" if each in c.lists else describe(each) for each in (phi, item))
        where = f" (at {before.span})" if before is not None and before.span else ""
        c.fail(
            node,
            f"`{name}` is {was} before this loop and {now} after an iteration{where}.",
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
    out = Value(phi.name, phi.type, shape)
    if phi in c.lists:
        c.lists = c.lists | {out}
    return out


def _only_after(
    c: Context, outer: Builder, name: str, binding: Binding, entries: list[Carried]
) -> Binding:
    """A name that only the body assigns, read after the loop."""
    outs: list[Entity] = []
    if is_static(binding.entity):
        return binding
    for item in leaves(binding.entity):
        if isinstance(item, Static):
            outs.append(item)
            continue
        if not isinstance(item, Value | Const):
            return Binding(Conflict("is not a number or an array after this loop."), binding.span)
        init = undefined(outer, item.type)
        shape = tuple(unsettled(c) for _ in item.shape) if isinstance(item, Value) else ()
        phi_shape = init.shape if isinstance(init, Value) else ()
        phi = Value(name.replace(".", "_"), item.type, phi_shape)
        out = Value(phi.name, item.type, shape)
        if item in c.lists:
            c.lists = c.lists | {out}
        entries.append(Carried(phi, init, item, out))
        outs.append(out)
    return Binding(rebuild(binding.entity, iter(outs)), binding.span)


def is_static(entity: Entity) -> bool:
    """Say whether nothing of an entity is made at run time."""
    return all(isinstance(leaf, Static) for leaf in leaves(entity))
