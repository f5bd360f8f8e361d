"""Let increments of neighbours wait, so that the loop around them can be vectorised.

    For j in range(1, m - 1)              For low in range(1, m - 1, 256)
        t = ...                               For lane in range(min(256, m - 1 - low))
        Increment x_bar[i - 1, j] += t            j = low + lane
        Increment x_bar[i, j - 1] += t    ->      t = ...
        Increment x_bar[i, j + 1] += t            Store part[lane + 8] = t
                                              For lane in ...
                                                  Increment x_bar[i - 1, j] += part[lane + 8]
                                              For lane in ...
                                                  Increment x_bar[i, low - 1 + lane] +=
                                                      part[lane + 8] + part[lane + 6]

LLVM does not vectorise a loop that writes two elements of one array. So each row of an array gets a
loop of its own behind each strip of the loop, and in it, what was added to the neighbours of a
point is gathered at that point, between zeros at both ends of the strip. It does not matter
whether rows overlap: what is added to an index is added to the same index. The array must not be
touched otherwise in the loop, and sums of adjoints have no order. Where the end of the loop is
known in front of a nest, whole rows wait instead of strips.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.indices import Affine, Indices
from srcdiff.analysis.memory import Memory
from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Increment,
    Operand,
    Origin,
    Statement,
    Value,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import changing
from srcdiff.transform.strips import UNSIGNED

MARGIN = 8
"""The room for zeros at each end of a strip, and the widest stencil that is gathered."""

Term = tuple[tuple[bool, Operand], ...]
"""What is added to one element: operands, each with whether it is subtracted."""


@dataclass(frozen=True, eq=False)
class Row:
    """Increments of `ref[places, j + offset]`, where j is the index of the loop."""

    ref: Value
    places: tuple[Operand, ...]
    shares: tuple[tuple[int, Increment], ...]

    @property
    def origin(self) -> Origin:
        return self.shares[0][1].origin

    @property
    def first(self) -> int:
        return min(offset for offset, _ in self.shares)

    @property
    def spread(self) -> int:
        return max(offset for offset, _ in self.shares) - self.first

    @property
    def waiting(self) -> list[Increment]:
        return [increment for _, increment in self.shares]


def without(loop: For, rows: list[Row]) -> For:
    """Return a loop without the increments of `rows`."""
    waiting = {increment for row in rows for increment in row.waiting}
    if not waiting:
        return loop
    return replace(loop, body=Block(tuple(s for s in loop.body.statements if s not in waiting)))


@dataclass(eq=False)
class Stencils:
    """Finds the increments of loops that can wait until a strip of iterations is over."""

    memory: Memory
    integers: Indices

    def rows(self, loop: For) -> list[Row]:
        """Return the rows that have to wait, if a loop adds to neighbours; else none."""
        groups: dict[Value, list[Increment]] = {}
        for statement in loop.body.statements:
            if isinstance(statement, Increment):
                groups.setdefault(self.memory.root(statement.ref), []).append(statement)
        several = {root: group for root, group in groups.items() if len(group) > 1}
        inner = changing(loop)
        waiting = [each for group in several.values() for each in group]
        if any(self.is_touched(loop, root) for root in several):
            return []
        if not all(self.can_wait(each, loop, inner) for each in waiting):
            return []
        if not any(map(self.has_neighbours, several.values())):
            return []
        if any(not self.integers.is_index(each.indices[-1]) for each in waiting):
            return []
        return [row for group in several.values() for row in self.split(group)]

    def is_touched(self, loop: For, root: Value) -> bool:
        """Say whether a loop does anything else with a class than adding to it."""
        return any(
            root in self.memory.reads(s) | self.memory.writes(s)
            for s in loop.body.statements
            if not isinstance(s, Increment)
        )

    def can_wait(self, increment: Increment, loop: For, inner: set[Value]) -> bool:
        """Say whether an increment is one of a row that the loop goes along."""
        ref, value, places = increment.ref, increment.value, increment.indices
        if increment.origin.sweep != "adjoint" or ref in inner or not places:
            return False
        layout = ref.type.layout if isinstance(ref.type, Array) else None
        plain = isinstance(value.type, Scalar) and value.type.dtype == ref.type.dtype
        if layout != "C" or not plain or ref.type.dtype.kind != "f":
            return False
        if self.integers.affine(places[-1])[0] is not loop.index:
            return False
        return all(self.is_fixed(place, inner) for place in places[:-1])

    def is_fixed(self, place: Operand, inner: set[Value]) -> bool:
        """Say whether an index can be made outside of the loop."""
        if place not in inner:
            return True
        base, _ = self.integers.affine(place)
        return base is None or (base not in inner and base.type.dtype == PYTHON_INT.dtype)

    def has_neighbours(self, group: list[Increment]) -> bool:
        """Say whether two increments are a constant distance apart, and not at one element."""
        seen: dict[tuple[Value | None, ...], tuple[Affine, ...]] = {}
        for each in group:
            key = self.integers.key(each.indices)
            bases = (each.ref, *(base for base, _ in key))
            if seen.setdefault(bases, key) != key:
                return True
        return False

    def split(self, group: list[Increment]) -> list[Row]:
        """Return the rows of the increments of one class, but for one that need not wait."""
        found: dict[tuple[object, ...], list[tuple[int, Increment]]] = {}
        for each in group:
            *places, (_, offset) = self.integers.key(each.indices)
            found.setdefault((each.ref, *places), []).append((offset, each))
        rows = [
            Row(each.ref, each.indices[:-1], tuple(shares))
            for shares in found.values()
            for each in [shares[0][1]]
        ]
        rows = [part for row in rows for part in _narrow(row)]
        stays = _staying(rows)
        return [row for row in rows if row is not stays]


def _staying(rows: list[Row]) -> Row | None:
    """Return a row to which a loop may go on adding by itself, as it writes one element of it.

    It is best one whose term need not be kept for another row.
    """
    alone = [row for row in rows if len(row.shares) == 1]
    for row in alone:
        ((_, increment),) = row.shares
        if not any(
            each.value is increment.value for o in rows if o is not row for each in o.waiting
        ):
            return row
    return alone[0] if alone else None


def _narrow(row: Row) -> list[Row]:
    """Return a row, or what is added at each offset by itself if these are far apart."""
    if row.spread <= MARGIN:
        return [row]
    by_offset: dict[int, list[tuple[int, Increment]]] = {}
    for share in row.shares:
        by_offset.setdefault(share[0], []).append(share)
    return [replace(row, shares=tuple(shares)) for shares in by_offset.values()]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Iterations from `begin` to `end`: of a loop, or lanes of the strip of a loop from `low`."""

    begin: int
    end: Operand
    low: Value | None = None


