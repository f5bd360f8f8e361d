"""Keep a matrix by columns as well, where sums in the order of the user run through its rows.

    For i                                     For i
        For j in range(i)                         For j in range(i)
            For k in range(j)                         For k in range(j)
                s -= a[i, k] * a[j, k]    ->              s -= a[i, k] * b[k, j]
            Store a[i, j] = s / a[j, j]               Store a[i, j] = s / a[j, j]
                                                      Store b[j, i] = a[i, j]

Along its row, each term of a sum waits for the one before. Next to each other in memory, sums of
neighbours are added up together: what runs down columns then, `interchange` turns around. So each
store into the matrix is made twice; there must be far fewer of them than of reads. And what is
read must have been stored by an earlier iteration of the outermost loop, so that nothing has to be
copied first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Reordering, parts
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    For,
    Function,
    If,
    Load,
    Statement,
    Store,
    Value,
    While,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import asks, operands, rewrite, statements
from srcdiff.transform.staircase import waits
from srcdiff.transform.triangular import triangle


def mirror(function: Function) -> Function:
    """Keep the matrices of `function` by columns as well that long sums run through."""
    outermost = [s for s in function.body.statements if isinstance(s, For)]
    nests = [(outer, nest) for outer in outermost for nest in _nests(outer)]
    if not nests:
        return function
    flow = dataflow(function)
    order = Reordering(flow, memory(function))
    found: dict[Load, _Matrix] = {}
    matrices: dict[Value, _Matrix] = {}
    for outer, nest in nests:
        load = _down(flow, order, nest)
        if load is not None:
            matrix = matrices.setdefault(load.ref, _Matrix(function, flow, order, outer, load.ref))
            if matrix.outer is outer and matrix.holds(load):
                found[load] = matrix
    return _mirrored(function, found) if found else function


def _nests(outer: For) -> Iterator[For]:
    """Iterate over nests of two loops that stand in an outermost one."""
    for statement in outer.body.statements:
        if isinstance(statement, For) and not statement.carried:
            loops = [part for part in parts(statement) or () if isinstance(part, For)]
            if len(loops) == 1 and loops[0].carried and loops[0].stop is statement.index:
                yield statement


def _down(flow: Dataflow, order: Reordering, loop: For) -> Load | None:
    """Return the only load of a nest that is along the rows of the outer counter."""
    nest = triangle(flow, order, loop, parts(loop) or [])
    if nest is None or nest.falls or not waits(nest):
        return None
    counters = (loop.index, nest.inner.index)
    loads = [s for s in nest.inner.body.statements if isinstance(s, Load)]
    found = [s for s in loads if s.indices == counters]
    others = [s for s in loads if s not in found and loop.index in s.indices]
    return found[0] if len(found) == 1 and not others else None


@dataclass(eq=False)
class _Matrix:
    """A matrix that is made in one loop, row by row."""

    function: Function
    flow: Dataflow
    order: Reordering
    outer: For
    ref: Value
    twin: Value = field(init=False)

    def __post_init__(self) -> None:
        name, type = f"{self.ref.name}_columns", Array(self.ref.type.dtype, 2)
        self.twin = Value(name, type, self.ref.shape[::-1])
        self.uses = [s for s in statements(self.function.body) if self.ref in operands(s)]
        self.stores = [s for s in self.uses if isinstance(s, Store)]

    def holds(self, load: Load) -> bool:
        """Say whether what a load reads was stored before, by few stores in the outermost loop."""
        counted = is_constant(self.outer.start, 0) and is_constant(self.outer.step, 1)
        return self.is_made() and counted and self.are_few() and self.is_filled(load)

    def is_made(self) -> bool:
        """Say whether the matrix is made here, and touched element by element."""
        makers = [s for s in self.function.body.statements if isinstance(s, Alloc | Call)]
        made = any(
            s.out is self.ref and (isinstance(s, Alloc) or s.function is np.copy) for s in makers
        )
        return made and all(asks(s) or self.is_element(s) for s in self.uses)

    def is_element(self, statement: Statement) -> bool:
        if not isinstance(statement, Load | Store) or not statement.indices:
            return False
        return self.ref not in operands(statement)[1:]

    def are_few(self) -> bool:
        """Say whether no store is more than one loop deep in the outermost loop.

        What is stored before or behind that is not read there.
        """
        near = {s for block in self.blocks() for s in block.statements}
        inside = set(statements(self.outer.body))
        return all(store in near for store in self.stores if store in inside)

    def blocks(self) -> Iterator[Block]:
        """Iterate over the body of the outermost loop, and those of the loops in it."""
        yield self.outer.body
        for statement in self.outer.body.statements:
            if isinstance(statement, For):
                yield statement.body

    def is_filled(self, load: Load) -> bool:
        """Say whether an earlier iteration of the outermost loop stores what one reads."""
        row, column = load.indices
        if not self.order.dependence.is_within(row, self.outer.index):
            return False
        return any(
            isinstance(s, Store)
            and s.ref is self.ref
            and s.indices == (self.outer.index, loop.index)
            and is_constant(loop.start, 0)
            and is_constant(loop.step, 1)
            and loop.stop is self.outer.index
            and self.order.dependence.is_within(column, row)
            for loop in self.outer.body.statements
            if isinstance(loop, For) and loop.leave is None
            for s in loop.body.statements
        )

    def lasting(self) -> set[Statement]:
        """Return the stores that are not followed at once by another one to the element."""
        found: set[Statement] = set()
        for block in self.blocks():
            last: dict[object, Store] = {}
            for statement in block.statements:
                if isinstance(statement, Store) and statement.ref is self.ref:
                    last[self.flow.integers.key(statement.indices)] = statement
                elif isinstance(statement, For | While | If):
                    found.update(last.values())
                    last = {}
            found.update(last.values())
        return found


def _mirrored(function: Function, found: dict[Load, _Matrix]) -> Function:
    matrices = list(dict.fromkeys(found.values()))
    twins = {store: matrix.twin for matrix in matrices for store in matrix.lasting()}

    def change(statement: Statement) -> list[Statement]:
        match statement:
            case Load() if statement in found:
                twin, place = found[statement].twin, statement.indices[::-1]
                return [replace(statement, ref=twin, indices=place)]
            case Store() if statement in twins:
                twin, place = twins[statement], statement.indices[::-1]
                return [statement, replace(statement, ref=twin, indices=place)]
        return [statement]

    body: list[Statement] = []
    for statement in function.body.statements:
        made = [matrix for matrix in matrices if matrix.outer is statement]
        body += [Alloc(matrix.twin, None, matrix.outer.origin) for matrix in made]
        body += rewrite(Block((statement,)), change).statements
    return replace(function, body=Block(tuple(body)))
