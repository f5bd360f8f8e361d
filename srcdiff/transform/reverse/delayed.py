"""What a loop hands on twice is kept once: the older number stands beside the newer one.

    For i, carried last from 1.0,             kept[0] = 2.0
                   older from 2.0             For i, ...
        ... last * older ...        ->            kept[i + 1] = last
        next: last = ..., older = last            ...
                                              in the adjoint sweep, last is kept[i + 1],
                                              and older is kept[i]

So it is with what is older by more iterations. In front of the rows there is room for what the
first iterations find; a loop that counts down has it behind them.
"""

from collections.abc import Callable

import numpy as np

from srcdiff.analysis.dataflow import Definition
from srcdiff.ir.build import Builder, integer, is_constant, same
from srcdiff.ir.nodes import Carried, For, Operand, Value, is_array
from srcdiff.transform.reverse.plan import Plan, Rows
from srcdiff.transform.reverse.rooms import has_rows, row_index

OLDEST = 4
"""Iterations by which a number may be older than the one beside which it stands."""


def delayed(
    plan: Plan,
    value: Value,
    definition: Definition,
    depth: int,
    need: Callable[[Plan, Operand], Operand],
) -> Operand | None:
    """Return what a loop carries as it is read from the rows of a newer number; None: it is not.

    These have room for it if they are made for it. If they are there already, the next round of
    the construction makes them so.
    """
    loop = definition.statement
    if definition.kind != "phi" or not isinstance(loop, For) or is_array(value):
        return None
    chain = _chain(loop, value)
    region = plan.stack[plan.region_of(depth)]
    if chain is None or not _counts(loop) or not has_rows(plan, loop.body, region):
        return None
    newest, late = chain[-1].phi, len(chain) - 1
    plan.older[newest] = max(plan.older.get(newest, 0), late)
    if newest not in plan.kept:
        need(plan, newest)
    room = plan.kept.get(newest)
    if not isinstance(room, Rows) or room.late < late:
        return None
    head = plan.stack[depth].head
    index = row_index(head, room, lambda counter: need(plan, counter), late)
    plan.delayed.add(value)
    return head.load(room.buffer, index, value.name)


def put_beginnings(plan: Plan, builder: Builder, loop: For) -> None:
    """Append what puts in front of the rows what the first iterations find of older numbers.

    Where the loop does not run, its start may be anywhere: that is why it is kept in bounds.
    """
    for entry in loop.carried:
        room, current = plan.kept.get(entry.phi), entry
        if not isinstance(room, Rows):
            continue
        for late in range(1, room.late + 1):
            (current,) = _takers(loop, current.phi)
            builder.store(room.buffer, _ahead(builder, room, loop, late), current.init)


def _ahead(builder: Builder, room: Rows, loop: For, late: int) -> tuple[Operand, ...]:
    """Return where a number of so many iterations before the first one would stand."""
    first = {loop.index: loop.start}
    *outer, at = row_index(builder, room, lambda index: first.get(index, index), late)
    if same(loop.start, room.lows[-1]) and is_constant(loop.step, 1):
        return (*outer, at)
    last = builder.fold(np.subtract, room.buffer.shape[len(room.loops) - 1], integer(1))
    return (*outer, builder.fold(min, builder.fold(max, at, integer(0)), last))


def _counts(loop: For) -> bool:
    """Say whether a loop goes up or down by 1, to its end."""
    by_one = is_constant(loop.step, 1) or is_constant(loop.step, -1)
    return by_one and loop.leave is None and loop.trips is None


def _chain(loop: For, value: Value) -> list[Carried] | None:
    """Return the entries from an older number to the newest; None: it is not handed on so."""
    entries: dict[Operand, Carried] = {entry.phi: entry for entry in loop.carried}
    found = [entries[value]]
    while found[-1].next in entries:
        following = entries[found[-1].next]
        if len(found) > OLDEST or len(_takers(loop, following.phi)) > 1:
            return None
        found.append(following)
    return found if len(found) > 1 else None


def _takers(loop: For, phi: Value) -> list[Carried]:
    """Return the entries that are in the next iteration what `phi` is in this one."""
    return [entry for entry in loop.carried if entry.next is phi]
