"""Run four iterations of a triangular loop at once where all four add to one row.

    For k in range(m)                         For low in range(0, rest, 4)
        t = Load a[i, k]                          For k in range(low, low + 4)
        For j in range(k + 1, n)                      t = Load a[i, k]
            Increment a[i, j] += t * a[k, j]          Store known[k - low] = t
                                          ->          For j in range(k + 1, low + 4)
                                                          Increment a[i, j] += t * a[k, j]
                                                  For j in range(low + 4, n)
                                                      s = Load a[i, j]
                                                      s += known[0] * a[low, j] + ...
                                                      Store a[i, j] = s

What the four do to each other is done first; behind that, an element of the row is read and written
once instead of four times. Each gets its terms in the same order. That no round meets what it is
put behind is proved as in `analysis.reorder`.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.linear import variable
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Part, Reordering, Touch, parts, touches, used
from srcdiff.ir.build import Builder, integer, is_constant, mapped
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.walk import changing, clone, definitions, map_blocks, renewed, statements
from srcdiff.transform.strips import rest_of
from srcdiff.transform.sums import plus
from srcdiff.transform.vectorise import PLAIN

STEPS = 4
"""Iterations that run at once."""
LONGEST = 8
"""Statements of a round: each is there six times."""
MOST = 2
"""Numbers of an iteration that its rounds use."""


def terrace(function: Function) -> Function:
    """Run four iterations at once in the triangular loops of `function` that add to a row."""
    nests = {s: p for s in statements(function.body) if isinstance(s, For) if (p := _found(s))}
    if not nests:
        return function
    flow = dataflow(function)
    work = _Terracer(flow, Reordering(flow, memory(function)), nests)
    return replace(function, body=work.block(function.body))


def _found(loop: For) -> list[Part] | None:
    """Return the two parts of a loop that may be one of those here."""
    found = None if loop.carried or not is_constant(loop.step, 1) else parts(loop)
    if found is None or len(found) != 2:
        return None
    first, inner = found
    if isinstance(first, For) or not isinstance(inner, For) or inner.carried:
        return None
    body = inner.body.statements
    plain = all(_is_plain(s) for s in body) and is_constant(inner.step, 1)
    adding = [s for s in body if isinstance(s, Increment)]
    return found if plain and len(adding) == 1 and len(body) <= LONGEST else None


def _is_plain(statement: Statement) -> bool:
    if isinstance(statement, Call):
        return statement.function in PLAIN and statement.function is not np.divide
    return isinstance(statement, Load | Increment)


@dataclass(eq=False)
class _Terracer:
    flow: Dataflow
    order: Reordering
    nests: dict[For, list[Part]]

    def block(self, block: Block) -> Block:
        return renewed(block, [new for s in block.statements for new in self.statement(s)])

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and statement in self.nests:
            first, inner = self.nests[statement]
            assert isinstance(first, tuple)
            assert isinstance(inner, For)
            nest = _Nest(self.flow, self.order, statement, first, inner)
            if nest.holds():
                return nest.statements()
        return [map_blocks(statement, self.block)]


@dataclass(eq=False)
class _Nest:
    """One nest: `first` and the inner loop are the body of the outer one."""

    flow: Dataflow
    order: Reordering
    loop: For
    first: tuple[Statement, ...]
    inner: For
    crossing: list[Value] = field(default_factory=list)
    """The numbers of an iteration that its rounds use."""

    def __post_init__(self) -> None:
        needed = used(self.inner.body.statements)
        self.crossing = [v for s in self.first for v in definitions(s) if v in needed]
        (self.adding,) = [s for s in self.inner.body.statements if isinstance(s, Increment)]

    # ---- what can be done ----

    def holds(self) -> bool:
        """Say whether rounds add to a row of all iterations, and may be put behind others."""
        inside = changing(self.loop)
        base, offset = self.flow.integers.affine(self.inner.start)
        if base is not self.loop.index or offset < 0 or self.inner.stop in inside:
            return False
        place = {self.adding.ref, *self.adding.indices} - {self.inner.index}
        if not inside.isdisjoint(place) or self.inner.index not in self.adding.indices:
            return False
        if len(self.crossing) > MOST or any(map(is_array, self.crossing)):
            return False
        first = list(touches(self.loop.body, self.first))
        rounds = list(touches(self.inner.body, self.inner.body.statements))
        (row,) = [touch for touch in rounds if touch.statement is self.adding]
        apart = all(self.order.never_meet(self.loop, row, t) for t in rounds if t is not row)
        return apart and self.may_wait(rounds, first, offset)

    def may_wait(self, rounds: list[Touch], first: list[Touch], offset: int) -> bool:
        """Say whether rounds may come behind what follows them, where they are beyond it."""
        beyond = variable((self.inner.index, True)) - variable((self.loop.index, False)) - offset
        passed = self.order.back(self.inner)
        turn = self.order.may_turn
        return turn(self.loop, rounds, first, (beyond,)) and turn(self.loop, rounds, rounds, passed)

    # ---- the new loops ----

    def statements(self) -> list[Statement]:
        """Return a loop over four iterations at once, and one over those that are left."""
        made, loop = Builder(self.loop.origin), self.loop
        rest = rest_of(made, self.flow.integers, loop, STEPS)
        size = (integer(STEPS),)
        rooms = [made.alloc(size, v.type.dtype, name=f"{v.name}_known") for v in self.crossing]
        low, main = Value(loop.index.name, loop.index.type), Builder(loop.origin)
        end = main.fold(np.add, low, integer(STEPS))
        offset = self.flow.integers.affine(self.inner.start)[1]
        behind = main.fold(np.add, low, integer(STEPS - 1 + offset))
        main.append(self.steps(low, end, behind, rooms))
        self.together(main, low, behind, rooms)
        made.append(
            For(low, loop.start, rest, integer(STEPS), (), main.block(), origin=loop.origin)
        )
        return [*made.statements, replace(loop, start=rest)]

    def steps(self, low: Value, end: Operand, behind: Operand, rooms: list[Value]) -> For:
        """Return a loop over the four iterations, as far as they concern each other."""
        loop, body = self.loop, Builder(self.loop.origin)
        body.statements += self.first
        if rooms:
            step = body.fold(np.subtract, loop.index, low)
            for value, room in zip(self.crossing, rooms, strict=True):
                body.store(room, (step,), value)
        stop = body.call(min, behind, self.inner.stop, type=loop.index.type, shape=())
        body.append(replace(self.inner, stop=stop))
        index = Value(loop.index.name, loop.index.type)
        block = clone(body.block(), {loop.index: index})
        return replace(loop, index=index, start=low, stop=end, body=block)

    def together(self, main: Builder, low: Value, behind: Operand, rooms: list[Value]) -> None:
        """Append the rounds that all four iterations have."""
        maps: list[dict[Value, Operand]] = []
        for step in range(STEPS):
            known: dict[Value, Operand] = {self.loop.index: main.fold(np.add, low, integer(step))}
            for value, room in zip(self.crossing, rooms, strict=True):
                known[value] = main.load(room, (integer(step),), value.name)
            maps.append(known)
        index = Value(self.inner.index.name, self.inner.index.type)
        body = Builder(self.adding.origin)
        place = tuple(index if i is self.inner.index else i for i in self.adding.indices)
        total: Operand = body.load(self.adding.ref, place)
        own = tuple(s for s in self.inner.body.statements if s is not self.adding)
        for known in maps:
            known[self.inner.index] = index
            body.statements += clone(Block(own), known).statements
            total = plus(body, total, mapped(self.adding.value, known))
        body.store(self.adding.ref, place, total)
        main.append(replace(self.inner, index=index, start=behind, body=body.block()))