@dataclass(eq=False)
class Gather:
    """Keeps what a stretch of a loop adds to some rows, and adds it behind the stretch."""

    rows: list[Row]
    flow: Dataflow
    integers: Indices
    room: Callable[[Any, int], Value]
    """Returns an array of zeros for a stretch and its margins, by dtype and number."""
    index: Value
    """That of the loop."""
    parts: dict[Term, Value] = field(default_factory=dict)
    ends: dict[Value, int] = field(default_factory=dict)
    """How many zeros have to follow a stretch, for each array."""

    def stores(self, index: Value, begin: int) -> list[Statement]:
        """Return what keeps the terms of one iteration."""
        result: list[Statement] = []
        for row in self.rows:
            builder = Builder(row.origin)
            for _, term in self.terms(row).values():
                if term not in self.parts:
                    part = self.room(row.ref.type.dtype, self.taken(row.ref.type.dtype))
                    place = builder.fold(np.add, index, integer(MARGIN - begin))
                    builder.store(part, (place,), _total(builder, term))
                    self.parts[term] = part
                part = self.parts[term]
                self.ends[part] = max(self.ends.get(part, 0), row.spread)
            result += builder.statements
        return result

    def taken(self, dtype: Any) -> int:
        return sum(part.type.dtype == dtype for part in self.parts.values())

    def zeros(self, builder: Builder, end: Operand) -> None:
        """Append the zeros that follow a strip, where a longer one was before."""
        for part, number in self.ends.items():
            zero = constant(0.0, Scalar(part.type.dtype))
            for k in range(number):
                place = builder.fold(np.add, end, integer(MARGIN + k))
                builder.store(part, (place,), zero)

    def append(self, builder: Builder, row: Row, stretch: Stretch) -> None:
        """Append the loop that adds what was kept to a row."""
        inner = Builder(row.origin)
        places = [self.rebuilt(place, builder) for place in row.places]
        index = Value(self.index.name if stretch.low is None else "_lane", PYTHON_INT)
        place: Operand = index
        if stretch.low is not None:
            place = inner.call(np.add, stretch.low, index, type=PYTHON_INT, shape=())
            place = inner.cast(place, UNSIGNED, "_at")
        shares: list[tuple[bool, Operand]] = []
        for offset, (minus, term) in self.terms(row).items():
            kept = inner.fold(np.add, index, integer(MARGIN - stretch.begin - offset))
            shares.append((minus, inner.load(self.parts[term], (kept,), "_part")))
        shares.sort(key=lambda share: share[0])
        inner.increment(row.ref, (*places, place), _total(inner, tuple(shares)))
        begin = integer(stretch.begin + row.first)
        end = builder.fold(np.add, stretch.end, integer(row.first + row.spread))
        builder.append(For(index, begin, end, integer(1), (), inner.block(), origin=row.origin))

    def rebuilt(self, place: Operand, builder: Builder) -> Operand:
        """Return an index outside of the loop that holds it."""
        found = self.flow.definitions.get(place) if isinstance(place, Value) else None
        if found is None or found.block is not self.flow.definitions[self.index].block:
            return place
        return builder.affine(*self.integers.affine(place))

    def terms(self, row: Row) -> dict[int, tuple[bool, Term]]:
        """Return what is kept in one array each, by offset, and whether it is subtracted."""
        result: dict[int, list[tuple[bool, Operand]]] = {}
        for offset, increment in row.shares:
            result.setdefault(offset, []).append(self.signed(increment.value))
        return {
            offset: (terms[0][0], tuple((minus != terms[0][0], each) for minus, each in terms))
            for offset, terms in result.items()
        }

    def signed(self, value: Operand) -> tuple[bool, Operand]:
        """Return (True, x) for the negative of x."""
        found = self.flow.definitions.get(value) if isinstance(value, Value) else None
        match found.statement if found is not None else None:
            case Call(function=np.negative, args=(arg,)):
                return True, arg
        return False, value


def _total(builder: Builder, term: Term) -> Operand:
    """Append the sum of a term."""
    (minus, total), *others = term
    if minus:
        total = builder.call(np.negative, total)
    for negative, each in others:
        total = builder.call(np.subtract if negative else np.add, total, each)
    return total
