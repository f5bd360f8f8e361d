"""The adjoint of what follows a loop, taken ahead of it: both sweeps of the loop run at once.

    For i                                       For i
        Store y[i] = f(x[i])                        Increment y_bar[i] += w[i]
    For i                                       For i
        s' = s + w[i] * y[i]            ->          Store y[i] = f(x[i])
    ...                                             Increment x_bar[i] += f'(x[i]) * y_bar[i]
    For i: Increment y_bar[i] += w[i]           For i
    For i: Increment x_bar[i] += ...                s' = s + w[i] * y[i]

Where the adjoints of all that follows need nothing that the loop computes, or what comes behind
it, they can be there before it runs. Then nothing of an iteration is kept for a second sweep. The
order of the adjoint sweep stays as it is. It is done for loops of which something is kept.
"""

from srcdiff.analysis.loops import Independence, independence
from srcdiff.ir.nodes import (
    Block,
    Derive,
    For,
    Guard,
    Increment,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.walk import all_definitions, asks, has_effect, operands, statements
from srcdiff.transform.reverse.plan import Plan, Room, Rows
from srcdiff.transform.reverse.tapes import MARKS, statements_of

Rooms = tuple[dict[Value, Room], dict[Value, Room], dict[Statement, Room]]


def kept(plan: Plan) -> Rooms:
    """Return where the adjoint that was built last keeps something."""
    return plan.kept, plan.expanded, plan.saved


def weight(rooms: Rooms) -> int:
    """Return what tells much that is kept from little: the axes of all of it."""
    found = [room for each in rooms for room in each.values() if isinstance(room, Rows)]
    return sum(len(room.buffer.shape) for room in found)


def promising(plan: Plan) -> For | None:
    """Return a loop that keeps something in each round of its inner loops, and was not tried."""
    for room in [*plan.kept.values(), *plan.expanded.values()]:
        if isinstance(room, Rows) and room.loops:
            loop = room.loops[0]
            deep = len(room.buffer.shape) >= _depth(loop)
            if deep and loop not in plan.tried and _is_possible(plan, loop):
                return loop
    return None


def _depth(loop: For) -> int:
    """Return how many loops are around the innermost statements of a loop, itself among them."""
    inner = [_depth(s) for s in statements(loop.body) if isinstance(s, For)]
    return 1 + max(inner, default=0)


def _is_possible(plan: Plan, loop: For) -> bool:
    facts = independence(loop, plan.flow, plan.aliases, plan.dependence)
    barred = loop in plan.unmergeable or loop in plan.backwards
    writes = bool(facts.stored or facts.incremented)
    return facts.holds and writes and not barred and not _is_read_behind(plan, loop)


def _is_read_behind(plan: Plan, loop: For) -> bool:
    """Say whether the adjoint as it was built reads what changes, of what follows a loop."""
    home, place, _ = plan.flow.parents[loop.body]
    for read in plan.reads:
        around = [(read.block, read.position)]
        around += [(block, position) for block, position, _ in plan.flow.ancestors(read.block)]
        if any(block is home and position > place for block, position in around):
            return True
    return False


def is_early(plan: Plan, loop: For) -> bool:
    """Say whether both sweeps of a loop should run at once although it writes into arrays."""
    return loop in plan.early or any(frame.loop in plan.early for frame in plan.stack)


def feeds(plan: Plan, loop: For) -> bool:
    """Say whether a loop reads what one writes whose adjoint waits for that of this one."""
    read = {root for s in statements(loop.body) for root in plan.aliases.touched(s)}
    return any(not read.isdisjoint(plan.aliases.writes[each]) for each in plan.early)


def may_come_first(plan: Plan, loop: For, facts: Independence) -> bool:
    """Say whether the adjoints so far could run in front of a loop, but for the numbers they need.

    An error that is raised behind the loop must come before what it guards.
    """
    outer, sofar = plan.top, plan.top.builder.statements
    if outer.head.statements or _is_undone(plan, loop, facts):
        return False
    following = Block(outer.block.statements[outer.position + 1 :])
    if sofar and any(isinstance(s, Guard) for s in statements(following)):
        return False
    inside = statements_of(Block(tuple(sofar)))
    if any(isinstance(s, MARKS) for s in inside):
        return False
    own = set(all_definitions(Block(tuple(sofar)))) | plan.shadow_roots.keys()
    return all(_is_ours(plan, s, own) for s in inside)


def _is_undone(plan: Plan, loop: For, facts: Independence) -> bool:
    """Say whether iterations give back what they have overwritten, though it is read behind."""
    outside = {*facts.stored, *facts.incremented}
    writes = (s for s in statements(loop.body) if isinstance(s, Store | Increment))
    return plan.final and any(
        s in plan.saves and plan.aliases.root(s.ref) in outside for s in writes
    )


def _is_ours(plan: Plan, statement: Statement, own: set[Value]) -> bool:
    """Say whether a statement reads and writes adjoints alone, and what never changes."""
    if isinstance(statement, Guard | Derive | While) or has_effect(statement):
        return False
    if isinstance(statement, Store | Increment) and statement.ref not in own:
        return False
    if asks(statement):
        return True
    arrays = [o for o in operands(statement) if isinstance(o, Value) and is_array(o)]
    return all(array in own or _never_changes(plan, array) for array in arrays)


def _never_changes(plan: Plan, array: Value) -> bool:
    return array in plan.flow.definitions and not plan.aliases.is_memory(array)
