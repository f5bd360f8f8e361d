"""Part loops at the one iteration that touches what the others touch.

    For j in range(n - 1, -1, -1)         For part in range(3), carried high = (h, n, low, _)
        t = Load b[i, j]                      low = max(0, min(0 if part == 2 else k + 1 - part, h))
        Store b[i, j] = 0.0           ->      If low < h
        Increment b[i, k] += t                    For j in range(low, h), carried s
                                                      t = Load b[i, j]
                                                      Store b[i, j] = 0.0
                                                      s' = Call radd(s, t)
                                                  Increment b[i, k] += s

Only where j is k does an iteration meet the element that all of them add to, or read. So those
before it, itself, and those behind it run in this order, and within each part in any: the element
is read before a part, or its sum is added behind it. LLVM makes vector code of such a loop.
"""

from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.indices import Indices
from srcdiff.analysis.loops import independence
from srcdiff.ir.build import Builder, constant, integer, is_constant
from srcdiff.ir.memory import Access, accesses
from srcdiff.ir.nodes import (
    Block,
    Carried,
    For,
    Function,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Value,
)
from srcdiff.ir.types import PYTHON_INT, Scalar
from srcdiff.ir.walk import blocks, changing, map_blocks, renewed, statements
from srcdiff.transform.sums import runs, summed
from srcdiff.transform.vectorise import CHOICES, FEWEST, is_below, is_simple
from srcdiff.words import radd


def split(function: Function) -> Function:
    """Part innermost loops of `function` that could be vector code but for one iteration."""
    if not any(map(_may_meet, statements(function.body))):
        return function
    flow = dataflow(function)
    work = _Splitter(flow, aliases(function, through_edges=True), flow.integers)
    return replace(function, body=work.block(function.body))


@dataclass(frozen=True, eq=False)
class Meeting:
    """Accesses of one element in all iterations, and the iteration that meets it otherwise."""

    fixed: list[Access]
    point: Operand
    offset: int
    """The iteration is that in which the counter is `point` + `offset`."""


