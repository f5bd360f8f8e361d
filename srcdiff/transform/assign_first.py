"""Let the first contribution to each element assign, instead of adding to zero.

    b = Alloc (n,) of zeros               b = Alloc (n,)
    For a in range(n)             ->      For a in range(n)
        Increment b[a] += e                   Store b[a] = e

The increment must be the first touch of the array, once for each element, in a nest of loops that
goes over all of them. Only in the adjoint sweep: 0.0 + -0.0 is 0.0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    For,
    Function,
    Increment,
    Load,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.walk import blocks, operands, rewrite, statements


def assign_first(function: Function) -> Function:
    """Replace first increments of `function` by stores, where they cover a new array."""
    work = _Search(memory(function), indices(function))
    work.block(function.body)
    body = rewrite(function.body, lambda s: (work.replaced.get(s, s),))
    return replace(function, body=body)


@dataclass(eq=False)
class _Search:
    memory: Memory
    integers: Indices
    replaced: dict[Statement, Statement] = field(default_factory=dict)

    def block(self, block: Block) -> None:
        fresh: dict[Value, Alloc] = {}
        for statement in block.statements:
            for root in self.touched(statement):
                alloc = fresh.pop(root, None)
                found = None if alloc is None else self.first(statement, alloc)
                if alloc is not None and found is not None:
                    self.replaced[alloc] = replace(alloc, fill=None)
                    value, origin = found.value, found.origin
                    self.replaced[found] = Store(found.ref, found.indices, value, origin)
            if isinstance(statement, Alloc) and is_constant(statement.fill or statement.out, 0):
                root = self.memory.root(statement.out)
                if root not in self.memory.bound:
                    fresh[root] = statement
            for nested in blocks(statement):
                self.block(nested)

    def touched(self, statement: Statement) -> list[Value]:
        """Return the classes that a statement, or one nested in it, reads or writes, in order."""
        found = dict.fromkeys(
            self.memory.root(o)
            for inner in (statement, *(s for b in blocks(statement) for s in statements(b)))
            for o in operands(inner)
            if isinstance(o, Value) and o.shape
        )
        touched = self.memory.reads(statement) | self.memory.writes(statement)
        return [root for root in found if root in touched]

    def first(self, statement: Statement, alloc: Alloc) -> Increment | None:
        """Return the increment of `statement` that meets each element once, before all else."""
        root, nest = self.memory.root(alloc.out), list[For]()
        while isinstance(statement, For):
            nest.append(statement)
            users = (s for s in statement.body.statements if root in self.touches(s))
            statement = next(users)
        match statement:
            case Increment(ref=ref, indices=places, value=value) if (
                ref is alloc.out and value is not ref and self.covers(nest, statement)
            ):
                adjoint = statement.origin.sweep == "adjoint"
                whole = not places and not nest
                alone = whole or self.stays(nest[0], statement)
                return statement if adjoint and alone and self.distinct(statement) else None
        return None

    def touches(self, statement: Statement) -> frozenset[Value]:
        return self.memory.reads(statement) | self.memory.writes(statement)

    def distinct(self, increment: Increment) -> bool:
        """Say whether what is added is not memory of the class itself."""
        value = increment.value
        if not isinstance(value, Value) or not value.shape:
            return True
        return self.memory.root(value) is not self.memory.root(increment.ref)

    def covers(self, nest: list[For], increment: Increment) -> bool:
        if not nest or len(nest) != len(increment.indices):
            return not nest and not increment.indices
        return all(
            place is loop.index and self.integers.covers(loop, extent)
            for place, loop, extent in zip(
                increment.indices, nest, increment.ref.shape, strict=True
            )
        )

    def stays(self, loop: For, increment: Increment) -> bool:
        """Say whether a nest touches the array only at the indices of the increment."""
        root = self.memory.root(increment.ref)
        return all(
            isinstance(s, Load | Store | Increment)
            and s.ref is increment.ref
            and s.indices == increment.indices
            for s in self.accesses(loop, root)
        )

    def accesses(self, loop: For, root: Value) -> Iterator[Statement]:
        for statement in statements(loop.body):
            if not blocks(statement) and root in self.touches(statement):
                yield statement
