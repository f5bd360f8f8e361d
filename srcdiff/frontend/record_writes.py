"""Records, changed: `d["a"] = v`, `l[0] += v`, `p.w = v`, `state.step()`.

A change makes a new record, which takes the place of the old one wherever a name leads to it: also
under other names, in other records, and in the functions that called this one. That is Python's
meaning, where it is known what leads to the object and when it is changed; else it is refused:

- what a name leads to may or may not be the same object (after a branch or in a loop);
- something holds the object that is no name: a bound method, an argument that waits for others;
- the name belongs to a caller, and whether the change happens is decided here.
"""

import ast
import dataclasses
from collections.abc import Iterator
from typing import Any

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.context import (
    Binding,
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
        place_of_value = _place(c, target, owner)
        values[place_of_value] = value
        key = keys[place_of_value]
    if any(record.origins & owner.origins for record, _ in _records(value, False, ())):
        c.fail(target, "This object would contain itself.", "Keep a copy of it.")
    if c.constant:
        c.assigned.append((owner.origins, key))
    new = Record(owner.kind, tuple(keys), tuple(values), owner.origins)
    replace_object(c, target, owner, new)


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


# ---- everything that leads to an object ----


def replace_object(c: Context, node: ast.AST, owner: Record, new: Record) -> None:
    """Let everything that leads to `owner` lead to `new`."""
    _check_known(c, node, owner)
    swaps: dict[int, Entity] = {id(owner): new}
    found = [
        (scope, name, binding)
        for scope in _scopes(c)
        for name, binding in scope.names.items()
        if _swapped(binding.entity, swaps) is not binding.entity
    ]
    if not found:
        c.fail(node, "What is changed here has no name.", "Assign it to a local name first.")
    _check_callers(c, node, owner, [scope for scope, _, _ in found])
    for scope, name, binding in found:
        scope.names[name] = Binding(_swapped(binding.entity, swaps), binding.span)
    c.waiting = tuple((_swapped(entity, swaps), builder) for entity, builder in c.waiting)


def _swapped(entity: Entity, swaps: dict[int, Entity]) -> Entity:
    """Return an entity with records replaced; `swaps` says by what, and learns about others."""
    if id(entity) in swaps:
        return swaps[id(entity)]
    inner = entity.args if isinstance(entity, Iteration) else children(entity)
    if inner is None:
        return entity
    parts = tuple(_swapped(part, swaps) for part in inner)
    if all(part is old for part, old in zip(parts, inner, strict=True)):
        return entity
    made = Iteration(entity.kind, parts) if isinstance(entity, Iteration) else remade(entity, parts)
    if isinstance(entity, Record):
        swaps[id(entity)] = made
    return made


def _check_known(c: Context, node: ast.AST, owner: Record) -> None:
    """Refuse to change what is not the function's own, or may be what something else leads to."""
    kind = owner.kind.__name__
    copy = f"`{kind}(...)`" if owner.kind in (dict, list) else "`dataclasses.replace(...)`"
    if OUTSIDE in owner.origins:
        c.fail(
            node,
            f"This {kind} was passed as an argument or stands outside; it cannot be changed here.",
            f"Change a copy, made by {copy}, and return it.",
        )
    names = [
        name
        for name, record, is_held in _reachable(c)
        if record.origins & owner.origins and (is_held or record is not owner)
    ]
    if names:
        listed = ", ".join(dict.fromkeys(names))
        c.fail(
            node,
            f"This {kind} may be the same as one that {listed} leads to, where a change would "
            "have to show.",
            f"Change a copy, made by {copy}.",
        )


def _check_callers(c: Context, node: ast.AST, owner: Record, changed: list[Scope]) -> None:
    """Refuse a change of a caller's object, unless it happens whenever that function is called.

    All calls on the way must be statements of their own: other parts of an expression may hold the
    object as it was.
    """
    first = min(c.scopes.index(scope) for scope in changed)
    pairs = zip(c.scopes[first:], c.scopes[first + 1 :], strict=False)
    if all(
        caller.builder is c.builder and _is_whole(caller.statement, callee.call)
        for caller, callee in pairs
    ):
        return
    c.fail(
        node,
        f"This {owner.kind.__name__} belongs to a function that called this one, and is changed in "
        "a branch, in a loop or in the midst of an expression.",
        "Return the new one; or call this function in a statement of its own, and change the "
        "object outside of branches and loops.",
    )


def _is_whole(statement: ast.stmt | None, call: ast.AST | None) -> bool:
    """Say whether a statement does nothing but this call, and assigns its result."""
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
        return False
    calls = [each for each in ast.walk(statement) if isinstance(each, ast.Call)]
    return statement.value is call and calls == [call]


# ---- what can be reached ----


def _scopes(c: Context) -> list[Scope]:
    """Return the scopes of the functions that are being lowered, each once."""
    return list({id(scope): scope for scope in c.scopes}.values())


def _reachable(c: Context) -> Iterator[tuple[str, Record, bool]]:
    """Iterate over the records that can be reached: by what, which, and whether it is held there.

    What is held cannot be replaced.
    """
    live = tuple(_scopes(c))
    outer = [scope.enclosing for scope in live if scope.enclosing not in live]
    for scope in live:
        for name, binding in scope.names.items():
            for record, is_held in _records(binding.entity, False, live):
                yield f"`{name}`", record, is_held
    for scope in filter(None, outer):
        for record, _ in _of_closure(scope, live):
            yield "a function", record, True
    for entity, builder in c.waiting:
        for record, is_held in _records(entity, False, live):
            yield "the loop", record, is_held or builder is not c.builder


def _of_closure(scope: Scope | None, live: tuple[Scope, ...]) -> Iterator[tuple[Record, bool]]:
    """Iterate over what a function keeps of functions that have returned."""
    while scope is not None and scope not in live:
        for binding in scope.names.values():
            yield from _records(binding.entity, True, (*live, scope))
        scope = scope.enclosing


def _records(entity: Any, is_held: bool, live: tuple[Scope, ...]) -> Iterator[tuple[Record, bool]]:
    """Iterate over the records in an entity, and whether something holds them that is no name."""
    if isinstance(entity, Record):
        yield entity, is_held
    inner: tuple[Any, ...] = children(entity) or ()
    match entity:
        case Method(owner=owner):
            inner, is_held = (owner,), True
        case Partial():
            inner, is_held = (entity.function, *entity.args, *entity.kwargs.values()), True
        case Iteration(args=args):
            inner = args
        case LocalFunction():
            inner, is_held = tuple(default for _, default in entity.defaults), True
            yield from _of_closure(entity.scope, live)
    for part in inner:
        yield from _records(part, is_held, live)
