"""Write out loops of a few iterations whose counters name elements of small arrays.

For a in range(2)                     b_0 = Call multiply(x_0, x_0)
    b = Call multiply(x', x')   ->    ...
    Store r[a] = b                    Store r[0] = b_0
                                      Store r[1] = b_1
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from srcdiff.ir.build import mapped
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import (
    all_definitions,
    blocks,
    clone,
    operands,
    rewrite,
    statements,
    substitute_block,
)
from srcdiff.transform.elements.choose import choose

MOST_TRIPS = 4
MOST_STATEMENTS = 100
"""How long an unrolled loop may be."""


def unroll(function: Function, spared: set[Value]) -> tuple[Function, set[Value]]:
    """Unroll the loops of `function` that keep small arrays from being taken apart.

    Return these arrays, too. Those that are `spared` are no reason for it.
    """
    loops = _short(function.body)
    if not loops:
        return function, set()
    wanted, reasons = _wanted(function, frozenset(loops), spared)
    while wanted:
        function, done = _innermost(function, wanted)
        wanted -= done
    return function, reasons


def _innermost(function: Function, wanted: frozenset[Value]) -> tuple[Function, frozenset[Value]]:
    """Unroll the loops that are wanted and hold no other one; return their counters, too."""
    found = [s for s in statements(function.body) if isinstance(s, For) and s.index in wanted]
    inner = frozenset(s.index for s in found if wanted.isdisjoint(all_definitions(s.body)))
    work = _Unroller(inner)
    body = substitute_block(rewrite(function.body, work.statement), work.mapping)
    results = tuple(mapped(result, work.mapping) for result in function.results)
    return replace(function, body=body, results=results), inner


def trips(loop: Statement) -> range | None:
    """Return the values of the counter of a loop, if these are known and no iteration is left."""
    if not isinstance(loop, For) or loop.leave is not None or loop.trips is not None:
        return None
    bounds = (loop.start, loop.stop, loop.step)
    if not all(isinstance(bound, Const) for bound in bounds):
        return None
    return range(*(int(bound.value) for bound in bounds))  # type: ignore[union-attr]


def _short(block: Block) -> dict[Value, For]:
    """Return the loops that are short enough, by counter."""
    found: dict[Value, For] = {}
    for statement in statements(block):
        counted = trips(statement)
        if isinstance(statement, For) and counted is not None and 0 < len(counted) <= MOST_TRIPS:
            if len(counted) * _length(statement.body) <= MOST_STATEMENTS:
                found[statement.index] = statement
    return found


def _length(block: Block) -> int:
    """Return the number of statements of a block with its short loops unrolled."""
    total = 0
    for statement in block.statements:
        counted = trips(statement)
        times = 1 if counted is None else max(len(counted), 1)
        total += 1 + times * sum(map(_length, blocks(statement)))
    return total


def _wanted(
    function: Function, counters: frozenset[Value], spared: set[Value]
) -> tuple[frozenset[Value], set[Value]]:
    """Return the counters that name elements of arrays which can be taken apart, and these."""
    chosen = choose(function, counters) - spared
    calls = {s.out: s for s in statements(function.body) if isinstance(s, Call)}
    found: set[Value] = set()
    reasons: set[Value] = set()
    for statement in statements(function.body):
        if not isinstance(statement, Load | Store | Increment | View):
            continue
        parts = [o for o in operands(statement) if not is_array(o)]
        used = _counters(parts, counters, calls) if statement.ref in chosen else set()
        found |= used
        reasons |= {statement.ref} if used else set()
    return frozenset(found), reasons


def _counters(
    operands: list[Operand], counters: frozenset[Value], calls: dict[Value, Call]
) -> set[Value]:
    """Return the counters that integers are computed from."""
    found: set[Value] = set()
    pending = list(operands)
    while pending:
        operand = pending.pop()
        if not isinstance(operand, Value):
            continue
        if operand in counters:
            found.add(operand)
        elif operand in calls:
            pending += calls[operand].args
    return found


@dataclass(eq=False)
class _Unroller:
    counters: frozenset[Value]
    mapping: dict[Value, Operand] = field(default_factory=dict)

    def statement(self, statement: Statement) -> Sequence[Statement]:
        counted = trips(statement)
        if isinstance(statement, For) and statement.index in self.counters and counted is not None:
            return self.unrolled(statement, counted)
        return [statement]

    def unrolled(self, loop: For, counted: range) -> list[Statement]:
        current = [entry.init for entry in loop.carried]
        written: list[Statement] = []
        for k in counted:
            inside: dict[Value, Operand] = {loop.index: Const(k, loop.index.type)}
            inside |= {e.phi: now for e, now in zip(loop.carried, current, strict=True)}
            written += clone(loop.body, inside).statements
            current = [mapped(entry.next, inside) for entry in loop.carried]
        for entry, last in zip(loop.carried, current, strict=True):
            self.mapping[entry.out] = mapped(last, self.mapping)
        return written
