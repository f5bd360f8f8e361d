"""Sum in a scalar what a loop of the user's adds to one element.

    For k                                   t = Load c[i, j]
        Increment c[i, j] += e      ->      For k, carried s = (s', t, s'', s)
                                                s'' = Call add(s', e)
                                            Store c[i, j] = s

Then what the element was is kept once at most, and not for each k; and the loop is a sum. Nothing
else in the loop may touch the element: other accesses are of elements that surely differ. The
additions and their order stay as they are. Where the element may not exist if the loop does not
run, all of this stands in an `If` that asks whether it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.existence import Existence, Fact
from srcdiff.analysis.indices import indices
from srcdiff.analysis.memory import Memory, is_error, memory
from srcdiff.ir.build import Builder
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Block,
    Carried,
    Const,
    For,
    Function,
    If,
    Increment,
    Load,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import blocks, changing, map_blocks, renewed, statements
from srcdiff.transform.sums import runs, summed


def accumulate(function: Function) -> Function:
    """Move increments of `function` whose element a loop does not change out of the loop."""
    work = _Accumulator(memory(function), Existence(indices(function)))
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Accumulator:
    memory: Memory
    existence: Existence
    ahead: frozenset[Fact] = frozenset()
    """What accesses say that come after the statement at hand."""

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        with self.existence.block():
            for position, statement in enumerate(block.statements):
                new = map_blocks(statement, self.block)
                if isinstance(new, For):
                    self.ahead = self.surely_follow(block.statements[position + 1 :])
                    result += self.loop(statement, new)
                else:
                    result.append(new)
                self.existence.learn(statement)
        return renewed(block, result)

    def surely_follow(self, following: Sequence[Statement]) -> frozenset[Fact]:
        """Return what accesses of the rest of a block say, as far as no error comes before."""
        found: set[Fact] = set()
        for statement in following:
            if is_error(statement):
                break
            if isinstance(statement, Access):
                found.update(self.existence.facts(statement))
        return frozenset(found)

    def loop(self, old: Statement, loop: For) -> list[Statement]:
        """Return a loop with sums in scalars, between what loads and what stores them."""
        assert isinstance(old, For)
        body = loop.body.statements
        moved = [s for s in body if isinstance(s, Increment) and self.is_alone(old, s)]
        if not moved:
            return [loop]
        sums = {s: _entry(s) for s in moved}
        loads = [
            Load(e.init, s.ref, s.indices, s.origin)
            for s, e in sums.items()
            if isinstance(e.init, Value)
        ]
        stores = [Store(s.ref, s.indices, e.out, s.origin) for s, e in sums.items()]
        new: list[Statement] = [*loads, summed(loop, sums, np.add), *stores]
        return new if all(map(self.exists, moved)) else self.if_it_runs(loop, new)

    def if_it_runs(self, loop: For, statements: list[Statement]) -> list[Statement]:
        builder = Builder(loop.origin)
        builder.append(If(runs(builder, loop), Block(tuple(statements)), Block(), (), loop.origin))
        return builder.statements

    def is_alone(self, loop: For, statement: Statement) -> bool:
        """Say whether a statement adds to one element that the loop does not touch otherwise."""
        if not isinstance(statement, Increment) or not statement.indices:
            return False
        inner = changing(loop)
        if any(o in inner for o in (statement.ref, *statement.indices)):
            return False
        if statement.ref.type.dtype.kind != "f" or loop.leave is not None:
            return False
        root = self.memory.root(statement.ref)
        apart = all(self.is_apart(s, statement, root) for s in statements(loop.body))
        if not apart or root in self.memory.bound:
            return False
        return self.exists(statement) or (not loop.carried and isinstance(loop.step, Const))

    def is_apart(self, other: Statement, increment: Increment, root: Value) -> bool:
        """Say whether a statement surely does not touch the element of an increment."""
        if other is increment or blocks(other):
            return True
        if root not in self.memory.reads(other) | self.memory.writes(other):
            return True
        if not isinstance(other, Access) or other.ref is not increment.ref or not other.indices:
            return False
        pairs = zip(other.indices, increment.indices, strict=True)
        return any(self.existence.integers.differ(one, two) for one, two in pairs)

    def exists(self, increment: Increment) -> bool:
        return self.existence.holds(increment, self.ahead)


def _entry(increment: Increment) -> Carried:
    """Return a sum that begins with what the element is."""
    type = Scalar(increment.ref.type.dtype)
    names = [increment.ref.name.lstrip("_")]
    names += [
        o.name.lstrip("_") if isinstance(o, Value) else str(o.value) for o in increment.indices
    ]
    name = "_" + "_".join(n for n in names if n.isidentifier() or n.isdigit())
    phi, following, out = (Value(name, type) for _ in range(3))
    return Carried(phi, Value(name, type), following, out)
