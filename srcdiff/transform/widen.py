"""Let loops along a ring read what is beside both ends, and count without a division.

    For i in range(n)                        For i in range(n)
        For j in range(m)                        For j in range(m)
            t = Load x[i, (j + 1) % m]               Store wide[i, j + 1] = x[i, j]
            u = Load x[i, (j - 1) % m]           If 0 < m
            ...                                      Store wide[i, 0] = x[i, m - 1]
                                      ->             Store wide[i, m + 1] = x[i, 0]
                                             For i in range(n)
                                                 For j in range(m)
                                                     t = Load wide[i, j + 2]
                                                     u = Load wide[i, j]

LLVM makes vector code of the second form only. The array is copied once for each run of a nest that
does not write it; where it is a copy itself, what was copied is copied at once. Where a loop adds
to elements around a ring, reads one of another extent, or runs in lanes (`transform.lanes`), then
`(j + 1) % m` becomes `j + 1 if j + 1 < m else 0`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import dependence_of
from srcdiff.analysis.indices import Affine, Indices
from srcdiff.analysis.loops import independence
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.memory import accesses
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import (
    blocks,
    changing,
    map_blocks,
    renewed,
    statements,
)
from srcdiff.runtime import vecmath
from srcdiff.transform.lanes import verdict
from srcdiff.transform.lanes.study import Study
from srcdiff.transform.pulled import round_ring
from srcdiff.transform.vectorise import FEWEST, is_below, is_simple

WIDEST = 4
"""How far beside an end a loop may read."""

Items = tuple[Operand | None, ...]
"""The indices of a part of an array, None for axes that it has whole."""


def widen(function: Function) -> Function:
    """Change the innermost loops of `function` that run along a ring."""
    if not any(map(_is_remainder, statements(function.body))):
        return function
    flow = dataflow(function)
    work = _Widener(flow, flow.integers, memory(function), aliases(function, through_edges=True))
    return replace(function, body=work.block(function.body))


def _is_remainder(statement: Statement) -> bool:
    if not isinstance(statement, Call) or statement.function is not np.remainder:
        return False
    return statement.out.type == PYTHON_INT


@dataclass(frozen=True, eq=False)
class Ring:
    """A value `(index + offset) % size`, where `index` is the counter of a loop below `size`."""

    call: Call
    offset: int
    certain: bool
    """That the counter is below `size` follows from the bounds of the loop."""

    @property
    def size(self) -> Operand:
        return self.call.args[1]


@dataclass(frozen=True, eq=False)
class Wide:
    """A copy of `ref[items]`, None for whole axes, with `margin` more elements at both ends."""

    nest: For
    """The loop in front of which it is made."""
    ref: Value
    items: Items
    margin: int
    array: Value
    made: list[Statement]
    """What makes it."""

    def place(self, builder: Builder, load: Load, last: Affine) -> tuple[Operand, ...]:
        pairs = zip(load.indices[:-1], self.items, strict=True)
        own = [index for index, item in pairs if item is None]
        base, offset = last[0], integer(last[1] + self.margin)
        return (*own, offset if base is None else builder.fold(np.add, base, offset))


@dataclass(eq=False)
class _Widener:
    flow: Dataflow
    integers: Indices
    memory: Memory
    aliases: Aliases
    before: dict[Statement, list[Statement]] = field(default_factory=dict)
    """What goes in front of a statement."""
    around: list[For] = field(default_factory=list)
    """The loops around the statement at hand, each the only way from the one before."""

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            new = self.statement(statement)
            result += [*self.before.get(statement, ()), new]
        return renewed(block, result)

    def statement(self, statement: Statement) -> Statement:
        if isinstance(statement, For) and not any(map(blocks, statement.body.statements)):
            rings = {ring.call.out: ring for ring in self.rings(statement)}
            return self.changed(statement, rings) if rings else statement
        outer = self.around
        self.around = [*outer, statement] if isinstance(statement, For) else []
        new = map_blocks(statement, self.block)
        self.around = outer
        return new

    def rings(self, loop: For) -> Iterator[Ring]:
        for statement in loop.body.statements:
            if isinstance(statement, Call) and _is_remainder(statement):
                inner, size = statement.args
                base, offset = self.integers.affine(inner)
                certain = self.integers.is_within(loop.index, size)
                fixed = not isinstance(size, Value) or size not in changing(loop)
                if base is loop.index and fixed and 0 < abs(offset) <= WIDEST:
                    if certain or self.is_met(loop, size):
                        yield Ring(statement, offset, certain)

    def is_met(self, loop: For, size: Operand) -> bool:
        """Say whether the counter is an index into an axis of this extent in each iteration."""
        affine, own = self.integers.affine, (loop.index, 0)
        return self.integers.is_index(loop.index) and any(
            affine(index) == own and affine(extent) == affine(size)
            for access in accesses(loop.body)
            for index, extent in zip(access.indices, access.ref.shape, strict=False)
        )

    def changed(self, loop: For, rings: dict[Value, Ring]) -> For:
        wide = self.wide(loop, rings) if self.is_worth(loop, rings) else {}
        for copy in dict.fromkeys(wide.values()):
            self.before.setdefault(copy.nest, []).extend(copy.made)
        body: list[Statement] = []
        for statement in loop.body.statements:
            if isinstance(statement, Load) and statement in wide:
                body += self.read(statement, wide[statement], rings)
            elif isinstance(statement, Call) and statement.out in rings:
                body += without_division(rings[statement.out])
            else:
                body.append(statement)
        return replace(loop, body=Block(tuple(body)))

    def read(self, load: Load, wide: Wide, rings: dict[Value, Ring]) -> list[Statement]:
        builder = Builder(load.origin)
        last = load.indices[-1]
        if isinstance(last, Value) and last in rings:
            last = rings[last].call.args[0]
        place = wide.place(builder, load, self.integers.affine(last))
        return [*builder.statements, replace(load, ref=wide.array, indices=place)]

    # ---- where it is worth a copy ----

    def is_worth(self, loop: For, rings: dict[Value, Ring]) -> bool:
        """Say whether nothing but the ring keeps a loop from vector code, and lanes leave it."""
        rest = [s for s in loop.body.statements if not _is_remainder(s)]
        if not all(map(is_simple, rest)) or is_below(loop, FEWEST):
            return False
        if not is_constant(loop.step, 1, -1):
            return False
        added = (s for s in rest if isinstance(s, Increment))
        if any(index in rings for s in added for index in s.indices):
            return False
        found = independence(loop, self.flow, self.aliases, dependence_of(self.flow))
        return found.holds and not any(self.is_for_lanes(each) for each in (*self.around, loop))

    def is_for_lanes(self, loop: For) -> bool:
        return vecmath.available() and not verdict(Study(loop, self.flow, self.aliases))

    def wide(self, loop: For, rings: dict[Value, Ring]) -> dict[Load, Wide]:
        """Return copies of what a loop reads around a ring, by what reads them."""
        groups: dict[Value, list[Load]] = {}
        for access in accesses(loop.body):
            if isinstance(access, Load) and access.indices:
                groups.setdefault(access.ref, []).append(access)
        result: dict[Load, Wide] = {}
        for ref, loads in groups.items():
            around = {s: rings[s.indices[-1]] for s in loads if s.indices[-1] in rings}
            if not around:
                continue
            fit = all(self.fits(loop, ref, ring) for ring in around.values())
            place = self.nest(loop, ref, list(around)) if fit else None
            if place is None:
                return {}
            found = self.made(*place, ref=ref, margin=max(abs(r.offset) for r in around.values()))
            near = [s for s in loads if s not in around and self.is_of(s, found)]
            result.update((s, found) for s in (*around, *near))
        return result

    def fits(self, loop: For, ref: Value, ring: Ring) -> bool:
        """Say whether a ring is an axis of an array that the loop goes along."""
        affine, extent = self.integers.affine, ref.shape[-1]
        return ring.certain and affine(ring.size) == affine(extent) and self.spans(loop, extent)

    def is_of(self, load: Load, wide: Wide) -> bool:
        """Say whether a load surely reads an element of what is copied."""
        affine, last = self.integers.affine, load.indices[-1]
        pairs = zip(load.indices, wide.items, strict=False)
        same = all(item is None or affine(index) == affine(item) for index, item in pairs)
        return same and self.integers.is_within(last, load.ref.shape[-1])

    def nest(self, loop: For, ref: Value, loads: list[Load]) -> tuple[For, Items] | None:
        """Return the outermost loop that need not read an array anew, and what it reads of it."""
        found: tuple[For, Items] | None = None
        loops: list[For] = []
        for outer in (loop, *reversed(self.around)):
            inner = changing(outer)
            loops += [outer] if outer is not loop else []
            if ref in inner or any(extent in inner for extent in ref.shape):
                break
            items = self.items(loads, inner, loops)
            if items is not None:
                if not self.stays(outer, ref, items):
                    break
                found = outer, items
        return found

    def items(self, loads: list[Load], inner: set[Value], loops: list[For]) -> Items | None:
        """Return the one index of each axis but the last, None for those that loops go along."""
        result: list[Operand | None] = []
        for axis in range(len(loads[0].indices) - 1):
            index, extent = loads[0].indices[axis], loads[0].ref.shape[axis]
            places = {self.integers.affine(s.indices[axis]) for s in loads}
            bases = {base for base, _ in places}
            if len(places) == 1 and index not in inner:
                result.append(index)
            elif any(bases == {one.index} and self.spans(one, extent) for one in loops):
                result.append(None)
            else:
                return None
        return tuple(result)

    def spans(self, loop: For, extent: Operand) -> bool:
        """Say whether a loop goes along most of an axis."""
        far = loop.stop if is_constant(loop.step, 1) else loop.start
        (base, end), (other, last) = self.integers.affine(far), self.integers.affine(extent)
        return base is other and abs(end - last) <= 2 * WIDEST

    def stays(self, nest: For, ref: Value, items: Items) -> bool:
        """Say whether a nest writes nothing of what is copied."""
        root = self.memory.root(ref)
        if root not in self.memory.writes(nest):
            return True
        return all(
            self.is_beside(s, ref, items)
            for s in statements(nest.body)
            if not blocks(s) and root in self.memory.writes(s)
        )

    def is_beside(self, write: Statement, ref: Value, items: Items) -> bool:
        """Say whether a statement writes another row of the same array."""
        if not isinstance(write, Store | Increment) or write.ref is not ref or not write.indices:
            return False
        pairs = zip(write.indices, items, strict=False)
        return any(item is not None and self.integers.differ(at, item) for at, item in pairs)

    # ---- the copy ----

    def made(self, nest: For, items: Items, ref: Value, margin: int) -> Wide:
        """Return a copy that is made in front of a nest."""
        builder = Builder(nest.origin)
        size = builder.fold(np.add, ref.shape[-1], integer(2 * margin))
        axes = [extent for extent, item in zip(ref.shape, items, strict=False) if item is None]
        array = builder.alloc((*axes, size), ref.type.dtype, name=f"_{ref.name.lstrip('_')}_wide")
        wide = Wide(nest, ref, items, margin, array, builder.statements)
        _fill(builder, wide, self.source(nest, ref), axes)
        return wide

    def source(self, nest: For, ref: Value) -> Value:
        """Return what an array is a copy of, where that still is the same."""
        made = self.flow.definitions[ref]
        block, position, _ = self.flow.parents[nest.body]
        match made.statement:
            case Call(function=np.copy, args=(Value() as first,)) if made.block is block:
                between = block.statements[made.position + 1 : position]
                roots = {self.memory.root(ref), self.memory.root(first)}
                if all(roots.isdisjoint(self.memory.writes(s)) for s in between):
                    return first
        return ref


def _fill(builder: Builder, wide: Wide, source: Value, axes: list[Operand]) -> None:
    """Append what copies an array, and both ends of its rows beside the opposite one."""
    counters = [Value(f"_{name}", PYTHON_INT) for name in "abcdefgh"[: len(axes)]]
    free = iter(counters)
    lead = tuple(next(free) if item is None else item for item in wide.items)
    inner = Builder(builder.origin)
    _along(inner, wide, source, lead, tuple(counters))
    statements = inner.statements
    for counter, extent in zip(counters[::-1], axes[::-1], strict=True):
        block = Block(tuple(statements))
        nest = For(counter, integer(0), extent, integer(1), (), block, origin=builder.origin)
        statements = [nest]
    builder.statements += statements


def _along(
    builder: Builder, wide: Wide, source: Value, lead: tuple[Operand, ...], own: tuple[Value, ...]
) -> None:
    """Append what fills one row."""
    size, margin = source.shape[-1], wide.margin

    def copy(builder: Builder, to: Operand, index: Operand) -> None:
        part = builder.load(source, (*lead, index), "_part")
        builder.store(wide.array, (*own, to), part)

    row, ends = Builder(builder.origin), Builder(builder.origin)
    index = Value("_j", PYTHON_INT)
    copy(row, row.fold(np.add, index, integer(margin)), index)
    bounds = (integer(0), size, integer(1))
    builder.append(For(index, *bounds, (), row.block(), origin=builder.origin))
    for k in range(margin):
        last = round_ring(ends, size, -1 - k)
        copy(ends, integer(margin - 1 - k), last)
        copy(ends, ends.fold(np.add, size, integer(margin + k)), round_ring(ends, size, k))
    some = builder.call(np.less, integer(0), size)
    builder.append(If(some, ends.block(), Block(), (), builder.origin))


def without_division(ring: Ring) -> list[Statement]:
    """Return what makes the same index of a place beside an end by a choice."""
    inner, size = ring.call.args
    if abs(ring.offset) > 1:
        return [ring.call]
    builder = Builder(ring.call.origin)
    if ring.offset > 0:
        inside = builder.call(np.less, inner, size)
        builder.call_into(ring.call.out, np.where, (inside, inner, integer(0)), ())
    else:
        last = builder.fold(np.subtract, size, integer(1))
        outside = builder.call(np.less, inner, integer(0))
        builder.call_into(ring.call.out, np.where, (outside, last, inner), ())
    return builder.statements
