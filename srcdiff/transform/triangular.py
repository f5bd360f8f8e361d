"""Run along rows what a triangular nest of loops does down columns.

    For j in range(n)                     For j in range(n)
        s = Load a[i, j]                      Store row[j] = a[i, j]
        For k in range(j)                 For k in range(n)
            s -= a[i, k] * a[k, j]    ->      Store a[i, k] = row[k] / a[k, k]
        Store a[i, j] = s / a[j, j]           For j in range(k + 1, n)
                                                  row[j] -= a[i, k] * a[k, j]

What stands around the inner loop runs in the round of the new outer loop that has its number. If
the old one counts down, as in an adjoint sweep, the inner loop follows it there no longer, but the
rounds come before what they used to follow:

    For j in range(n - 1, -1, -1)         For k in range(n - 1, -1, -1)
        e = Load b[j]                         For j in range(k + 1, n)
        For k in range(j)             ->          Increment b[k] += c[k, j] * row[j]
            Increment b[k] += c[k, j] * e     Store row[k] = b[k]

The user's sums keep their order. That no read meets a write that is now on the other side of it is
proved as in `analysis.reorder`.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.linear import Linear, variable
from srcdiff.analysis.loops import additions
from srcdiff.analysis.reorder import Part, Reordering, Touch, touches, used
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import Alloc, Block, For, Load, Operand, Statement, Store, Value, is_array
from srcdiff.ir.types import Array
from srcdiff.ir.walk import clone, definitions
from srcdiff.transform.distribute import added

MOST = 4
"""The most numbers that become rows."""


def turned(
    flow: Dataflow, order: Reordering, loop: For, found: list[Part]
) -> list[Statement] | None:
    """Return what takes the place of a triangular nest; None: it stays."""
    nest = triangle(flow, order, loop, found)
    return nest.statements() if nest is not None and nest.holds() else None


def triangle(flow: Dataflow, order: Reordering, loop: For, found: list[Part]) -> "Triangle | None":
    """Return a nest that has one inner loop, which counts to the counter of the outer one."""
    loops = [part for part in found if isinstance(part, For)]
    if len(loops) != 1 or loop.carried:
        return None
    (inner,) = loops
    place = found.index(inner)
    first = tuple(s for part in found[:place] if not isinstance(part, For) for s in part)
    last = tuple(s for part in found[place + 1 :] if not isinstance(part, For) for s in part)
    nest = Triangle(flow, order, loop, inner, first, last)
    return nest if nest.is_triangle() else None


@dataclass(eq=False)
class Triangle:
    """One nest: `first`, the inner loop, and `last` are the body of the outer loop."""

    flow: Dataflow
    order: Reordering
    loop: For
    inner: For
    first: tuple[Statement, ...]
    last: tuple[Statement, ...]
    crossing: list[Value] = field(default_factory=list)
    """The numbers that are made before the inner loop and used in another loop then."""
    rooms: dict[Value, Value] = field(default_factory=dict)
    """The rows of numbers, with an element for each iteration of the outer loop."""

    # ---- what can be turned ----

    @property
    def falls(self) -> bool:
        """Say whether the outer loop counts down."""
        return is_constant(self.loop.step, -1)

    def holds(self) -> bool:
        """Say whether the rounds may pass what stands around them."""
        arrays = any(is_array(entry.phi) for entry in self.inner.carried)
        if arrays or not self.flow.integers.is_index(self.loop.index):
            return False
        self.crossing = self.crossing_values()
        if len(self.crossing) + len(self.inner.carried) > MOST or any(map(is_array, self.crossing)):
            return False
        return self.may_fall() if self.falls else self.may_rise()

    def is_triangle(self) -> bool:
        """Say whether the inner loop counts up to the outer counter, from the least of these."""
        form = self.order.dependence.form
        low = form(self.loop.stop) + 1 if self.falls else form(self.loop.start)
        begins = form(self.inner.start) == low and is_constant(self.inner.step, 1)
        rises = not self.falls or not self.inner.carried
        return begins and rises and self.inner.stop is self.loop.index

    def crossing_values(self) -> list[Value]:
        """Return the numbers that are made before the inner loop and used in another loop now."""
        needed = used(self.inner.body.statements)
        if not self.falls:
            needed |= used(self.last)
        return [v for s in self.first for v in definitions(s) if v in needed]

    def may_rise(self) -> bool:
        """Say whether what changes places has no order, if the outer loop counts up."""
        before, rounds, behind = self.touched()
        later = self.number(self.inner, earlier=False)
        passed = (self.number(self.inner, earlier=True) - later - 1,)
        around = (self.number(self.loop, earlier=True) - later - 1,)
        return (
            self.may_turn(rounds, rounds, passed)
            and self.may_turn(behind, rounds, around)
            and self.may_turn([*rounds, *behind], before)
        )

    def may_fall(self) -> bool:
        """Say whether what changes places has no order, if the outer loop counts down."""
        before, rounds, behind = self.touched()
        earlier = self.number(self.inner, earlier=True)
        passed = (self.number(self.inner, earlier=False) - earlier,)
        around = (self.number(self.loop, earlier=False) - earlier - 1,)
        return (
            self.may_turn(rounds, rounds, passed)
            and all(self.order.are_apart(self.inner, a, b) for a in rounds for b in rounds)
            and all(self.order.are_apart(None, a, b) for a in rounds for b in behind)
            and self.may_turn(rounds, [*before, *behind], around)
        )

    def touched(self) -> tuple[list[Touch], list[Touch], list[Touch]]:
        """Return the accesses of the three parts."""
        outer, inner = self.loop.body, self.inner.body
        before, behind = (list(touches(outer, part)) for part in (self.first, self.last))
        return before, list(touches(inner, inner.statements)), behind

    def number(self, loop: For, *, earlier: bool) -> Linear:
        """Return a counter in the earlier or the later of two iterations of the outer loop."""
        return variable((loop.index, earlier))

    def may_turn(
        self, first: list[Touch], second: list[Touch], more: tuple[Linear, ...] = ()
    ) -> bool:
        return self.order.may_turn(self.loop, first, second, more)

    # ---- the new loops ----

    def statements(self) -> list[Statement]:
        """Return what takes the place of the nest."""
        self.made = Builder(self.loop.origin)
        self.extent = end = self.end()
        if not self.flow.integers.is_index(end):
            self.extent = self.made.fold(max, end, integer(0))
        for value in (*self.crossing, *(entry.phi for entry in self.inner.carried)):
            self.rooms[value] = self.room(value)
        rows = self.rows(end)
        kept = [self.stored(value) for value in self.crossing]
        if self.falls:
            body = (*rows, *self.first, *kept, *self.last)
            self.made.append(self.along(body, self.inner.index.name))
            return self.made.statements
        starts = [self.at(entry.phi, entry.init) for entry in self.inner.carried]
        if starts or kept or any(touch.writes for touch in self.touched()[0]):
            first = (*self.first, *kept, *starts)
            self.made.append(self.along(first, self.loop.index.name))
        ends = [Load(e.out, self.rooms[e.phi], (self.loop.index,)) for e in self.inner.carried]
        body = (*self.fetched(self.last), *ends, *self.last, *rows)
        self.made.append(self.along(body, self.inner.index.name))
        return self.made.statements

    def end(self) -> Operand:
        """Return the number behind the largest of the outer counter."""
        if not self.falls:
            return self.loop.stop
        form = self.order.dependence.form(self.loop.start) + 1
        match form.terms, form.constant:
            case (((value, _), 1),), 0:
                assert isinstance(value, Value)
                return value
        return self.made.fold(np.add, self.loop.start, integer(1))

    def room(self, value: Value) -> Value:
        ref = Value(f"{value.name}_row", Array(value.type.dtype, 1), (self.extent,))
        self.made.append(Alloc(ref, None, self.loop.origin))
        return ref

    def at(self, room: Value, value: Operand) -> Store:
        return Store(self.rooms[room], (self.loop.index,), value, self.loop.origin)

    def stored(self, value: Value) -> Store:
        return self.at(value, value)

    def fetched(self, part: tuple[Statement, ...]) -> list[Statement]:
        """Return the loads of numbers that another loop has made."""
        needed = used(part)
        return [
            Load(value, self.rooms[value], (self.loop.index,), self.loop.origin)
            for value in self.crossing
            if value in needed
        ]

    def rows(self, end: Operand) -> tuple[Statement, ...]:
        """Return one round for all iterations behind it: the new outer counter is its number."""
        index = Value(self.loop.index.name, self.loop.index.type)
        inner, body = self.inner, Builder(self.inner.origin)
        body.statements += self.fetched(inner.body.statements)
        sums: dict[Statement, list[Statement]] = {}
        for entry in inner.carried:
            room, place = self.rooms[entry.phi], (self.loop.index,)
            calls = additions(entry.phi, entry.next, self.flow) or []
            if len(calls) == 1 and calls[0] in inner.body.statements:
                sums[calls[0]] = added(room, place, calls[0], entry)
            else:
                body.append(Load(entry.phi, room, place, inner.origin))
        body.statements += [new for s in inner.body.statements for new in sums.get(s, [s])]
        for entry in inner.carried:
            if not sums.keys() & (additions(entry.phi, entry.next, self.flow) or []):
                body.append(self.at(entry.phi, entry.next))
        # The counters change their places: what was the inner one is now the outer one.
        mapping: dict[Value, Operand] = {self.loop.index: index, inner.index: self.loop.index}
        block = clone(body.block(), mapping)
        start = Builder(inner.origin)
        low = start.fold(np.add, self.loop.index, integer(1))
        row = For(index, low, end, integer(1), (), block, origin=inner.origin)
        return (*start.statements, row)

    def along(self, body: tuple[Statement, ...], name: str) -> For:
        """Return a loop over the iterations of the outer one, with a body of its own."""
        index = Value(name, self.loop.index.type)
        block = clone(Block(body), {self.loop.index: index})
        return replace(self.loop, index=index, body=block)
