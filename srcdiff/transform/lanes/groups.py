"""Part the body of a loop into groups of statements, each of which is run for all lanes at once.

    s = 0.0                                group: keep s = 0.0
    for a in range(d):                     for a in range(d):
        s += x[i, a] * c[a]        ->          group: s' = s + x[i, a] * c[a], keep s = s'
    y[i] = s                               group: y[i] = s

Loops, and branches that all lanes take alike, stay around groups. What is carried by such a loop,
or joined by such a branch, and differs from lane to lane, is kept in memory (`Keep`). So is what
one group defines and another one uses.

A group that reads or writes elements here and there is parted once more, since such a loop has no
vector code: what is gathered, what is computed, what is scattered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.ir.build import constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import all_definitions, blocks, definitions, operands, statements, values
from srcdiff.transform.lanes.study import Study

GATHER, COMPUTE, SCATTER = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Keep:
    """Keep `value` where the lanes read `key`."""

    key: Value
    value: Operand


Step = Statement | Keep


@dataclass(eq=False)
class Group:
    """Statements that one loop over the lanes runs."""

    steps: list[Step] = field(default_factory=list)

    def read(self) -> Iterator[Value]:
        """Iterate over the numbers that the steps read, and may define."""
        for step in self.steps:
            yield from values(_read(step))

    def defined(self) -> set[Value]:
        """Return the values that the steps define, those in branches as well."""
        found = [step for step in self.steps if not isinstance(step, Keep)]
        return set(all_definitions(Block(tuple(found))))


@dataclass(eq=False)
class Nest:
    """A loop, or a branch that all lanes take alike, around groups."""

    statement: For | If
    parts: tuple["list[Item]", ...]


Item = Statement | Group | Nest


def grouped(study: Study) -> "list[Item]":
    """Return the body of the loop in groups; the user's sums are added up behind them."""
    body = [s for s in study.loop.body.statements if s not in study.strict]
    items = _parted(study, body)
    return [*items, Group([*study.strict])] if study.strict else items


def groups(items: Sequence[Item]) -> Iterator[Group]:
    """Iterate over all groups, those in nests as well."""
    for item in items:
        if isinstance(item, Group):
            yield item
        elif isinstance(item, Nest):
            for part in item.parts:
                yield from groups(part)


def nests(items: Sequence[Item]) -> Iterator[Nest]:
    """Iterate over all nests, those in nests as well."""
    for item in items:
        if isinstance(item, Nest):
            yield item
            for part in item.parts:
                yield from nests(part)


def _parted(study: Study, steps: Sequence[Step]) -> "list[Item]":
    """Return statements of one block in groups, between nests.

    What is the same for all lanes is done before the group that it stands in: it reads nothing that
    lanes write.
    """
    items: list[Item] = []
    waiting: list[Step] = []

    def flush() -> None:
        items.extend(_phases(study, waiting))
        waiting.clear()

    for step in steps:
        if isinstance(step, If) and study.in_lanes(step):
            waiting += _flat(study, step)
        elif isinstance(step, Keep) or study.in_lanes(step):
            waiting.append(step)
        elif isinstance(step, For | If) and study.holds_lanes(step):
            waiting += _before(study, step)
            flush()
            items.append(_nest(study, step))
        else:
            if isinstance(step, Store):
                flush()
            assert not isinstance(step, While)
            items.append(step)
    flush()
    return items


def _before(study: Study, statement: For | If) -> list[Keep]:
    if isinstance(statement, If):
        return []
    return [Keep(e.phi, e.init) for e in statement.carried if e.phi in study.varying]


def _nest(study: Study, statement: For | If) -> Nest:
    if isinstance(statement, For):
        kept = [Keep(e.phi, e.next) for e in statement.carried if e.phi in study.varying]
        return Nest(statement, (_parted(study, [*statement.body.statements, *kept]),))
    joins = [join for join in statement.joins if join.out in study.varying]
    then = [Keep(join.out, join.then) for join in joins]
    orelse = [Keep(join.out, join.orelse) for join in joins]
    parts = ((statement.then, then), (statement.orelse, orelse))
    return Nest(statement, tuple(_parted(study, [*b.statements, *kept]) for b, kept in parts))


# ---- gather, compute, scatter ----


def _phases(study: Study, steps: Sequence[Step]) -> list[Group]:
    """Part a group where elements are read or written here and there.

    What is kept for the next round is kept last, since it takes the place of what was kept before.
    """
    order = _Order(study)
    phases: dict[int, Group] = {}
    kept = [step for step in steps if isinstance(step, Keep)]
    for step in steps:
        if not isinstance(step, Keep):
            phases.setdefault(order.phase(step), Group()).steps.append(step)
    if kept:
        phases.setdefault(max(phases, default=0), Group()).steps.extend(kept)
    return [part for phase in sorted(phases) for part in _apart(study, phases[phase])]


