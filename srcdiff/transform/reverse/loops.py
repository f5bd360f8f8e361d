"""The adjoint of a loop: the same loop backwards, or forwards if its iterations are independent."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcdiff.analysis.loops import Independence, independence
from srcdiff.ir.build import Builder, constant, extents, integer, same
from srcdiff.ir.nodes import (
    Block,
    Carried,
    Const,
    For,
    Increment,
    Operand,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Scalar
from srcdiff.ir.walk import statements
from srcdiff.transform.reverse.bars import (
    add,
    bar_name,
    bar_of,
    full_array,
)
from srcdiff.transform.reverse.merge import merge
from srcdiff.transform.reverse.needs import need
from srcdiff.transform.reverse.plan import Frame, Plan
from srcdiff.transform.reverse.rooms import rows_possible
from srcdiff.transform.reverse.sections import restore_sections

ReverseBlock = Callable[[Plan, Frame], None]


MOST_REFUSALS = 4
"""How often the adjoint is built for loops that could not run forwards after all."""


def reverse_loop(plan: Plan, loop: For | While, reverse_block: ReverseBlock) -> None:
    """Append the adjoint of `loop`, or put it where the primal loop stood."""
    if not _matters(plan, loop):
        return
    facts = None
    if isinstance(loop, For):
        facts = independence(loop, plan.flow, plan.aliases, plan.dependence)
    if isinstance(loop, For) and facts is not None and merge(plan, loop, facts, reverse_block):
        return
    _reverse(plan, loop, facts, reverse_block)
    restore_sections(plan, loop)


def _matters(plan: Plan, loop: For | While) -> bool:
    """Say whether the adjoint sweep has to do something for a loop: adjoints, or undoing writes."""
    if any(bar_of(plan, entry.out) is not None for entry in loop.carried):
        return True
    return bool(plan.aliases.writes[loop])


# ---- one sweep after the other ----


def _reverse(
    plan: Plan, loop: For | While, facts: Independence | None, reverse_block: ReverseBlock
) -> None:
    depth = len(plan.stack)
    region = plan.stack[plan.region_of(depth - 1)]
    forwards = facts is not None and _may_run_forwards(plan, loop, facts, region)
    frame = Frame(loop.body, "loop", Builder(plan.builder.origin), loop, forwards)
    index = _index(loop)
    carries = _carries(plan, loop, frame)
    plan.stack.append(frame)
    if isinstance(loop, For):
        _provide_index(plan, loop, frame, index)
    for entry, phi, _ in carries:
        add(plan, entry.next, phi)
    before = len(plan.kept)
    reverse_block(plan, frame)
    kept = [*plan.kept][before:]
    entries = _close_carries(plan, frame, carries)
    entries += _close_counters(plan, frame)
    plan.stack.pop()
    entries += _close_outer(plan, frame)
    bounds = _bounds(plan, loop, forwards and (bool(entries) or not _is_warm(plan, loop, kept)))
    body = Block((*frame.head.statements, *frame.builder.statements))
    if body.statements or entries:
        new = For(index, *bounds, tuple(entries), body, None, None, plan.builder.origin)
        plan.builder.append(new)
    for entry, _, out in carries:
        add(plan, entry.init, out)


def _is_warm(plan: Plan, loop: For | While, kept: list[Value]) -> bool:
    """Say whether the last iterations have left rows in the cache, which the adjoint needs.

    Without inner loops, a loop has better code forwards.
    """
    if not isinstance(loop, For) or isinstance(loop.stop, Const):
        return False
    homes = [plan.flow.definitions[value].block for value in kept]
    inner = [s for s in statements(loop.body) if isinstance(s, For)]
    return any(home is each.body for home in homes for each in inner)


def _may_run_forwards(plan: Plan, loop: For | While, facts: Independence, region: Frame) -> bool:
    """Say whether the iterations can be reversed in any order.

    They cannot where they undo additions to the same elements: the last to be undone must be the
    first that was done. Where there may be no room but a tape, they can if nothing is put on it,
    which shows when the adjoint is built; it is built anew for each loop for which that is so.
    """
    undone = any(
        plan.final
        and plan.undoes(statement, loop)
        and plan.aliases.root(statement.ref) in facts.incremented
        for statement in statements(loop.body)
        if isinstance(statement, Store | Increment)
    )
    if loop in plan.backwards or not facts.holds or undone:
        return False
    hopeful = plan.final and len(plan.backwards) < MOST_REFUSALS
    return hopeful or rows_possible(plan, loop.body, region)


def _index(loop: For | While) -> Value:
    return Value(loop.index.name if isinstance(loop, For) else "_k", PYTHON_INT)


def _provide_index(plan: Plan, loop: For, frame: Frame, index: Value) -> None:
    frame.available[loop.index] = index


def _carries(plan: Plan, loop: For | While, frame: Frame) -> list[tuple[Carried, Operand, Operand]]:
    """Return (entry, adjoint in the body, adjoint after the loop) for each active entry."""
    result: list[tuple[Carried, Operand, Operand]] = []
    for entry in loop.carried:
        if not any(plan.activity.is_active(v) for v in (entry.phi, entry.out)):
            continue
        init: Operand | None = bar_of(plan, entry.out)
        if is_array(entry.phi):
            init = full_array(plan, entry.out, init)
            assert isinstance(init, Value)
            phi = _adjoint_phi(entry, init, frame.head)
        else:
            if init is None:
                init = constant(0, Scalar(entry.phi.type.dtype))
            phi = Value(bar_name(entry.phi), Scalar(entry.phi.type.dtype))
        out = Value(phi.name, phi.type, tuple(need(plan, e) for e in extents(entry.init)))
        frame.counters.append(Carried(phi, init, phi, out))
        result.append((entry, phi, out))
    return result


def _adjoint_phi(entry: Carried, init: Value, head: Builder) -> Value:
    """Return the adjoint of what an iteration hands on; extents that vary are asked for there."""
    pairs = zip(entry.phi.shape, entry.out.shape, init.shape, strict=True)
    shape = [known if same(one, last) else None for one, last, known in pairs]
    asked = [Value("_n", PYTHON_INT) if extent is None else extent for extent in shape]
    phi = Value(bar_name(entry.phi), init.type, tuple(asked))
    for axis, (known, extent) in enumerate(zip(shape, asked, strict=True)):
        if known is None:
            assert isinstance(extent, Value)
            head.call_into(extent, np.shape, (phi,), (("axis", axis),))
    return phi


def _close_carries(
    plan: Plan, frame: Frame, carries: list[tuple[Carried, Operand, Operand]]
) -> list[Carried]:
    """Return the carried entries of the adjoints, each with its value at the end of the body."""
    entries = []
    planned = {entry.phi: entry for entry in frame.counters}
    for entry, phi, _ in carries:
        assert isinstance(phi, Value)
        following = bar_of(plan, entry.phi)
        if is_array(entry.phi):
            following = full_array(plan, entry.phi, following)
        elif following is None:
            following = constant(0, Scalar(phi.type.dtype))
        entries.append(replace(planned.pop(phi), next=following))
    frame.counters = list(planned.values())
    return entries


def _close_counters(plan: Plan, frame: Frame) -> list[Carried]:
    """Return the carried counters; forwards, each takes its step at the end of the body."""
    entries: list[Carried] = []
    while frame.counters:
        entry = frame.counters.pop(0)
        following = need(plan, entry.next) if frame.forwards else entry.next
        entries.append(replace(entry, next=following))
        if frame.forwards:
            _note_end(plan, frame, entry)
    return entries


def _note_end(plan: Plan, frame: Frame, entry: Carried) -> None:
    """A counter that has run forwards again is known after the loop, too."""
    assert frame.loop is not None
    for original in frame.loop.carried:
        if original.next is entry.next:
            plan.stack[-2].available.setdefault(original.out, entry.out)


def _close_outer(plan: Plan, frame: Frame) -> list[Carried]:
    """Return the carried adjoints of values from outside of the loop."""
    entries = []
    for value, (phi, init) in frame.carried.items():
        out = Value(phi.name, phi.type, phi.shape)
        following = frame.bars[value]
        entries.append(Carried(phi, init, following, out))
        plan.top.bars[value] = out
    return entries


def _bounds(plan: Plan, loop: For | While, forwards: bool) -> tuple[Operand, Operand, Operand]:
    """Return the bounds of the reversed loop."""
    b = plan.builder
    if isinstance(loop, While) or loop.leave is not None:
        assert loop.trips is not None
        trips = need(plan, loop.trips)
        if isinstance(loop, While):
            return b.fold(np.subtract, trips, integer(1)), integer(-1), integer(-1)
        start, step = need(plan, loop.start), need(plan, loop.step)
        return _backwards(b, start, step, trips)
    start, stop, step = (need(plan, bound) for bound in (loop.start, loop.stop, loop.step))
    if forwards:
        return start, stop, step
    if isinstance(step, Const) and abs(step.value) == 1:
        one = integer(step.value)
        first, last = b.fold(np.subtract, stop, one), b.fold(np.subtract, start, one)
        return first, last, integer(-step.value)
    return _backwards(b, start, step, _trip_count(b, start, stop, step))


def _backwards(
    b: Builder, start: Operand, step: Operand, trips: Operand
) -> tuple[Operand, Operand, Operand]:
    """Return the range that ends at `start` and has `trips` items."""
    before = b.fold(np.subtract, trips, integer(1))
    first = b.fold(np.add, start, b.fold(np.multiply, before, step))
    return first, b.fold(np.subtract, start, step), b.fold(np.multiply, step, integer(-1))


def _trip_count(b: Builder, start: Operand, stop: Operand, step: Operand) -> Operand:
    """Return the number of items of range(start, stop, step): max(ceil(span / step), 0)."""
    span = b.fold(np.subtract, start, stop)
    down = b.fold(np.floor_divide, span, step)
    return b.fold(max, b.fold(np.multiply, down, integer(-1)), integer(0))


# ---- both sweeps at once ----
