"""Loops: what is assigned in the body becomes a carried entry, its type found by repetition."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.arithmetic import apply, condition, literal, require_equal
from srcdiff.frontend.arrays import FULL
from srcdiff.frontend.assignments import assign_to, item_of
from srcdiff.frontend.context import (
    Binding,
    Conflict,
    Context,
    Entity,
    Iteration,
    leaves,
    rebuild,
)
from srcdiff.frontend.expressions import evaluate
from srcdiff.frontend.infer import unify
from srcdiff.frontend.joins import describe, undefined, unsettled
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Alloc, Carried, Const, For, Operand, Value, While, is_array
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
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and (isinstance(n.ctx, ast.Load))
    )


@dataclass(frozen=True, eq=False)
class Settled:
    """What is known about a carried leaf from an earlier attempt: its type, its open extents."""

    type: Type
    open: tuple[bool, ...] = ()


@dataclass(eq=False)
class Attempt:
    """One lowering of a loop body: the phis of each name that was defined before."""

    phis: dict[str, list[Value]]
    inits: dict[str, list[Operand]]


def start(c: Context, names: list[str], key: tuple[Any, ...]) -> Attempt:
    """Bind every assigned name that is defined before the loop to fresh phis."""
    attempt = Attempt({}, {})
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


def _phi(
    c: Context, name: str, init: Operand, settled: Settled | None
) -> tuple[Value, Operand]:
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
                bindings[name] = _only_after(c, name, binding, entries)
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
    c.fail(node, f"`{name}` is {what} before this loop and {describe(entity)} after an iteration.",
           "Use different names, or give the name one type.")


def _settle(
    c: Context, node: ast.AST, name: str, phi: Value, item: Operand
) -> Settled | None:
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
    shape = tuple(
        unsettled(c) if extent in c.unsettled_once else extent for extent in phi.shape
    )
    return Value(phi.name, phi.type, shape)


def _only_after(
    c: Context, name: str, binding: Binding, entries: list[Carried]
) -> Binding:
    """A name that only the body assigns, read after the loop."""
    outs: list[Entity] = []
    if _is_static(binding.entity):
        return binding
    for item in leaves(binding.entity):
        if not isinstance(item, Value | Const):
            return Binding(Conflict("is not a number or an array after this loop."), binding.span)
        init = undefined(c.builder, item.type)
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
    unrolled = _items(entity)
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


def _items(entity: Entity) -> list[Entity] | None:
    """Return the items of what is iterated over, where their number is known now."""
    if isinstance(entity, tuple):
        return list(entity)
    if isinstance(entity, Iteration) and entity.kind != "range":
        each = [_items(arg) for arg in entity.args]
        known = [items for items in each if items is not None]
        if len(known) == len(each) and each:
            if entity.kind == "enumerate":
                return [(integer(k), item) for k, item in enumerate(known[0])]
            if entity.kind == "reversed":
                return known[0][::-1]
            return [tuple(row) for row in zip(*known, strict=False)]
    return None


def _unroll(c: Context, node: ast.For, items: list[Entity], statements: Statements) -> None:
    if c.scope.leaves.get(node):
        c.fail(node, "A loop over a tuple cannot be left early.",
               "Use a range, or a tuple without break and return.", UnsupportedSyntax)
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
            c, node, key, attempt, after, names, body,
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


def progression(
    c: Context, node: ast.expr, entity: Entity
) -> tuple[Operand, Operand, Operand, Callable[[Context, Value], Entity]]:
    """Return start, stop and step of a loop, and what its target becomes for an index."""
    if isinstance(entity, Iteration) and entity.kind == "range":
        return (*_range(c, node, entity.args), lambda _, index: index)
    if isinstance(entity, Iteration) and entity.kind == "reversed":
        return _reversed(c, node, entity)
    length, item = _sequence(c, node, entity)
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


def _reversed(c: Context, node: ast.expr, entity: Iteration) -> Any:
    (inner,) = entity.args
    start_, stop, step, item = progression(c, node, inner)
    if not isinstance(step, Const) or abs(step.value) != 1:
        c.fail(node, "`reversed` of a range with a step is not supported.",
               "Write the reversed range.")
    one = step
    first = c.builder.fold(np.subtract, stop, one)
    last = c.builder.fold(np.subtract, start_, one)
    return first, last, integer(-step.value), item


def _sequence(
    c: Context, node: ast.expr, entity: Entity
) -> tuple[Operand, Callable[[Context, Value], Entity]]:
    """Return the length of what is iterated over, and its item for an index."""
    match entity:
        case Value() if is_array(entity) and entity.shape:
            rest = [FULL] * (len(entity.shape) - 1)
            return entity.shape[0], lambda c, k: item_of(c, node, entity, k, list(rest))
        case Iteration(kind="range", args=args):
            bounds = _range(c, node, args)
            return _range_length(c, node, bounds), _range_item(node, bounds)
        case Iteration(kind="enumerate"):
            length, item = _sequence(c, node, entity.args[0])
            first = entity.args[1] if len(entity.args) > 1 else literal(0)
            return length, lambda c, k: (_plus(c, node, first, k), item(c, k))
        case Iteration(kind="zip"):
            parts = [_sequence(c, node, arg) for arg in entity.args]
            length = parts[0][0]
            for other, _ in parts[1:]:
                if not c.facts.agree(length, other):
                    length = c.builder.fold(min, length, other)
            return length, lambda c, k: tuple(item(c, k) for _, item in parts)
    c.fail(node, "This cannot be iterated over.",
           "Use range, an array, enumerate, zip, or a tuple of fixed length.")


def _plus(c: Context, node: ast.AST, left: Any, right: Value) -> Entity:
    return right if isinstance(left, Const) and left.value == 0 else apply(
        c, node, np.add, (left, right), "_k", operator=True
    )


def _range_length(
    c: Context, node: ast.expr, bounds: tuple[Operand, Operand, Operand]
) -> Operand:
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


def _range_item(
    node: ast.expr, bounds: tuple[Operand, Operand, Operand]
) -> Callable[[Context, Value], Entity]:
    start_, _, step = bounds

    def item(c: Context, k: Value) -> Entity:
        scaled = apply(c, node, np.multiply, (k, step), "_k", operator=True)
        if isinstance(step, Const) and step.value == 1:
            scaled = k
        return _plus(c, node, start_, scaled)  # type: ignore[arg-type]

    return item


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
        test = condition(c, node.test, evaluate(c, node.test, "_go"))
        with c.block() as body:
            statements(c, node.body)
            leave = _leave(c, node)
            reads, inside = c.scope.reads, read_counts(node)
            closed = carry(
                c, node, key, attempt, dict(c.scope.names), names, body,
                lambda name: reads.get(name, 0) > inside[name] or name.startswith("."),
            )
    c.scope.names = before
    if closed is None:
        del c.builder.statements[saved:]
        return False
    entries, bindings = closed
    c.at(node)
    loop = While(
        tuple(entries), head.block(), test, body.block(), leave, None, c.builder.origin
    )
    _append_loop(c, loop, names, bindings)
    return True


# ---- comprehensions ----


def comprehend(c: Context, node: ast.ListComp, name: str) -> Entity:
    """Lower `[element for target in sequence]` as an array filled by a loop."""
    (generator,) = node.generators
    entity = evaluate(c, generator.iter, "_t")
    hidden = {n: c.scope.names.get(n) for n in _target_names(generator.target)}
    unrolled = _items(entity)
    if unrolled is not None:
        made: Entity = tuple(_element(c, node, generator.target, item) for item in unrolled)
    else:
        made = _fill(c, node, generator, entity, name)
        c.lists = c.lists | {made}
    for hidden_name, binding in hidden.items():
        c.scope.names.pop(hidden_name, None)
        if binding is not None:
            c.scope.names[hidden_name] = binding
    return made


def _element(c: Context, node: ast.ListComp, target: ast.expr, item: Entity) -> Entity:
    assign_to(c, target, item)
    return evaluate(c, node.elt, "_t")


def _fill(
    c: Context, node: ast.ListComp, generator: ast.comprehension, entity: Entity, name: str
) -> Value:
    length, item = _sequence(c, generator.iter, entity)
    index = Value("_k", PYTHON_INT)
    with c.block() as body:
        value = _element(c, node, generator.target, item(c, index))
        if not isinstance(value, Value | Const):
            c.fail(node.elt, "The elements of this list are neither numbers nor arrays.",
                   "Make them numbers.")
        inner = value.shape if isinstance(value, Value) else ()
        inside = {s for s in _defined(body)}
        if any(extent in inside for extent in inner):
            c.fail(node.elt, "The elements of this list may differ in shape.",
                   "Fill an array of known shape.")
        out = Value(name if name != "_t" else "_list", Array(value.type.dtype, 1 + len(inner)),
                    (length, *inner))
        if inner:
            place = item_of(c, node, out, index, [FULL] * len(inner))
            c.builder.store(place, (), value)
        else:
            c.builder.store(out, (index,), value)
    c.builder.append(Alloc(out, None, c.builder.origin))
    step = integer(1)
    loop = For(index, integer(0), length, step, (), body.block(), None, None, c.builder.origin)
    c.builder.append(loop)
    return out


def _defined(body: Builder) -> Iterator[Value]:
    for statement in body.statements:
        out = getattr(statement, "out", None)
        if isinstance(out, Value):
            yield out


def _target_names(target: ast.expr) -> list[str]:
    return [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]

