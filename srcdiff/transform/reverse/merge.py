"""Both sweeps of an independent loop at once, where the adjoints of its sums are known before it.

    For i                                       For i
        t = f(x[i])                                 t = f(x[i])
        s' = s + t                     ->           s' = s + t
    ...                                             Increment x_bar[i] += f'(x[i]) * s_bar
    For i: Increment x_bar[i] += ...            ...

The merged loop stands where the primal loop stood. What it uses of the adjoint sweep so far (seeds,
shadows) moves in front of it, if it is pure; what it adds to must only be added to later, too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from srcdiff.analysis.loops import Independence
from srcdiff.ir.build import Builder, is_constant
from srcdiff.ir.nodes import (
    NOWHERE,
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Guard,
    Increment,
    Load,
    Operand,
    Statement,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import all_definitions, operands, statements
from srcdiff.transform.reverse.bars import add, bar_of, zero_like
from srcdiff.transform.reverse.early import feeds, is_early, may_come_first
from srcdiff.transform.reverse.plan import Frame, NotMergeable, Plan
from srcdiff.transform.reverse.primal_sweep import primal_sweep
from srcdiff.transform.reverse.tapes import MARKS, statements_of, thread

ReverseBlock = Callable[[Plan, Frame], None]


def merge(plan: Plan, loop: For, facts: Independence, reverse_block: ReverseBlock) -> bool:
    """Put a loop that runs both sweeps in the place of the primal loop, if that is possible."""
    seeds = _seeds(plan, loop, facts)
    if seeds is None:
        return False
    outer = plan.top
    if is_early(plan, loop):
        outer.taken, outer.builder.statements = outer.builder.statements, []
    outer.ahead = Builder(outer.builder.origin)
    frame = Frame(loop.body, "region", Builder(outer.builder.origin), loop, forwards=True)
    plan.stack.append(frame)
    for entry, bar in seeds:
        add(plan, entry.next, bar)
    reverse_block(plan, frame)
    primal = primal_sweep(plan, loop.body, frame)
    body = Block(tuple(thread([*primal, *frame.head.statements, *frame.builder.statements])))
    plan.stack.pop()
    ahead, outer.ahead = outer.ahead, None
    _check_conflicts(plan, loop, body)
    inits, entries = _carried(plan, frame, ahead)
    merged = replace(loop, carried=(*loop.carried, *entries), body=body)
    before, outer.taken = outer.taken, []
    # The loop itself gives nothing to what stands in front of it.
    moved = _take_along(plan, loop, before)
    moved += _take_along(plan, loop, [*moved, *before, *ahead.statements, merged])
    preludes = list(map(_prelude, moved)), list(map(_prelude, ahead.statements))
    outer.replaced[loop] = [*preludes[0], *before, *preludes[1], merged]
    plan.merged.append(loop)
    for value, out in inits:
        add(plan, value, out)
    for entry, bar in seeds:
        add(plan, entry.init, bar)
    return True


def _seeds(plan: Plan, loop: For, facts: Independence) -> list[tuple[Carried, Operand]] | None:
    """Return the adjoints of a loop's sums, None if it cannot be merged for what it looks like."""
    if not facts.holds:
        return None
    if plan.top.kind != "region" or plan.top.ahead is not None or loop in plan.unmergeable:
        return None
    if any(section.loop is loop for section in plan.sections):
        return None
    pairs = [(entry, bar_of(plan, entry.out)) for entry in facts.sums]
    seeds = [(entry, bar) for entry, bar in pairs if bar is not None]
    if is_early(plan, loop):
        return _early(plan, loop, facts, seeds)
    if facts.stored or facts.incremented or feeds(plan, loop):
        return None
    known = all(_moves(plan, [bar]) is not None for _, bar in seeds)
    return seeds if seeds and known else None


def _early(
    plan: Plan, loop: For, facts: Independence, seeds: list[tuple[Carried, Operand]]
) -> list[tuple[Carried, Operand]] | None:
    """Return the adjoints of the sums of a loop that may run both sweeps after all others."""
    if may_come_first(plan, loop, facts) and not _waits(plan, loop):
        return seeds
    if loop in plan.early:
        raise NotMergeable(loop)
    return None


def _waits(plan: Plan, loop: For) -> bool:
    """Say whether a loop behind, which is merged, has adjoints of what this one reads or writes."""
    roots = {root for s in statements(loop.body) for root in plan.aliases.touched(s)}
    merged = [s for s in plan.top.replaced if isinstance(s, For)]
    behind = (
        root for each in merged for s in statements(each.body) for root in plan.aliases.touched(s)
    )
    return not roots.isdisjoint(behind)


def _carried(
    plan: Plan, frame: Frame, ahead: Builder
) -> tuple[list[tuple[Value, Operand]], list[Carried]]:
    """Let the adjoints that the loop adds up start from 0; they are added to the others later."""
    sums: list[tuple[Value, Operand]] = []
    entries = []
    for value, (phi, init) in frame.carried.items():
        zero = init if is_constant(init, 0) else zero_like(plan, value, ahead)
        out = Value(phi.name, phi.type, phi.shape)
        entries.append(Carried(phi, zero, frame.bars[value], out))
        sums.append((value, out))
    return sums, entries


