"""Let LLVM see that elements follow each other where a loop begins at a number of the run time.

    For k in range(j, m)                  For k in range(j, m)
        Increment b[i, k] += e    ->          at = Call cast(k, uint64)
                                              Increment b[i, at] += e

Numba counts negative indices from the end. Where a loop begins with a literal, LLVM knows that its
counter is none; elsewhere each index is a choice of two, and the loop has no vector code.
"""

from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.loops import additions
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import (
    Block,
    Carried,
    Const,
    For,
    Function,
    Operand,
    Statement,
)
from srcdiff.ir.walk import blocks, map_blocks, renewed
from srcdiff.transform.strips import UNSIGNED, placed
from srcdiff.transform.vectorise import is_plain
from srcdiff.words import radd


def unsigned(function: Function) -> Function:
    """Make the indices of innermost loops of `function` unsigned, where they are never negative."""
    work = _Caster(dataflow(function))
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Caster:
    flow: Dataflow

    def block(self, block: Block) -> Block:
        return renewed(block, [self.statement(s) for s in block.statements])

    def statement(self, statement: Statement) -> Statement:
        if isinstance(statement, For) and self.gains(statement):
            return self.cast(statement)
        return map_blocks(statement, self.block) if blocks(statement) else statement

    def gains(self, loop: For) -> bool:
        """Say whether nothing but its bounds keeps a loop from vector code."""
        if not isinstance(loop.step, Const) or loop.leave is not None or loop.trips is not None:
            return False
        first = loop.start if loop.step.value > 0 else loop.stop
        simple = all(map(is_plain, loop.body.statements))
        return simple and not isinstance(first, Const) and all(map(self.is_free, loop.carried))

    def is_free(self, entry: Carried) -> bool:
        """Say whether an entry is a sum without an order."""
        found = additions(entry.phi, entry.next, self.flow)
        return bool(found) and all(call.function is radd for call in found or ())

    def cast(self, loop: For) -> For:
        builder = Builder(loop.origin)
        places: dict[int, Operand] = {}

        def at(index: Operand) -> Operand:
            base, shift = self.flow.integers.affine(index)
            if base is not loop.index or not self.flow.integers.is_index(index):
                return index
            if shift not in places:
                place = builder.fold(np.add, loop.index, integer(shift))
                places[shift] = builder.cast(place, UNSIGNED, "_at")
            return places[shift]

        body = [placed(s, at) for s in loop.body.statements]
        return replace(loop, body=Block((*builder.statements, *body))) if places else loop
