"""Make buffers once, before the loops that use them.

    For i                                 row = Alloc (n,)
        row = Alloc (n,) of zeros  ->     For i
        ...                                   Store row = 0.0
                                              ...

The reference must not leave the iteration: it is not carried, not joined and no result. The extents
must be known outside of the loop, and surely not be negative, since the loop may have no iteration.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    For,
    Function,
    Loop,
    Operand,
    Statement,
    Store,
    Value,
    While,
)
from srcdiff.ir.walk import all_definitions, inner_definitions, map_blocks, renewed, statements


def hoist(function: Function) -> Function:
    """Move the buffers that loops of `function` make out of them, as far as they can go."""
    if not any(isinstance(s, Alloc) for s in statements(function.body)):
        return function
    work = _Hoister(memory(function), indices(function))
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Hoister:
    memory: Memory
    integers: Indices
    made: set[Value] = field(default_factory=set)
    """Extents of arrays that are made in any case before the statement at hand."""

    def block(self, block: Block) -> Block:
        made = set(self.made)
        result: list[Statement] = []
        for statement in block.statements:
            if isinstance(statement, Alloc):
                self.made.update(e for e in statement.out.shape if isinstance(e, Value))
            new = map_blocks(statement, self.block)
            if isinstance(new, For | While):
                moved, new = self.loop(new)
                result.extend(moved)
            result.append(new)
        self.made = made
        return renewed(block, result)

    def loop(self, loop: Loop) -> tuple[list[Alloc], Loop]:
        """Return the buffers that can be made before `loop`, and the loop without them."""
        candidates = [s for s in loop.body.statements if isinstance(s, Alloc) and self.stays(s)]
        if not candidates:
            return [], loop
        inner = {*inner_definitions(loop), *all_definitions(loop.body)}
        if isinstance(loop, While):
            inner.update(all_definitions(loop.head))
        moved = [s for s in candidates if not any(self.binds(e, inner) for e in s.out.shape)]
        kept: list[Statement] = []
        for statement in loop.body.statements:
            if not isinstance(statement, Alloc) or statement not in moved:
                kept.append(statement)
            elif statement.fill is not None:
                kept.append(Store(statement.out, (), statement.fill, statement.origin))
        # A buffer made before a loop is no part of the sweep that uses it.
        origins = [replace(s.origin, sweep=loop.origin.sweep) for s in moved]
        made = [replace(s, fill=None, origin=o) for s, o in zip(moved, origins, strict=True)]
        return made, replace(loop, body=Block(tuple(kept)))

    def stays(self, alloc: Alloc) -> bool:
        root = self.memory.root(alloc.out)
        return root not in self.memory.bound and root not in self.memory.lasting

    def binds(self, extent: Operand, inner: set[Value]) -> bool:
        """Say whether an extent keeps the buffer inside."""
        return extent in inner or not (extent in self.made or self.integers.is_index(extent))