@dataclass(eq=False)
class _Splitter:
    flow: Dataflow
    aliases: Aliases
    integers: Indices

    def block(self, block: Block) -> Block:
        return renewed(block, [new for s in block.statements for new in self.statement(s)])

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and self.can_gain(statement):
            found = self.meeting(statement)
            if found is not None and self.is_free(statement, found):
                return self.parts(statement, found)
        return [map_blocks(statement, self.block)] if blocks(statement) else [statement]

    def can_gain(self, loop: For) -> bool:
        """Say whether a loop could be vector code."""
        if loop.carried or loop.trips is not None or not is_constant(loop.step, 1, -1):
            return False
        simple = (is_simple(s, CHOICES) for s in loop.body.statements)
        return not is_below(loop, FEWEST) and all(simple)

    def meeting(self, loop: For) -> Meeting | None:
        """Return what one iteration meets, if there is only one that meets anything."""
        inside = changing(loop)
        found: list[Access] = []
        places: set[tuple[Value | None, int]] = set()
        for group in self.written(loop):
            fixed = [s for s in group if not any(o in inside for o in (s.ref, *s.indices))]
            along = [s for s in group if s not in fixed]
            shifts = {self.integers.affine(s.indices[-1]) for s in along}
            if not fixed:
                continue
            if len(shifts) != 1 or not _is_ordered(group, fixed):
                return None
            ((base, shift),) = shifts
            if base is not loop.index or not self.are_elements(group):
                return None
            for access in fixed:
                point, more = self.integers.affine(access.indices[-1])
                places.add((point, more - shift))
            found += fixed
        if len(places) != 1:
            return None
        ((point, offset),) = places
        return None if point is None else Meeting(found, point, offset)

    def written(self, loop: For) -> list[list[Access]]:
        """Return the accesses of each class that a loop writes."""
        groups: dict[Value, list[Access]] = {}
        for access in accesses(loop.body):
            groups.setdefault(self.aliases.root(access.ref), []).append(access)
        return [each for each in groups.values() if not all(isinstance(s, Load) for s in each)]

    def are_elements(self, group: list[Access]) -> bool:
        """Say whether all are of one array, whose last indices do not count from the end."""
        if self.aliases.is_bound(group[0].ref):
            return False
        refs = {s.ref for s in group}
        return len(refs) == 1 and all(self.integers.is_index(s.indices[-1]) for s in group)

    def is_free(self, loop: For, found: Meeting) -> bool:
        """Say whether the rest of a loop can run in any order."""
        rest = tuple(s for s in loop.body.statements if s not in found.fixed)
        without = replace(loop, body=Block(rest))
        result = independence(without, self.flow, self.aliases)
        return result.holds and not result.incremented

    def parts(self, loop: For, found: Meeting) -> list[Statement]:
        along = next(
            s.indices[-1]
            for s in accesses(loop.body)
            if s.ref is found.fixed[0].ref and s not in found.fixed
        )
        if not self.integers.differ(along, found.fixed[0].indices[-1]):
            return self.parted(loop, found)
        if not all(isinstance(s, Load) for s in found.fixed):
            return [loop]  # `transform.promote` sums them behind the loop
        whole = _body(loop, found)
        if self.integers.runs(loop):
            return [*whole.statements]
        builder = Builder(loop.origin)
        condition = runs(builder, loop)
        builder.append(If(condition, whole, Block(), (), loop.origin))
        return builder.statements

    def parted(self, loop: For, found: Meeting) -> list[Statement]:
        """Return a loop over three parts, in the order of the loop."""
        made, inner = Builder(loop.origin), Builder(loop.origin)
        part, phi, out = (Value(name, PYTHON_INT) for name in ("_part", "_edge", "_edge"))
        up = is_constant(loop.step, 1)
        begin = loop.start if up else self.next(made, loop.start)
        end = loop.stop if up else self.next(made, loop.stop)
        point = inner.fold(np.add, found.point, integer(found.offset + (not up)))
        edge = inner.fold(np.add if up else np.subtract, point, part)
        last = inner.call(np.equal, part, integer(2))
        edge = inner.call(np.where, last, end, edge, type=PYTHON_INT, shape=())
        bound = inner.call(min, end if up else phi, edge, type=PYTHON_INT, shape=())
        following = inner.call(max, phi if up else end, bound, type=PYTHON_INT, shape=())
        low, high = (phi, following) if up else (following, phi)
        condition = inner.call(np.less, low, high)
        part_of = replace(loop, start=low, stop=high, step=integer(1))
        inner.append(If(condition, _body(part_of, found), Block(), (), loop.origin))
        entry = Carried(phi, begin, following, out)
        bounds = (integer(0), integer(3), integer(1))
        made.append(For(part, *bounds, (entry,), inner.block(), origin=loop.origin))
        return made.statements

    def next(self, builder: Builder, operand: Operand) -> Operand:
        """Return an integer that is one more."""
        base, offset = self.integers.affine(operand)
        return builder.affine(base, offset + 1)


def _may_meet(statement: Statement) -> bool:
    """Say whether a loop, by itself, writes an array and touches one element of it throughout."""
    if not isinstance(statement, For):
        return False
    written = {s.ref for s in accesses(statement.body) if not isinstance(s, Load)}
    if not written:
        return False
    inside = changing(statement)
    touched = (s for s in accesses(statement.body) if s.ref in written)
    return any(not any(place in inside for place in s.indices) for s in touched)


def _is_ordered(group: list[Access], fixed: list[Access]) -> bool:
    """Say whether one element can be read before an iteration, or what it gets be added behind it.

    In the iteration that meets it, the others of the group are of this element as well.
    """
    if all(isinstance(s, Load) for s in fixed):
        first = next(k for k, s in enumerate(group) if not isinstance(s, Load))
        return all(group.index(s) < first for s in fixed)
    if not all(isinstance(s, Increment) and s.origin.sweep == "adjoint" for s in fixed):
        return False
    last = min(group.index(s) for s in fixed)
    return all(isinstance(s, Increment) for s in group[last:])


def _body(loop: For, found: Meeting) -> Block:
    """Return a loop without the fixed accesses, between what loads them and what adds to them."""
    loads = [s for s in found.fixed if isinstance(s, Load)]
    sums = {s: _entry(s) for s in found.fixed if isinstance(s, Increment)}
    rest = Block(tuple(s for s in loop.body.statements if s not in loads))
    after = [replace(s, value=entry.out) for s, entry in sums.items()]
    return Block((*loads, summed(replace(loop, body=rest), sums, radd), *after))


def _entry(increment: Increment) -> Carried:
    """Return a sum that begins with zero."""
    type = Scalar(increment.ref.type.dtype)
    name = f"_{increment.ref.name.lstrip('_')}"
    phi, following, out = (Value(name, type) for _ in range(3))
    return Carried(phi, constant(0, type), following, out)