# ---- what moves in front of the loop ----


def _pool(plan: Plan) -> list[Statement]:
    """Return what the region's adjoint sweep consists of so far, moved or not, but for loops.

    Before it stands what the primal loads behind the loop, if it could be loaded before.
    """
    outer = plan.top
    moved = [s for each in outer.replaced.values() for s in each if not isinstance(s, For)]
    return [*_loads_behind(plan), *moved, *outer.builder.statements]


def _loads_behind(plan: Plan) -> Iterator[Load]:
    """Iterate over the loads behind the loop, of arrays that nobody writes, up to a guard."""
    outer = plan.top
    for statement in outer.block.statements[outer.position + 1 :]:
        if isinstance(statement, Guard):
            return
        if isinstance(statement, Load) and statement not in outer.replaced:
            if not plan.aliases.is_memory(statement.ref):
                yield statement


def _moves(plan: Plan, wanted: Iterable[Operand]) -> list[Statement] | None:
    """Return the statements of the adjoint sweep that `wanted` follow from, in order.

    None if one of them reads memory, or something that is computed after the loop.
    """
    pool = _pool(plan)
    made = {s.out: s for s in pool if isinstance(s, Call | Alloc | View | Load)}
    needed: set[Statement] = set()
    pending = list(wanted)
    while pending:
        value = pending.pop()
        if isinstance(value, Const) or made.get(value) in needed:
            continue
        statement = made.get(value)
        if statement is None:
            if not _is_earlier(plan, value):
                return None
            continue
        if _reads_contents(plan, statement):
            return None
        needed.add(statement)
        pending += [*operands(statement), *statement.out.shape]
    return [s for s in pool if s in needed]


def _reads_contents(plan: Plan, statement: Statement) -> bool:
    """Say whether a statement reads memory that may be another one before the loop."""
    match statement:
        case Load(ref=ref):
            return ref not in plan.flow.definitions or plan.aliases.is_memory(ref)
        case Call(out=out, args=args):
            return is_array(out) or any(map(is_array, args))
    return False


def _is_earlier(plan: Plan, value: Value) -> bool:
    """Say whether a value is a seed, or defined before the present statement.

    What the sweeps of loops around have made stands in front of those, if they are merged at all.
    """
    definition = plan.flow.definitions.get(value)
    if definition is None:
        return value in plan.seeds or any(value in made(f) for f in plan.stack[:-1])
    if definition.block is plan.top.block:
        return definition.position < plan.top.position
    return True


def made(frame: Frame) -> set[Value]:
    """Return what is made by the adjoint sweep of a block, as far as it goes."""
    ahead = [] if frame.ahead is None else frame.ahead.statements
    moved = [s for each in frame.replaced.values() for s in each]
    return set(all_definitions(Block((*frame.taken, *ahead, *moved, *frame.builder.statements))))


def _take_along(plan: Plan, loop: For, new: list[Statement]) -> list[Statement]:
    """Take what the merged loop uses out of the adjoint sweep, to stand in front of it."""
    block = Block(tuple(new))
    own = set(all_definitions(block))
    free = {
        o: None
        for s in statements(block)
        for o in (*operands(s), *_extents(s))
        if isinstance(o, Value) and o not in own
    }
    moves = _moves(plan, free)
    if moves is None:
        raise NotMergeable(loop)
    taken = set(moves)
    outer = plan.top
    behind = [s for s in _loads_behind(plan) if s in taken]
    outer.builder.statements = [s for s in outer.builder.statements if s not in taken]
    for key, each in outer.replaced.items():
        outer.replaced[key] = [s for s in each if s not in taken]
    outer.replaced.update((s, []) for s in behind)
    return moves


def _prelude(statement: Statement) -> Statement:
    """Return a statement of the adjoint sweep as one that belongs to no line of either sweep."""
    if isinstance(statement, Load):
        return statement
    return replace(statement, origin=NOWHERE)


def _extents(statement: Statement) -> tuple[Operand, ...]:
    out = getattr(statement, "out", None)
    return out.shape if isinstance(out, Value) else ()


def _check_conflicts(plan: Plan, loop: For, body: Block) -> None:
    """Refuse a loop that adds to what the adjoint sweep so far, which now follows it, reads."""
    roots = plan.shadow_roots
    added = {roots[s.ref] for s in statements(body) if isinstance(s, Increment) and s.ref in roots}
    for statement in statements_of(Block(tuple(plan.builder.statements))):
        if isinstance(statement, MARKS):
            continue
        read = [o for o in operands(statement) if isinstance(o, Value) and o in roots]
        if isinstance(statement, Increment):
            read = [o for o in read if o is not statement.ref]
        if not isinstance(statement, View) and any(roots[o] in added for o in read):
            raise NotMergeable(loop)