def _apart(study: Study, group: Group) -> list[Group]:
    """Give each sum into neighbours of the lanes' own elements a loop of its own.

    Two of them in one loop would meet, so that it had no vector code.
    """
    alone = [s for s in group.steps if _is_shifted(study, s)]
    rest = [s for s in group.steps if s not in alone]
    return [Group(steps) for steps in (rest, *([s] for s in alone)) if steps]


def _is_shifted(study: Study, step: Step) -> bool:
    return isinstance(step, Increment) and study.is_shifted(step)


@dataclass(eq=False)
class _Order:
    """Which phase each step can be in at the earliest; the kinds of phases take turns."""

    study: Study
    made: dict[Value, int] = field(default_factory=dict)
    read: dict[Value, int] = field(default_factory=dict)
    written: dict[Value, int] = field(default_factory=dict)

    def phase(self, step: Statement) -> int:
        kind = self.kind(step)
        touched = list(self.touched(step))
        earliest = max((self.made.get(v, 0) for v in values(_read(step))), default=0)
        for ref, writes in touched:
            earliest = max(earliest, self.written.get(ref, 0))
            if writes:
                earliest = max(earliest, self.read.get(ref, 0))
        phase = earliest if kind is None else earliest + (kind - earliest) % 3
        self.made.update((value, phase) for value in definitions(step))
        for ref, writes in touched:
            (self.written if writes else self.read)[ref] = phase
        return phase

    def kind(self, step: Statement) -> int | None:
        """Return the phase that a step belongs to; None: to that of what it uses."""
        match step:
            case Call(out=out) if out.type.dtype.kind in "iu" or self.chooses(out):
                return None
            case Load():
                return GATHER if self.study.is_scattered(step) else COMPUTE
        writes = [s for s in _within(step) if isinstance(s, Store | Increment)]
        apart = any(self.study.is_scattered(s) or self.study.is_shifted(s) for s in writes)
        return SCATTER if apart else COMPUTE

    def chooses(self, value: Value) -> bool:
        """Say whether a condition is there for nothing but choices between integers."""
        uses = [use.statement for use in self.study.flow.uses.get(value, [])]
        between = (isinstance(s, Call) and s.out.type.dtype.kind in "iu" for s in uses)
        return value.type.dtype.kind == "b" and bool(uses) and all(between)

    def touched(self, step: Statement) -> Iterator[tuple[Value, bool]]:
        """Iterate over the arrays that a step reads, or writes (True), in an order that counts."""
        for each in _within(step):
            if isinstance(each, Load | Store | Increment):
                summed = isinstance(each, Increment) and not self.study.is_own(each)
                if not summed:
                    yield self.study.aliases.root(each.ref), not isinstance(each, Load)


def _within(step: Statement) -> Iterator[Statement]:
    """Iterate over a statement and those in branches of it."""
    yield step
    for block in blocks(step):
        yield from statements(block)


def _read(step: Step) -> tuple[Operand, ...]:
    """Return what a step reads, in the branches of it as well."""
    if isinstance(step, Keep):
        return (step.value,)
    return tuple(o for s in _within(step) for o in operands(s) if not is_array(o))


# ---- branches ----


def _flat(study: Study, branch: If) -> list[Statement]:
    """Return both sides of a branch, and a choice between them, if it only computes and adds.

    What is computed has neither effects nor errors, and a call of ours that not all lanes make has
    no vector code. What is not to be added is 0.
    """
    sides = [(branch.then, True), (branch.orelse, False)]
    flat = [(_flat_block(study, block), first) for block, first in sides]
    if not all(_is_free(study, s) for found, _ in flat for s in found):
        return [branch]
    choices: list[Statement] = [
        Call(j.out, np.where, (branch.condition, j.then, j.orelse), (), branch.origin)
        for j in branch.joins
    ]
    result: list[Statement] = []
    for found, first in flat:
        for statement in found:
            if not isinstance(statement, Increment):
                result.append(statement)
                continue
            type = Scalar(statement.ref.type.dtype)
            value = Value("_t", type)
            zero = constant(0, type)
            pair = (statement.value, zero) if first else (zero, statement.value)
            result.append(Call(value, np.where, (branch.condition, *pair), (), statement.origin))
            choices.append(replace(statement, value=value))
            study.varying.add(value)
    return [*result, *choices]


def _flat_block(study: Study, block: Block) -> list[Statement]:
    result: list[Statement] = []
    for statement in block.statements:
        result += _flat(study, statement) if isinstance(statement, If) else [statement]
    return result


def _is_free(study: Study, statement: Statement) -> bool:
    """Say whether a statement may be done also where its branch is not taken."""
    if not isinstance(statement, Increment):
        return isinstance(statement, Call)
    return not study.is_own(statement) and study.exists(statement)
