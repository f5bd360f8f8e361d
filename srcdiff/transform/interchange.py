"""Run along rows what a nest of loops does down columns.

    For j in range(i, n)                  For k in range(i)
        t = Load b[i, j]                      For j in range(i, n)
        For k in range(i)                         t = Load b[i, j]
            Increment c[k, j] += t * e    ->      Increment c[k, j] += t * e

`distribute` parts the body: each inner loop becomes the outer one, and what stands between becomes
a loop of its own. The user's sums keep their order: each is added up by its own iteration, round by
round.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Part, Reordering, parts
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import map_blocks, renewed, statements
from srcdiff.transform.distribute import distributed
from srcdiff.transform.triangular import turned
from srcdiff.transform.vectorise import is_below

SHORT = 8
"""The least number of iterations, where it is known, that are worth a loop along a row."""


def interchange(function: Function) -> Function:
    """Turn the nests of `function` around that walk through arrays down their columns."""
    loops = [s for s in statements(function.body) if isinstance(s, For)]
    nests = {s: found for s in loops if (found := parts(s)) is not None}
    if not nests:
        return function
    flow = dataflow(function)
    walks = Walks(flow, _kept(function))
    wanted = {s: found for s, found in nests.items() if walks.is_down(s, found)}
    if not wanted:
        return function
    work = _Interchanger(flow, Reordering(flow, memory(function)), wanted)
    return replace(function, body=work.block(function.body))


def _kept(function: Function) -> frozenset[Value]:
    """Return the arrays that are made here, and stored into and read by one statement each."""
    made = {s.out for s in statements(function.body) if isinstance(s, Alloc)}
    uses = dataflow(function).uses
    stored = {ref: [use.statement for use in uses.get(ref, [])] for ref in made}
    return frozenset(
        ref
        for ref, users in stored.items()
        if [type(user) for user in users] == [Store, Load] and ref not in function.results
    )


@dataclass(eq=False)
class Walks:
    """How loops walk through arrays."""

    flow: Dataflow
    kept: frozenset[Value] = frozenset()
    """Arrays that `turn` lays out as the loops then run."""
    known: dict[Value, frozenset[Value]] = field(default_factory=dict)

    def is_down(self, loop: For, found: list[Part]) -> bool:
        """Say whether the inner loops of a nest go down columns, and the outer one does not."""
        inner = [part for part in found if isinstance(part, For)]
        if is_below(loop, SHORT):
            return False
        before = sum(self.strided(part, part, loop) for part in inner)
        after = sum(self.strided(part, loop, part) for part in inner)
        return before > 2 * after

    def strided(self, body: For, along: For, other: For) -> int:
        """Return how many accesses of a body are not at neighbours in a loop over `along`."""
        accesses = (s for s in body.body.statements if isinstance(s, Load | Store | Increment))
        return sum(self.is_strided(s, along, other) for s in accesses if s.ref not in self.kept)

    def is_strided(self, access: Load | Store | Increment, along: For, other: For) -> bool:
        *outer, last = (self.bases(index) for index in access.indices)
        if any(along.index in each for each in outer):
            return True
        type = access.ref.type
        ordered = isinstance(type, Array) and type.layout == "C"
        base, _ = self.flow.integers.affine(access.indices[-1])
        return along.index in last and not (ordered and base is along.index)

    def bases(self, index: Operand) -> frozenset[Value]:
        """Return the values that an index is made of."""
        if not isinstance(index, Value):
            return frozenset()
        if index not in self.known:
            call = self.flow.integers.calls.get(index)
            parts = [] if call is None else [self.bases(arg) for arg in call.args]
            self.known[index] = frozenset({index}).union(*parts)
        return self.known[index]


@dataclass(eq=False)
class _Interchanger:
    flow: Dataflow
    order: Reordering
    wanted: dict[For, list[Part]]

    def block(self, block: Block) -> Block:
        result = [new for s in block.statements for new in self.statement(s)]
        return renewed(block, result)

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and statement in self.wanted:
            found = self.wanted[statement]
            if self.order.holds(statement, found):
                new = distributed(self.flow, self.order, statement, found)
                if new is not None:
                    return new
            new = turned(self.flow, self.order, statement, found)
            if new is not None:
                return new
        return [map_blocks(statement, self.block)]
