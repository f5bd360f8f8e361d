"""Read elements where they are, and not in a copy.

    row = View b[i]
    t = Call copy(row)
    For j                                 For j
        u = Load t[j]                         u = Load b[i, j]
        Store b[i, j] = ...       ->          Store b[i, j] = ...
        Increment b[k, j] += u                Increment b[k, j] += u

Adjoints of whole arrays are copied before they are overwritten. Where one loop does it element by
element, and an iteration changes no element of the array but at its own place of a row, it finds
there what the copy would hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    Increment,
    Index,
    Load,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
)
from srcdiff.ir.walk import blocks, map_blocks, renewed, statements, substitute_block, values


def borrow(function: Function) -> Function:
    """Remove copies of rows that one loop reads, where the row itself will do."""
    if not any(isinstance(s, Call) and s.function is np.copy for s in statements(function.body)):
        return function
    results = frozenset(values(function.results))
    work = _Borrower(dataflow(function), memory(function), results)
    return replace(function, body=work.block(function.body))


@dataclass(frozen=True, eq=False)
class Row:
    """The elements `ref[items]`, of which one item counts from `first`."""

    ref: Value
    items: tuple[Operand | None, ...]
    first: int

    @property
    def axis(self) -> int:
        return self.items.index(None)


@dataclass(eq=False)
class _Borrower:
    flow: Dataflow
    memory: Memory
    results: frozenset[Value]
    lent: dict[For, list[tuple[Value, Row]]] = field(default_factory=dict)

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for position, statement in enumerate(block.statements):
            if isinstance(statement, Call) and statement.function is np.copy:
                if self.is_lent(statement, block.statements[position + 1 :]):
                    continue
            rows = self.lent.get(statement, []) if isinstance(statement, For) else []
            new = map_blocks(statement, self.block)
            result.append(self.read(new, rows) if isinstance(new, For) and rows else new)
        return renewed(block, result)

    def is_lent(self, copy: Call, following: Sequence[Statement]) -> bool:
        """Say whether a copy is not needed, and note the loop that reads the row instead."""
        row = self.row(copy.args[0])
        loop = self.reader(copy.out)
        if row is None or loop is None or loop not in following or copy.out in self.results:
            return False
        root = self.memory.root(row.ref)
        between = following[: following.index(loop)]
        if any(root in self.memory.writes(s) for s in between) or root in self.memory.bound:
            return False
        if not all(self.stays(s, row, loop) for s in loop.body.statements):
            return False
        self.lent.setdefault(loop, []).append((copy.out, row))
        return True

    def row(self, source: Operand) -> Row | None:
        """Return what is copied, if it is a row of an array."""
        if not isinstance(source, Value) or len(source.shape) != 1:
            return None
        view = self.flow.definitions[source].statement
        if not isinstance(view, View):
            return Row(source, (None,), 0)
        if not isinstance(view.how, Index):
            return None
        items: list[Operand | None] = []
        first = 0
        for item in view.how.items:
            match item:
                case Value() | Const():
                    items.append(item)
                case Slice(start=start, step=step) if step is None or is_constant(step, 1):
                    if not (start is None or (isinstance(start, Const) and start.value >= 0)):
                        return None
                    first = 0 if start is None else start.value
                    items.append(None)
                case _:
                    return None
        return Row(view.ref, tuple(items), first) if items.count(None) == 1 else None

    def reader(self, copy: Value) -> For | None:
        """Return the loop whose iterations each read their element of a copy, and nobody else."""
        loops: set[For] = set()
        for use in self.flow.uses.get(copy, []):
            around = self.flow.parents.get(use.block)
            loop = around[2] if around is not None else None
            if not isinstance(loop, For) or not isinstance(use.statement, Load):
                return None
            if use.statement.indices != (loop.index,):
                return None
            loops.add(loop)
        return loops.pop() if len(loops) == 1 else None

    def stays(self, statement: Statement, row: Row, loop: For) -> bool:
        """Say whether a statement writes an array at the place of the iteration only."""
        root = self.memory.root(row.ref)
        if root not in self.memory.writes(statement):
            return True
        if blocks(statement) or not isinstance(statement, Store | Increment):
            return False
        if statement.ref is not row.ref or not statement.indices:
            return False
        return self.flow.integers.affine(statement.indices[row.axis]) == (loop.index, row.first)

    def read(self, loop: For, rows: list[tuple[Value, Row]]) -> For:
        """Return a loop that reads rows at the head of an iteration."""
        head = Builder(loop.origin)
        found: dict[Value, Operand] = {}
        for copy, row in rows:
            at = head.fold(np.add, loop.index, integer(row.first))
            indices = tuple(at if item is None else item for item in row.items)
            found[copy] = head.load(row.ref, indices, copy.name)
        mapping: dict[Value, Operand] = {
            s.out: found[s.ref]
            for s in loop.body.statements
            if isinstance(s, Load) and s.ref in found
        }
        rest = tuple(
            s for s in loop.body.statements if not (isinstance(s, Load) and s.ref in found)
        )
        body = substitute_block(Block(rest), mapping).statements
        for copy, row in rows:
            body = self.without_same(body, row, loop.index, found[copy])
        return replace(loop, body=Block((*head.statements, *body)))

    def without_same(
        self, body: tuple[Statement, ...], row: Row, index: Value, element: Operand
    ) -> tuple[Statement, ...]:
        """Leave out a store of what an element is, if it is the first thing that is written."""
        root = self.memory.root(row.ref)
        first = next((s for s in body if root in self.memory.writes(s)), None)
        if not isinstance(first, Store) or first.value is not element:
            return body
        pairs = zip(first.indices, row.items, strict=True)
        along = self.flow.integers.affine(first.indices[row.axis]) == (index, row.first)
        same = along and all(item is None or place is item for place, item in pairs)
        return tuple(s for s in body if s is not first) if same else body
