"""Run four iterations of a triangular loop at once, as far as all four go.

    For j in range(n)                     For j in range(0, rest, 4)
        s = Load a[j]                         s, s', s'', s''' = Load a[j], ... a[j + 3]
        For k in range(j)         ->          For k in range(j)
            s -= b[j, k] * a[k]                   s -= b[j, k] * a[k], ... four times
        Store a[j] = s                        For j' in range(j, j + 4)
                                                  For k in range(j, j')
                                                      s -= b[j', k] * a[k]
                                                  Store a[j'] = s

Where each iteration waits for a sum in the user's order, there are four sums now that do not wait
for each other; each is still added up in its order. May it be done: as in `triangular`, where the
rounds pass what stands around them in the same way.
"""

from dataclasses import replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.loops import additions
from srcdiff.analysis.reorder import Part, Reordering
from srcdiff.ir.build import Builder, integer, mapped
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    For,
    Load,
    Operand,
    Statement,
    Value,
)
from srcdiff.ir.walk import clone, definitions, operands
from srcdiff.transform.strips import rest_of
from srcdiff.transform.triangular import Triangle, triangle
from srcdiff.words import radd

STEPS = 4
"""Iterations that run at once."""
LONGEST = 8
"""Statements of a round: each is there six times."""


def stepped(
    flow: Dataflow, order: Reordering, loop: For, found: list[Part]
) -> list[Statement] | None:
    """Return what takes the place of a triangular nest; None: it stays."""
    nest = triangle(flow, order, loop, found)
    if nest is None or nest.falls or not waits(nest) or not nest.holds() or nest.crossing:
        return None
    return _Stairs(nest).statements()


def waits(nest: Triangle) -> bool:
    """Say whether the inner loop is but sums of the user, short enough to be there six times."""
    body, carried = nest.inner.body.statements, nest.inner.carried
    plain = all(isinstance(s, Load | Call) for s in body) and len(body) <= LONGEST
    sums = [additions(entry.phi, entry.next, nest.flow) or [] for entry in carried]
    own = all(calls and all(c.function is not radd for c in calls) for calls in sums)
    return plain and bool(carried) and own


class _Stairs:
    """The new loops of one nest."""

    def __init__(self, nest: Triangle) -> None:
        self.nest, self.loop, self.inner = nest, nest.loop, nest.inner
        self.made = Builder(nest.loop.origin)
        self.main = Builder(nest.loop.origin)
        self.low = Value(nest.loop.index.name, nest.loop.index.type)

    def statements(self) -> list[Statement]:
        """Return a loop over four iterations at once, and one over those that are left."""
        rest = rest_of(self.made, self.nest.flow.integers, self.loop, STEPS)
        rooms = [
            self.made.alloc((integer(STEPS),), e.phi.type.dtype, name=f"{e.phi.name}_sums")
            for e in self.inner.carried
        ]
        self.together(rooms)
        self.apart(rooms)
        step, block = integer(STEPS), self.main.block()
        origin = self.loop.origin
        self.made.append(For(self.low, self.loop.start, rest, step, (), block, origin=origin))
        return [*self.made.statements, replace(self.loop, start=rest)]

    def together(self, rooms: list[Value]) -> None:
        """Append the rounds that all four iterations have, and keep what they come to."""
        maps: list[dict[Value, Operand]] = []
        for step in range(STEPS):
            maps.append({self.loop.index: self.main.fold(np.add, self.low, integer(step))})
            self.main.statements += clone(Block(self.nest.first), maps[step]).statements
        shared, body = self.shared(), Builder(self.inner.origin)
        index = Value(self.inner.index.name, self.inner.index.type)
        once: dict[Value, Operand] = {self.inner.index: index}
        common = tuple(s for s in self.inner.body.statements if s in shared)
        body.statements += clone(Block(common), once).statements
        own = Block(tuple(s for s in self.inner.body.statements if s not in shared))
        carried = [entry for known in maps for entry in self.step(body, own, known, once)]
        block = body.block()
        rounds = replace(self.inner, index=index, stop=self.low, carried=tuple(carried), body=block)
        self.main.append(rounds)
        for number, entry in enumerate(carried):
            step, room = divmod(number, len(rooms))
            self.main.store(rooms[room], (integer(step),), entry.out)

    def step(
        self, body: Builder, own: Block, known: dict[Value, Operand], once: dict[Value, Operand]
    ) -> list[Carried]:
        """Append a round of one of the iterations; return its sums."""
        known.update(once)
        phis = {entry: Value(entry.phi.name, entry.phi.type) for entry in self.inner.carried}
        inits = {entry: mapped(entry.init, known) for entry in phis}
        known.update((entry.phi, phi) for entry, phi in phis.items())
        body.statements += clone(own, known).statements
        outs = {entry: Value(entry.out.name, entry.out.type) for entry in phis}
        return [Carried(phis[e], inits[e], mapped(e.next, known), outs[e]) for e in phis]

    def shared(self) -> set[Statement]:
        """Return the statements of a round that are the same in all four iterations."""
        own: set[Operand] = {self.loop.index, *(e.phi for e in self.inner.carried)}
        own.update(v for s in self.nest.first for v in definitions(s))
        result: set[Statement] = set()
        for statement in self.inner.body.statements:
            if own.intersection(operands(statement)):
                own.update(definitions(statement))
            else:
                result.add(statement)
        return result

    def apart(self, rooms: list[Value]) -> None:
        """Append what each iteration has for itself: the last rounds, and what follows them."""
        body = Builder(self.loop.origin)
        step = body.fold(np.subtract, self.loop.index, self.low)
        loads = [
            Load(Value(e.phi.name, e.phi.type), room, (step,), self.loop.origin)
            for e, room in zip(self.inner.carried, rooms, strict=True)
        ]
        pairs = zip(self.inner.carried, loads, strict=True)
        carried = tuple(replace(entry, init=load.out) for entry, load in pairs)
        body.statements += [*loads, replace(self.inner, start=self.low, carried=carried)]
        body.statements += self.nest.last
        index = Value(self.loop.index.name, self.loop.index.type)
        block = clone(body.block(), {self.loop.index: index})
        end = self.main.fold(np.add, self.low, integer(STEPS))
        self.main.append(replace(self.loop, index=index, start=self.low, stop=end, body=block))
