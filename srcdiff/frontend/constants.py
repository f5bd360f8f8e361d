"""`with sd.no_grad():`, whose values, assignments and writes are constants to derivatives."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from srcdiff.frontend.arrays import stopped
from srcdiff.frontend.context import (
    Binding,
    Context,
    Entity,
    Record,
    Static,
    children,
    keys_of,
    remade,
)
from srcdiff.frontend.expressions import evaluate
from srcdiff.ir.nodes import Block, Value, View
from srcdiff.ir.walk import all_definitions
from srcdiff.words import no_grad

Statements = Callable[[Context, list[ast.stmt]], None]


def lower_no_grad(c: Context, node: ast.With, statements: Statements) -> None:
    """Lower a block whose values and writes are constants to derivatives."""
    call = node.items[0].context_expr
    assert isinstance(call, ast.Call)
    word = evaluate(c, call.func)
    if not (isinstance(word, Static) and word.value is no_grad):
        c.fail(call, f"`{ast.unparse(call.func)}` is not `sd.no_grad`.", "Open it around the call.")
    scopes = list({id(scope): scope for scope in c.scopes}.values())
    before = [(scope, dict(scope.names)) for scope in scopes]
    outer_assigned, c.assigned = c.assigned, []
    waiting, outer, first = c.waiting, c.constant, len(c.builder.statements)
    c.constant = True
    statements(c, node.body)
    c.constant = outer
    c.at(node)
    block = Block(tuple(c.builder.statements[first:]))
    views = {s.out for s in block.statements if isinstance(s, View)}
    made = set(all_definitions(block)) - views
    constants = _Constants(c, made)
    for scope, names in before:
        for name, new in list(scope.names.items()):
            old = names.get(name)
            if new is not old:
                # An object that was changed keeps the place where its name was bound.
                was = old.entity if old is not None and old.span is new.span else None
                scope.names[name] = Binding(constants.of(new.entity, was), new.span)
    pairs = zip(c.waiting, waiting, strict=True)
    c.waiting = tuple((constants.of(new, old), builder) for (new, builder), (old, _) in pairs)
    c.assigned = outer_assigned


@dataclass(eq=False)
class _Constants:
    """Makes constants of what was assigned in a block; what it has `made` is constant anyway."""

    context: Context
    made: set[Value]
    found: dict[int, tuple[Entity, Entity]] = field(default_factory=dict)

    def of(self, entity: Entity, before: Entity | None) -> Entity:
        """Return an entity of which all that was not part of it `before` is constant."""
        if entity is before:
            return entity
        # One object under several names stays one object.
        if id(entity) not in self.found:
            self.found[id(entity)] = entity, self._new(entity, before)
        return self.found[id(entity)][1]

    def _new(self, entity: Entity, before: Entity | None) -> Entity:
        inner = children(entity)
        if inner is None:
            return entity if entity in self.made else stopped(self.context, entity, renamed=True)
        kept = self._kept(entity, before)
        parts = [self.of(e, kept.get(key)) for key, e in zip(keys_of(entity), inner, strict=True)]
        same = all(new is part for new, part in zip(parts, inner, strict=True))
        return entity if same else remade(entity, parts)

    def _kept(self, entity: Entity, before: Entity | None) -> dict[str, Entity]:
        """Return the parts of a tree that was there `before`, but for those assigned since."""
        if before is None:
            return {}
        origins = entity.origins if isinstance(entity, Record) else frozenset()
        assigned = {key for each, key in self.context.assigned if each & origins}
        pairs = zip(keys_of(before), children(before) or (), strict=True)
        return {key: part for key, part in pairs if key not in assigned}
