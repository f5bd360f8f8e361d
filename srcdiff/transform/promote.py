"""Sum in a scalar what a loop adds to one element.

    For b                                 For b, carried s = (s', 0.0, t, s)
        Increment x_bar[a] += e   ->          t = Call radd(s', e)
                                          Increment x_bar[a] += s

Only in the adjoint sweep, whose sums may be reassociated, and where the loop does nothing to the
element but add to it. In memory such a sum costs up to 2.8 times as much. A loop without iterations
must not touch the element, which then may not exist: unless an index is known to be inside, the sum
is added only if the loop has run.
"""

from dataclasses import dataclass, replace

from srcdiff.analysis.existence import Existence
from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import Builder, constant
from srcdiff.ir.nodes import (
    Alloc,
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
    is_array,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import blocks, changing, map_blocks, renewed, statements
from srcdiff.transform.sums import runs, summed
from srcdiff.words import radd


def promote(function: Function) -> Function:
    """Move increments of `function` whose element a loop does not change behind the loop."""
    integers = indices(function)
    work = _Promoter(memory(function), Existence(integers), integers)
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Promoter:
    memory: Memory
    existence: Existence
    integers: Indices

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        with self.existence.block():
            for statement in block.statements:
                new = map_blocks(statement, self.block)
                result += self.loop(statement, new) if isinstance(new, For) else [new]
                self.existence.learn(statement)
        return renewed(block, result)

    def loop(self, old: Statement, loop: For) -> list[Statement]:
        """Return `loop` with sums in scalars, and what has to follow it."""
        if not isinstance(loop.step, Const):
            return [loop]
        candidates = [s for s in loop.body.statements if self.is_candidate(s)]
        if not candidates:
            return [loop]
        moved = self.fixed(loop, candidates)
        return self.moved(loop, moved) if moved else [loop]

    def is_candidate(self, statement: Statement) -> bool:
        return (
            isinstance(statement, Increment)
            and statement.origin.sweep == "adjoint"
            and statement.ref.type.dtype.kind == "f"
            and bool(statement.indices)
            and not is_array(statement.value)
        )

    def fixed(self, loop: For, candidates: list[Statement]) -> list[Increment]:
        """Return the increments of one element in all iterations, which is only added to."""
        inner = changing(loop)
        others = self.others(loop)
        return [
            s
            for s in candidates
            if isinstance(s, Increment)
            and not any(o in inner for o in (s.ref, *s.indices))
            and all(self.is_apart(s, other) for other in others)
        ]

    def others(self, loop: For) -> list[Statement]:
        """Return what touches memory in a loop otherwise than by adjoint increments."""
        return [s for s in statements(loop.body) if not blocks(s) and not self.is_candidate(s)]

    def is_apart(self, increment: Increment, other: Statement) -> bool:
        """Say whether a statement surely touches no element that an increment adds to."""
        root = self.memory.root(increment.ref)
        touched = self.memory.reads(other) | self.memory.writes(other)
        if isinstance(other, Alloc):
            touched |= {self.memory.root(other.out)}
        if root not in touched:
            return True
        if not isinstance(other, Load | Store | Increment) or other.ref is not increment.ref:
            return False
        if not isinstance(other, Load) and is_array(other.value):
            return False
        pairs = zip(increment.indices, other.indices, strict=False)
        return any(self.integers.differ(a, b) for a, b in pairs)

    def moved(self, loop: For, increments: list[Increment]) -> list[Statement]:
        sums = {s: _entry(s) for s in increments}
        after = [replace(s, value=entry.out) for s, entry in sums.items()]
        return [summed(loop, sums, radd), *self.added(loop, after)]

    def added(self, loop: For, increments: list[Increment]) -> list[Statement]:
        """Return the statements that add sums to their elements, if the loop has run."""
        if self.integers.runs(loop):
            return [*increments]
        safe = [each for each in increments if self.existence.holds(each)]
        unsafe = tuple(each for each in increments if each not in safe)
        if not unsafe:
            return [*safe]
        builder = Builder(unsafe[0].origin)
        builder.append(If(runs(builder, loop), Block(unsafe), Block(), (), builder.origin))
        return [*safe, *builder.statements]


def _entry(increment: Increment) -> Carried:
    """Return a sum that begins with zero."""
    type = Scalar(increment.ref.type.dtype)
    name = f"_{increment.ref.name.lstrip('_')}"
    phi, following, out = (Value(name, type) for _ in range(3))
    return Carried(phi, constant(0, type), following, out)
