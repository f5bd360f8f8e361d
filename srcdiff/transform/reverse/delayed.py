"""What a loop hands on to a later iteration is read again where it comes from.

    For i, carried last from 0.0              in the adjoint sweep, `last` is
        ... last ...                              x[max(i - 1, start)] if i - 1 >= start else 0.0
        last = Load x[i]

Nothing is kept then. It comes from an array that never changes, from one where the primal sweep
stores it for good, or from the rows of another number carried, which hands it on in its turn.
"""

import builtins
from collections.abc import Callable

import numpy as np

from srcdiff.analysis.dataflow import Definition
from srcdiff.ir.build import integer, is_constant, same
from srcdiff.ir.nodes import Carried, For, Load, Operand, Store, Value, is_array
from srcdiff.transform.reverse.again import leaves, price
from srcdiff.transform.reverse.plan import Frame, Plan, Rows
from srcdiff.transform.reverse.rooms import has_rows, row_index
from srcdiff.transform.reverse.stored import stored

Need = Callable[[Plan, Operand], Operand]
LATEST = 4
"""Iterations that a value may be late by."""


def delayed(
    plan: Plan, value: Value, definition: Definition, depth: int, need: Need
) -> Operand | None:
    """Return what a loop carries as it is read from an array, if it comes from one."""
    loop = definition.statement
    if definition.kind != "phi" or not isinstance(loop, For) or is_array(value):
        return None
    if not _is_counted(loop):
        return None
    chain = _chain(loop, value)
    if chain is None or not _begin_alike(plan, chain[:-1]):
        return None
    reading = _Reading(plan, loop, plan.stack[depth], need)
    place = reading.place(chain[-1].next, depth) if _begin_alike(plan, chain) else None
    if place is not None:
        return reading.element(place, len(chain), chain[0])
    if len(chain) == 1 or not has_rows(plan, loop.body, plan.stack[plan.region_of(depth)]):
        return None
    head = chain[-1].phi
    need(plan, head)
    room = plan.kept.get(head)
    return reading.row(room, len(chain) - 1, chain[0]) if isinstance(room, Rows) else None


def _is_counted(loop: For) -> bool:
    """Say whether a loop goes up or down by 1, to its end."""
    by_one = is_constant(loop.step, 1) or is_constant(loop.step, -1)
    return by_one and loop.leave is None and loop.trips is None


def _chain(loop: For, value: Value) -> list[Carried] | None:
    """Return the entries from that of `value` to the one that takes what an iteration makes."""
    entries: dict[Operand, Carried] = {entry.phi: entry for entry in loop.carried}
    found = [entries[value]]
    while found[-1].next in entries:
        if len(found) == LATEST:
            return None
        found.append(entries[found[-1].next])
    return found


def _begin_alike(plan: Plan, chain: list[Carried]) -> bool:
    """Say whether entries begin with the same number, which is there without being kept."""
    return all(
        same(entry.init, chain[0].init) and leaves(plan, entry.init, {}) == frozenset()
        for entry in chain
    )


class _Reading:
    """How a number is read that an earlier iteration has made or read."""

    def __init__(self, plan: Plan, loop: For, frame: Frame, need: Need) -> None:
        self.plan, self.loop, self.frame = plan, loop, frame
        self.need = need
        self.up = is_constant(loop.step, 1)

    def place(self, source: Operand, depth: int) -> Load | Store | None:
        """Return what each iteration reads or leaves in an array for good, if it does."""
        known = self.plan.flow.definitions
        definition = known.get(source) if isinstance(source, Value) else None
        if definition is None or definition.block is not self.loop.body:
            return None
        assert isinstance(source, Value)
        found: Load | Store | None = stored(self.plan, source, definition, depth)
        if isinstance(definition.statement, Load):
            read = definition.statement
            found = None if self.plan.aliases.is_memory(read.ref) else read
        if found is None or found.ref.type.dtype != source.type.dtype:
            return None
        parts = (found.ref, *found.indices)
        if not all(map(self.is_followed, parts)) or price(self.plan, *parts).kept:
            return None
        return found

    def is_followed(self, operand: Operand) -> bool:
        """Say whether it is known what an operand was in an earlier iteration."""
        base: Operand | None = operand
        if not is_array(operand):
            base, _ = self.plan.flow.integers.affine(operand)
        if not isinstance(base, Value) or base is self.loop.index:
            return True
        return not self.plan.dependence.is_inside(base, self.loop)

    def element(self, place: Load | Store, late: int, entry: Carried) -> Operand:
        """Return the element that was read or left so many iterations ago."""
        at, is_there = self.earlier(late)
        integers, builder = self.plan.flow.integers, self.frame.builder
        indices: list[Operand] = []
        for index in place.indices:
            base, offset = integers.affine(index)
            moved = base is self.loop.index
            there = builder.fold(np.add, at, integer(offset)) if moved else index
            indices.append(there if moved else self.need(self.plan, index))
        ref = self.need(self.plan, place.ref)
        assert isinstance(ref, Value)
        element = builder.load(ref, tuple(indices), entry.phi.name)
        return self.choice(is_there, element, entry)

    def row(self, room: Rows, late: int, entry: Carried) -> Operand:
        """Return what was kept of another number so many iterations ago."""
        at, is_there = self.earlier(late)
        counter = lambda index: at if index is self.loop.index else self.need(self.plan, index)  # noqa: E731
        index = row_index(self.frame.builder, room, counter)
        element = self.frame.builder.load(room.buffer, index, entry.phi.name)
        return self.choice(is_there, element, entry)

    def earlier(self, late: int) -> tuple[Operand, Operand]:
        """Append the counter so many iterations ago, and whether there was such an iteration."""
        builder = self.frame.builder
        index, start = (self.need(self.plan, o) for o in (self.loop.index, self.loop.start))
        earlier = builder.fold(np.subtract if self.up else np.add, index, integer(late))
        is_there = builder.call(np.greater_equal if self.up else np.less_equal, earlier, start)
        return builder.fold(builtins.max if self.up else builtins.min, earlier, start), is_there

    def choice(self, is_there: Operand, element: Value, entry: Carried) -> Operand:
        init = self.need(self.plan, entry.init)
        name = entry.phi.name
        return self.frame.builder.call(np.where, is_there, element, init, name=name)
