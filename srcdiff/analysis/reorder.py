"""May the iterations of a loop run side by side, each part of its body for all of them at once?

    For j                                 For j
        t = Load b[i, j]                      t[j] = Load b[i, j]
        For k                                 For k
            Increment c[k, j] += t    ->          For j
                                                      Increment c[k, j] += t[j]

The body is *parts*: loops without loops in them, and what stands between. Then a part runs before
an earlier part of a later iteration did, and in a loop each of its rounds is run for all iterations
before the next round. That is right if no two accesses whose order is turned around meet, or
both add to sums of adjoints, which have no order. What an iteration makes for itself meets nothing
of another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.dependence import Access, Dependence, ahead, dependence_of
from srcdiff.analysis.linear import Linear
from srcdiff.analysis.memory import Memory
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    For,
    Function,
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
from srcdiff.ir.walk import asks, blocks, has_effect, operands, statements

Part = For | tuple[Statement, ...]
"""A loop, or what stands between loops."""


@dataclass(frozen=True, eq=False)
class Touch:
    """An access of a statement to elements of a class."""

    statement: Load | Store | Increment
    access: Access

    @property
    def writes(self) -> bool:
        return not isinstance(self.statement, Load)

    @property
    def is_sum(self) -> bool:
        """Say whether it adds to an adjoint."""
        adjoint = self.statement.origin.sweep == "adjoint"
        return adjoint and isinstance(self.statement, Increment)


def parts(loop: For) -> list[Part] | None:
    """Return the parts of the body of a loop; None: it has no loops, or others than those here."""
    if not is_counted(loop) or not any(isinstance(s, For) for s in loop.body.statements):
        return None
    found: list[Part] = []
    for statement in loop.body.statements:
        if isinstance(statement, For):
            if not is_counted(statement) or not is_flat(statement):
                return None
            found.append(statement)
        elif not is_element_wise(statement) and not isinstance(statement, Alloc):
            return None
        elif found and isinstance(found[-1], tuple):
            found[-1] = (*found[-1], statement)
        else:
            found.append((statement,))
    return found


def used(part: Part | Statement) -> set[Operand]:
    """Return what the statements of a part read, and those in them."""
    return {operand for each in everything(part) for operand in operands(each)}


def everything(part: Part | Statement) -> Iterator[Statement]:
    """Iterate over the statements of a part, and those in them."""
    for statement in part if isinstance(part, tuple) else (part,):
        yield statement
        for block in blocks(statement):
            yield from statements(block)


def is_flat(loop: For) -> bool:
    """Say whether a loop has no loops in it, and nothing else that concerns more than elements."""
    return all(map(is_element_wise, loop.body.statements))


def is_counted(loop: For) -> bool:
    """Say whether a loop counts by 1, up or down, to its end."""
    step = loop.step.value if isinstance(loop.step, Const) else 0
    return step in (1, -1) and loop.leave is None and loop.trips is None


def is_element_wise(statement: Statement) -> bool:
    """Say whether a statement, or a branch, is made of numbers and elements of arrays."""
    match statement:
        case Load():
            return True
        case Store(indices=indices, value=value) | Increment(indices=indices, value=value):
            return bool(indices) and not is_array(value)
        case Call(out=out, args=args):
            if asks(statement):
                return True
            return not any(map(is_array, (out, *args))) and not has_effect(statement)
        case If():
            return all(is_element_wise(s) for block in blocks(statement) for s in block.statements)
    return False


@dataclass(eq=False)
class Reordering:
    """Answers about one function."""

    flow: Dataflow
    memory: Memory
    dependence: Dependence = field(init=False)

    def __post_init__(self) -> None:
        self.dependence = dependence_of(self.flow)

    def holds(self, loop: For, found: list[Part]) -> bool:
        """Say whether the iterations of `loop` may run side by side."""
        own = {s.out for s in loop.body.statements if isinstance(s, Alloc)}
        every = (self.touches(loop, part) for part in found)
        touched = [[t for t in each if t.statement.ref not in own] for each in every]
        for k, part in enumerate(found):
            turned = self.back(part) if isinstance(part, For) else None
            if turned is not None and not self.may_turn(loop, touched[k], touched[k], turned):
                return False
            if not all(self.may_turn(loop, touched[k], earlier, ()) for earlier in touched[:k]):
                return False
        return True

    def back(self, loop: For) -> tuple[Linear, ...]:
        """Return what holds where an earlier iteration is at a later round of an inner loop."""
        assert isinstance(loop.step, Const)
        return (ahead(loop.index, -loop.step.value),)

    def may_turn(
        self, loop: For, first: list[Touch], second: list[Touch], more: tuple[Linear, ...]
    ) -> bool:
        """Say whether `second` of a later iteration may come before `first` of an earlier one."""
        return all(self.are_apart(loop, one, other, more) for one in first for other in second)

    def are_apart(
        self, loop: For | While | None, one: Touch, other: Touch, more: tuple[Linear, ...] = ()
    ) -> bool:
        """Say whether two accesses have no order, `one` being in an earlier iteration of `loop`."""
        if not (one.writes or other.writes) or (one.is_sum and other.is_sum):
            return True
        root = self.memory.root(one.statement.ref)
        if root is not self.memory.root(other.statement.ref):
            return True
        if root in self.memory.bound:
            return False
        return not self.dependence.meet(one.access, other.access, loop, more)

    def never_meet(self, loop: For, one: Touch, other: Touch) -> bool:
        """Say whether two accesses have no order, in whichever iterations of `loop` they are."""
        if not self.are_apart(None, one, other):
            return False
        return self.are_apart(loop, one, other) and self.are_apart(loop, other, one)

    def may_precede(self, one: Touch, other: Touch, outermost: For | None = None) -> bool:
        """Say whether `one` may touch an element before `other` does, and one of them writes it.

        With a loop around both, that is asked of each of its runs alone.
        """
        around = self.dependence.loops(other.access.block)
        common = [s for s in self.dependence.loops(one.access.block) if s in around]
        if outermost is not None:
            common = common[: common.index(outermost) + 1]
        if any(not self.are_apart(loop, one, other) for loop in common):
            return True
        follows = self.dependence.precedes(one.access, other.access)
        return follows and not self.are_apart(None, one, other)

    def touches(self, loop: For, part: Part) -> Iterator[Touch]:
        """Iterate over the accesses of a part."""
        block = part.body if isinstance(part, For) else loop.body
        inside = part.body.statements if isinstance(part, For) else part
        yield from touches(block, inside)


def touches(block: Block, inside: tuple[Statement, ...]) -> Iterator[Touch]:
    """Iterate over the accesses of statements of a block, and of those in them."""
    places = {statement: position for position, statement in enumerate(block.statements)}
    for statement in inside:
        if isinstance(statement, Load | Store | Increment):
            access = Access(statement.ref, statement.indices, block, places[statement])
            yield Touch(statement, access)
        for inner in blocks(statement):
            yield from touches(inner, inner.statements)


def accesses(function: Function, known: Memory, array: Value) -> list[Touch] | None:
    """Return the accesses of elements of the class of an array; None: something else writes it."""
    root = known.root(array)
    for statement in statements(function.body):
        is_write = not blocks(statement) and root in known.writes(statement)
        if is_write and not isinstance(statement, Store | Increment):
            return None
    every = touches(function.body, function.body.statements)
    return [touch for touch in every if known.root(touch.statement.ref) is root]
