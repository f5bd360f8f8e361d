"""Move guards up to where what they ask is known.

    v = Call subtract(x, y)                   Guard n >= 3
    If test                                   v = Call subtract(x, y)
        Guard n >= 3                          If test
        ...                           ->          ...
    else                                      else
        Guard n >= 3                              ...
        ...

What a guard says of extents then holds for more of the statements. The same errors are raised, in
the same order: a guard passes nothing that somebody sees, and no other guard. One that stands in
both branches, or in a loop that surely runs, moves out of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.memory import Memory, is_error, memory
from srcdiff.ir.build import PREDICATES
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    Derive,
    For,
    Function,
    Guard,
    If,
    Operand,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.walk import (
    blocks,
    changing,
    definitions,
    has_effect,
    map_blocks,
    operands,
    statements,
    values,
)
from srcdiff.transform.fusion.scalars import is_elementwise

SAFE = PREDICATES | {np.shape, np.add, np.subtract, np.multiply, max, min}
"""Functions of extents that can run earlier than where they stand."""
DIVISIONS = frozenset({np.floor_divide, np.remainder})
"""Functions of integers that may raise an error."""


def advance(function: Function) -> Function:
    """Move the guards of `function` up as far as they can go."""
    if not any(isinstance(s, Guard) for s in statements(function.body)):
        return function
    work = Advancer(memory(function))
    return replace(function, body=Block(tuple(work.block(function.body))))


@dataclass(eq=False)
class Advancer:
    memory: Memory
    calls: dict[Value, Call] = field(default_factory=dict)

    def block(self, block: Block) -> list[Statement]:
        done: list[Statement] = []
        floor = 0
        for statement in block.statements:
            for each in self.statement(statement):
                if isinstance(each, Guard):
                    floor = _insert(done, each, floor)
                    continue
                done.append(each)
                if self.is_seen(each):
                    floor = len(done)
        return done

    def statement(self, statement: Statement) -> list[Statement]:
        """Return a statement after the guards that move out of it."""
        if isinstance(statement, Call):
            self.calls[statement.out] = statement
        inner = [self.block(block) for block in blocks(statement)]
        moved: list[Statement] = []
        if isinstance(statement, If):
            moved = self.out_of_branches(*inner)
        elif isinstance(statement, For) and _surely_runs(statement):
            own = changing(statement)
            moved = self.out_of_loop(inner[0], own)
        parts = iter(Block(tuple(part)) for part in inner)
        return [*moved, map_blocks(statement, lambda _: next(parts))]

    def out_of_branches(self, then: list[Statement], orelse: list[Statement]) -> list[Statement]:
        moved: list[Statement] = []
        while True:
            one, other = _first_guard(then), _first_guard(orelse)
            if one is None or other is None:
                return moved
            left, right = then[one], orelse[other]
            if self.key(left, then[:one]) != self.key(right, orelse[:other]):
                return moved
            moved += then[: one + 1]
            del then[: one + 1], orelse[other]

    def out_of_loop(self, body: list[Statement], own: set[Value]) -> list[Statement]:
        moved: list[Statement] = []
        while (first := _first_guard(body)) is not None:
            chain = _chain(body[:first], body[first])
            free = own.difference(s.out for s in chain if isinstance(s, Call))
            if any(o in free for s in (*chain, body[first]) for o in operands(s)):
                break
            moved += [*chain, body[first]]
            taken = {*chain, body[first]}
            body[:] = [s for s in body if s not in taken]
            own = free
        return moved

    def key(self, guard: Statement, inside: Sequence[Statement]) -> object:
        """Return what is equal for guards that ask and say the same."""
        assert isinstance(guard, Guard)
        local = {s.out for s in inside if isinstance(s, Call)}
        return guard.error, guard.message, self.term(guard.condition, local)

    def term(self, operand: Operand, local: set[Value]) -> Any:
        if isinstance(operand, Const):
            return repr(operand.value), operand.type.dtype
        if operand not in local:
            return operand
        call = self.calls[operand]
        return call.function, call.static, *(self.term(arg, local) for arg in call.args)

    def is_seen(self, statement: Statement) -> bool:
        """Say whether somebody sees that a statement runs, or that it does not end."""
        if is_error(statement) or not self.memory.callers.isdisjoint(self.memory.writes(statement)):
            return True
        nested = (s for block in blocks(statement) for s in statements(block))
        return any(_is_special(s) for s in (statement, *nested))


def _is_special(statement: Statement) -> bool:
    """Say whether a statement does more than compute: it may raise an error, too."""
    if not isinstance(statement, Call):
        return isinstance(statement, Derive | While)
    function = statement.function
    if function in DIVISIONS:
        return statement.out.type.dtype.kind in "iu"
    known = function in SAFE or function in (np.sum, np.matmul) or is_elementwise(function)
    return has_effect(statement) or not known


def _is_movable(statement: Statement) -> bool:
    if not isinstance(statement, Call) or is_array(statement.out):
        return False
    if statement.function not in SAFE or statement.out.type.dtype.kind not in "iub":
        return False
    return statement.function is np.shape or not any(map(is_array, statement.args))


def _first_guard(done: list[Statement]) -> int | None:
    """Return the place of a guard that a block begins with, but for what the guard asks."""
    for place, statement in enumerate(done):
        if isinstance(statement, Guard):
            return place
        if not _is_movable(statement):
            return None
    return None


def _chain(before: Sequence[Statement], guard: Statement) -> list[Statement]:
    """Return the movable statements that compute what a guard asks, in order."""
    needed = set(values(operands(guard)))
    chain: list[Statement] = []
    for statement in reversed(before):
        if _is_movable(statement) and not needed.isdisjoint(definitions(statement)):
            chain.append(statement)
            needed.update(values(operands(statement)))
    return chain[::-1]


def _insert(done: list[Statement], guard: Guard, floor: int) -> int:
    """Put a guard, with what computes its condition, as early as `floor` allows; return the end."""
    chain = _chain(done[floor:], guard)
    taken = set(chain)
    needed = {o for s in (*chain, guard) for o in values(operands(s))}
    place = floor
    for k, statement in enumerate(done[floor:], floor):
        if statement not in taken and not needed.isdisjoint(definitions(statement)):
            place = k + 1
    rest = [s for s in done[place:] if s not in taken]
    early = [s for s in done[place:] if s in taken]
    done[place:] = [*early, guard, *rest]
    return place + len(early) + 1


def _surely_runs(loop: For) -> bool:
    bounds = (loop.start, loop.stop, loop.step)
    if not all(isinstance(bound, Const) for bound in bounds):
        return False
    return bool(range(*(bound.value for bound in bounds)))  # type: ignore[union-attr]
