"""Swap two loops, so that the inner one adds to the same row in all of its iterations.

    For i in range(n)                             For k in range(n - 1)
        For k in range(i)                             For i in range(k + 1, n)
            For j                         ->              For j
                Increment b[k, j] += c[i, j]                  Increment b[k, j] += c[i, j]

The adjoint of a loop that reads many rows to make one adds to many rows, each of which comes from
far away and goes there again. So it is turned around to the user's order: then the row stays where
it is, and `jam` adds to it several at once. Nothing else stands in the outer loop, and no access
passes another one that it meets (`analysis.reorder`).
"""

from dataclasses import dataclass, replace

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.indices import Affine
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Reordering, is_counted, parts
from srcdiff.ir.build import Builder, is_constant
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    For,
    Function,
    Load,
    Operand,
    Statement,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import changing, map_blocks, renewed, statements


def swap(function: Function) -> Function:
    """Swap the loops of `function` that add to another row in each of their iterations."""
    nests = {s: n for s in statements(function.body) if (n := _nest(s)) is not None}
    if not nests:
        return function
    flow = dataflow(function)
    work = _Swapper(flow, Reordering(flow, memory(function)), nests)
    return replace(function, body=work.block(function.body))


@dataclass(frozen=True, eq=False)
class _Nest:
    """A loop that does nothing but run another one, whose bounds `before` makes."""

    outer: For
    inner: For
    before: tuple[Statement, ...]


def _nest(loop: Statement) -> _Nest | None:
    if not isinstance(loop, For) or loop.carried or not is_counted(loop):
        return None
    *before, inner = loop.body.statements or (None,)
    plain = all(isinstance(s, Call) and s.out.type == PYTHON_INT for s in before)
    if not plain or not isinstance(inner, For) or inner.carried or parts(inner) is None:
        return None
    return _Nest(loop, inner, tuple(s for s in before if s is not None))


@dataclass(eq=False)
class _Swapper:
    flow: Dataflow
    order: Reordering
    nests: dict[Statement, _Nest]

    def block(self, block: Block) -> Block:
        return renewed(block, [new for s in block.statements for new in self.statement(s)])

    def statement(self, statement: Statement) -> list[Statement]:
        nest = self.nests.get(statement)
        if nest is not None and self.gains(nest):
            bounds = self.bounds(nest)
            if bounds is not None and self.holds(nest):
                return self.swapped(nest, *bounds)
        return [map_blocks(statement, self.block)]

    def gains(self, nest: _Nest) -> bool:
        """Say whether innermost loops write to rows that only the inner counter tells apart.

        What they make of it must be something else in each iteration of the outer loop.
        """
        loops = [part for part in nest.inner.body.statements if isinstance(part, For)]
        found = [s for loop in loops for s in loop.body.statements if isinstance(s, Access)]
        rows = [
            (self.follows(s, nest.outer), self.follows(s, nest.inner))
            for s in found
            if not isinstance(s, Load)
        ]
        read = any(isinstance(s, Load) and self.follows(s, nest.outer) for s in found)
        return read and (False, True) in rows and all(inner for _, inner in rows)

    def follows(self, access: Access, loop: For) -> bool:
        forms = (self.order.dependence.form(index) for index in access.indices)
        return any(value is loop.index for form in forms for (value, _), _ in form.terms)

    def holds(self, nest: _Nest) -> bool:
        """Say whether no two accesses that meet change places."""
        own = {s.out for s in nest.inner.body.statements if isinstance(s, Alloc)}
        touched = self.order.touches(nest.outer, nest.inner)
        others = [touch for touch in touched if touch.statement.ref not in own]
        return self.order.may_turn(nest.outer, others, others, self.order.back(nest.inner))

    # ---- the new loops ----

    def bounds(self, nest: _Nest) -> tuple[tuple[Affine, Affine], tuple[Affine, Affine]] | None:
        """Return the least numbers and the ends of both counters, the new outer one first."""
        low, end = self.range(nest.outer)
        least, most = self.range(nest.inner)
        inside = changing(nest.outer)
        if {least[0], most[0], low[0], end[0]}.isdisjoint(inside):
            return (least, most), (low, end)
        if most[0] is nest.outer.index and least[0] not in inside:
            first = _more(least, 1 - most[1])
            if first[0] is low[0] and low[1] <= first[1]:
                own = (nest.inner.index, 1 - most[1])
                return (least, _more(end, most[1] - 1)), (own, end)
        if least[0] is nest.outer.index and most[0] not in inside:
            last = _more(most, -least[1])
            if last[0] is end[0] and last[1] <= end[1]:
                own = (nest.inner.index, 1 - least[1])
                return (_more(low, least[1]), most), (low, own)
        return None

    def range(self, loop: For) -> tuple[Affine, Affine]:
        """Return the least number of a counter, and what is behind the greatest one."""
        start, stop = (self.flow.integers.affine(bound) for bound in (loop.start, loop.stop))
        if is_constant(loop.step, 1):
            return start, stop
        return _more(stop, 1), _more(start, 1)

    def swapped(
        self, nest: _Nest, outer: tuple[Affine, Affine], inner: tuple[Affine, Affine]
    ) -> list[Statement]:
        made, body = Builder(nest.inner.origin), Builder(nest.outer.origin)
        start, stop = _bounds(body, nest.outer, inner)
        block = Block((*nest.before, *nest.inner.body.statements))
        body.append(replace(nest.outer, start=start, stop=stop, body=block))
        start, stop = _bounds(made, nest.inner, outer)
        made.append(replace(nest.inner, start=start, stop=stop, body=body.block()))
        return made.statements


def _more(affine: Affine, offset: int) -> Affine:
    return affine[0], affine[1] + offset


def _bounds(made: Builder, loop: For, ends: tuple[Affine, Affine]) -> tuple[Operand, Operand]:
    """Return the start and the stop of a loop in its direction, from `ends` that count up."""
    low, end = ends
    if is_constant(loop.step, 1):
        return made.affine(*low), made.affine(*end)
    return made.affine(*_more(end, -1)), made.affine(*_more(low, -1))
