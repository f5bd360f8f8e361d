"""Turn indices around that count from the end, once, in front of a vector that rows are found for.

    p, q = Load corner[i, 0], ...                p, q = Load corner[i, 0], ...
    For a in range(abreast(4))                   If less(bitwise_or(p, q), 0)
        ... Load x[p, a], Load x[q, a]   ->          p' = where(less(p, 0), add(p, n), p), ...
                                                 p", q" = Call cast(p', uint64), ...
                                                 For a in range(abreast(4))
                                                     ... Load x[p", a], Load x[q", a]

LLVM does it for each index, whatever that is, which takes a sixth of the time of the vector. Hardly
any index is negative, and one branch says that none is.
"""

from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.indices import Indices, indices
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.memory import accesses
from srcdiff.ir.nodes import Block, Call, For, Function, If, Join, Operand, Statement, Value
from srcdiff.ir.walk import definitions, map_blocks, renewed, statements
from srcdiff.transform.strips import UNSIGNED, placed
from srcdiff.words import abreast

FEWEST = 2
"""Indices for which one branch pays."""


def unsigned(function: Function) -> Function:
    """Let the rows that vectors of `function` are found for be unsigned."""
    calls = (s for s in statements(function.body) if isinstance(s, Call))
    widths = {call.out for call in calls if call.function is abreast}
    if not widths:
        return function
    work = _Turner(indices(function), widths)
    return replace(function, body=work.block(function.body))


@dataclass(frozen=True, eq=False)
class _Turner:
    integers: Indices
    widths: set[Value]

    def block(self, block: Block) -> Block:
        own = {value for statement in block.statements for value in definitions(statement)}
        result: list[Statement] = []
        for statement in block.statements:
            if isinstance(statement, For) and statement.stop in self.widths:
                result += self.vector(statement, own)
            else:
                result.append(map_blocks(statement, self.block))
        return renewed(block, result)

    def vector(self, loop: For, own: set[Value]) -> list[Statement]:
        """Return a vector, behind what turns around the rows that are found in its block."""
        rows = {row: extent for row, extent in self.rows(loop).items() if row in own}
        for extent in dict.fromkeys(rows.values()):
            found = [row for row, of in rows.items() if of is extent]
            if extent is not None and len(found) >= FEWEST:
                builder = Builder(loop.origin)
                turned = _turned(builder, found, extent)
                return [*builder.statements, _with_rows(loop, turned)]
        return [loop]

    def rows(self, loop: For) -> dict[Value, Operand | None]:
        """Return the rows of all accesses, by the extent that they count from; None: by several."""
        result: dict[Value, Operand | None] = {}
        for access in accesses(loop.body):
            for index, extent in zip(access.indices, access.ref.shape, strict=True):
                if isinstance(index, Value) and self.may_be_negative(index):
                    known = result.setdefault(index, extent)
                    result[index] = extent if known is extent else None
        return result

    def may_be_negative(self, index: Value) -> bool:
        return index.type.dtype == np.int64 and not self.integers.is_index(index)


def _with_rows(loop: For, turned: dict[Operand, Operand]) -> For:
    body = (placed(s, lambda index: turned.get(index, index)) for s in loop.body.statements)
    return replace(loop, body=Block(tuple(body)))


def _turned(builder: Builder, rows: list[Value], extent: Operand) -> dict[Operand, Operand]:
    """Append what turns indices around if there is a negative one, and return them, unsigned."""
    together: Value = rows[0]
    for row in rows[1:]:
        together = builder.call(np.bitwise_or, together, row)
    negative = builder.call(np.less, together, integer(0))
    then = Builder(builder.origin)
    joins = []
    for row in rows:
        positive = then.call(np.add, row, extent, name=row.name, type=row.type)
        there = then.call(np.less, row, integer(0))
        side = then.call(np.where, there, positive, row, name=row.name, type=row.type)
        joins.append(Join(Value(row.name, row.type), side, row))
    builder.append(If(negative, then.block(), Block(), tuple(joins), builder.origin))
    return {
        row: builder.cast(join.out, UNSIGNED, row.name)
        for row, join in zip(rows, joins, strict=True)
    }
