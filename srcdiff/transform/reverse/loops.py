"""The adjoint of a loop: the same loop backwards, forwards if its iterations are independent, or
merged with the primal if the adjoints of all that it adds up are known before it runs."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcdiff.analysis.loops import Independence, independence
from srcdiff.ir.build import Builder, constant, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    Const,
    For,
    Increment,
    Operand,
    Statement,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Scalar
from srcdiff.ir.walk import operands, statements
from srcdiff.transform.reverse.bars import (
    add,
    bar_name,
    bar_of,
    full_array,
    zero_like,
)
from srcdiff.transform.reverse.needs import need
from srcdiff.transform.reverse.plan import Frame, NotMergeable, Plan
from srcdiff.transform.reverse.primal_sweep import primal_sweep
from srcdiff.transform.reverse.rooms import rows_possible
from srcdiff.transform.reverse.tapes import thread

ReverseBlock = Callable[[Plan, Frame], None]


def reverse_loop(plan: Plan, loop: For | While, reverse_block: ReverseBlock) -> None:
    """Append the adjoint of `loop`, or put it where the primal loop stood."""
    if not _matters(plan, loop):
        return
    facts = independence(loop, plan.flow, plan.aliases) if isinstance(loop, For) else None
    if isinstance(loop, For) and facts is not None and facts.holds:
        seeds = _known_seeds(plan, loop, facts)
        if seeds is not None:
            _merge(plan, loop, facts, seeds, reverse_block)
            return
    _reverse(plan, loop, facts, reverse_block)


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
    forwards = facts is not None and facts.holds and rows_possible(plan, loop.body, region)
    frame = Frame(loop.body, "loop", Builder(plan.builder.origin), loop, forwards)
    index = _index(loop)
    carries = _carries(plan, loop, frame)
    plan.stack.append(frame)
    if isinstance(loop, For):
        _provide_index(plan, loop, frame, index)
    for entry, phi, _ in carries:
        add(plan, entry.next, phi)
    reverse_block(plan, frame)
    entries = _close_carries(plan, frame, carries)
    entries += _close_counters(plan, frame)
    plan.stack.pop()
    entries += _close_outer(plan, frame)
    bounds = _bounds(plan, loop, forwards)
    body = Block((*frame.head.statements, *frame.builder.statements))
    if body.statements or entries:
        new = For(index, *bounds, tuple(entries), body, None, None, plan.builder.origin)
        plan.builder.append(new)
    for entry, _, out in carries:
        add(plan, entry.init, out)


def _index(loop: For | While) -> Value:
    return Value(loop.index.name if isinstance(loop, For) else "_k", PYTHON_INT)


def _provide_index(plan: Plan, loop: For, frame: Frame, index: Value) -> None:
    frame.available[loop.index] = index


def _carries(
    plan: Plan, loop: For | While, frame: Frame
) -> list[tuple[Carried, Operand, Operand]]:
    """Return (entry, adjoint in the body, adjoint after the loop) for each active entry."""
    result: list[tuple[Carried, Operand, Operand]] = []
    for entry in loop.carried:
        if not any(plan.activity.is_active(v) for v in (entry.phi, entry.out)):
            continue
        init: Operand | None = bar_of(plan, entry.out)
        if is_array(entry.phi):
            init = full_array(plan, entry.out, init)
            assert isinstance(init, Value)
            phi = Value(bar_name(entry.phi), init.type, init.shape)
        else:
            if init is None:
                init = constant(0, Scalar(entry.phi.type.dtype))
            phi = Value(bar_name(entry.phi), Scalar(entry.phi.type.dtype))
        out = Value(phi.name, phi.type, phi.shape)
        frame.counters.append(Carried(phi, init, phi, out))
        result.append((entry, phi, out))
    return result


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


def _known_seeds(plan: Plan, loop: For, facts: Independence) -> dict[Carried, Operand] | None:
    """Return the adjoints of what a loop adds up, if they are known before it runs."""
    if plan.top.kind != "region" or loop in plan.unmergeable:
        return None
    if plan.top.ahead is not None:
        return None
    if any(_has_active_contents(plan, root) for root in (*facts.stored, *facts.incremented)):
        return None
    if facts.stored or facts.incremented:
        return None
    seeds: dict[Carried, Operand] = {}
    for entry in facts.sums:
        bar = bar_of(plan, entry.out)
        if bar is not None:
            if not _is_known(plan, bar):
                return None
            seeds[entry] = bar
    return seeds or None


def _has_active_contents(plan: Plan, root: Value) -> bool:
    return plan.activity.is_active(root)


def _is_known(plan: Plan, bar: Operand) -> bool:
    """Say whether an adjoint follows from literals, seeds and the primal before this point."""
    return all(_is_pure(plan, statement) for statement in _slice(plan, bar)) and all(
        _is_earlier(plan, leaf) for leaf in _leaves(plan, bar)
    )


def _definitions(plan: Plan) -> dict[Value, Statement]:
    return {
        s.out: s for s in plan.builder.statements if isinstance(s, Call) and not is_array(s.out)
    }


def _slice(plan: Plan, bar: Operand) -> list[Statement]:
    """Return the statements of this adjoint sweep that `bar` follows from, in order."""
    made = _definitions(plan)
    wanted: set[Value] = set()
    pending = [bar]
    while pending:
        value = pending.pop()
        if isinstance(value, Value) and value in made and value not in wanted:
            wanted.add(value)
            pending += operands(made[value])
    return [s for s in plan.builder.statements if isinstance(s, Call) and s.out in wanted]


def _is_pure(plan: Plan, statement: Statement) -> bool:
    return not any(is_array(o) for o in operands(statement))


def _leaves(plan: Plan, bar: Operand) -> list[Operand]:
    made = _definitions(plan)
    inner = [o for s in _slice(plan, bar) for o in operands(s)]
    return [o for o in (inner or [bar]) if not (isinstance(o, Value) and o in made)]


def _is_earlier(plan: Plan, leaf: Operand) -> bool:
    """Say whether an operand is a literal, a seed, or defined before the present statement."""
    if isinstance(leaf, Const):
        return True
    definition = plan.flow.definitions.get(leaf)
    if definition is None:
        return leaf in plan.seeds
    if definition.block is plan.top.block:
        return definition.position < plan.top.position
    return True


def _merge(
    plan: Plan,
    loop: For,
    facts: Independence,
    seeds: dict[Carried, Operand],
    reverse_block: ReverseBlock,
) -> None:
    """Let the loop run once, each iteration forwards and then backwards."""
    outer = plan.top
    ahead = Builder(plan.builder.origin)
    for bar in seeds.values():
        moved = [s for s in _slice(plan, bar) if s not in ahead.statements]
        ahead.statements += moved
        outer.builder.statements = [s for s in outer.builder.statements if s not in moved]
    outer.ahead = ahead
    frame = Frame(loop.body, "region", Builder(plan.builder.origin), loop, forwards=True)
    plan.stack.append(frame)
    for entry, bar in seeds.items():
        add(plan, entry.next, bar)
    reverse_block(plan, frame)
    primal = primal_sweep(plan, loop.body, frame)
    body = thread([*primal, *frame.head.statements, *frame.builder.statements])
    plan.stack.pop()
    outer.ahead = None
    entries = [*loop.carried, *_merged_outer(plan, frame)]
    _check_conflicts(plan, loop, body)
    merged = replace(loop, carried=tuple(entries), body=Block(tuple(body)))
    outer.replaced[loop] = [*ahead.statements, merged]
    for entry, bar in seeds.items():
        add(plan, entry.init, bar)


def _merged_outer(plan: Plan, frame: Frame) -> list[Carried]:
    """Adjoints that a merged loop adds up start from 0 in it, and are added to the others."""
    entries = []
    for value, (phi, init) in frame.carried.items():
        out = Value(phi.name, phi.type, phi.shape)
        zero = init if isinstance(init, Const) and is_constant(init, 0) else None
        start = zero if zero is not None else zero_like(plan, value, plan.top.place)
        entries.append(Carried(phi, start, frame.bars[value], out))
        if zero is not None:
            plan.top.bars[value] = out
        else:
            add(plan, value, out)
    return entries


def _check_conflicts(plan: Plan, loop: For, body: list[Statement]) -> None:
    """What the merged loop adds to must not be read or overwritten later in the adjoint sweep.

    That part of the sweep is built already, and the merged loop runs before it.
    """
    added = {
        plan.shadow_roots[s.ref]
        for s in statements(Block(tuple(body)))
        if isinstance(s, Increment) and s.ref in plan.shadow_roots
    }
    for statement in statements(Block(tuple(plan.builder.statements))):
        refs = [o for o in operands(statement) if isinstance(o, Value) and is_array(o)]
        if isinstance(statement, Increment):
            refs = [o for o in refs if o is not statement.ref]
        if isinstance(statement, View):
            continue
        if any(plan.shadow_roots.get(ref) in added for ref in refs):
            raise NotMergeable(loop)


