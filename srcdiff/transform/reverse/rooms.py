"""Room for what is kept: rows of an array indexed by loop counters, a slot, or a tape that grows.

Rows serve where the loops inside the region are counted on entry and their counters have bounds
that are known before the outermost of them. A slot serves what stands in branches only. The rest
goes to a tape: pushes and pops, made into SSA by `transform.reverse.tapes`.
"""

from collections.abc import Callable

import numpy as np

from srcdiff.analysis.dataflow import Definition
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    NOWHERE,
    Block,
    Call,
    Const,
    For,
    If,
    Index,
    Item,
    Operand,
    Origin,
    Slice,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.types import Array
from srcdiff.transform.reverse.plan import Frame, Plan, Rows

FULL = Slice(None, None, None)


def around(plan: Plan, block: Block, region: Frame) -> list[Statement]:
    """Return the statements between `region` and `block`, outermost first."""
    result = []
    for outer, _, statement in plan.flow.ancestors(block):
        if block is region.block:
            break
        result.append(statement)
        block = outer
    return result[::-1]


def make_rows(
    plan: Plan,
    block: Block,
    region: Frame,
    like: Value,
    name: str,
    note: str,
    late: int = 0,
) -> Rows | None:
    """Return room for `like` in each iteration of the loops around `block`, if that is possible.

    There is room for numbers that are `late` as well.
    """
    statements = around(plan, block, region)
    loops = [s for s in statements if isinstance(s, For | While)]
    if not loops:
        return None
    bounds = Bounds(plan, region, region.preparing(statements[0]))
    extents: list[Operand] = []
    lows: list[Operand] = []
    for loop in loops:
        interval = bounds.interval(loop)
        if interval is None:
            return None
        lows.append(interval[0])
        extents.append(interval[1])
    extents[-1] = bounds.builder.fold(np.add, extents[-1], integer(late))
    if not all(map(bounds.is_fixed, like.shape)):
        return None
    shape = (*extents, *like.shape)
    bounds.builder.origin = Origin(note=note)
    buffer = bounds.builder.alloc(shape, like.type.dtype, None, name)
    bounds.builder.origin = NOWHERE
    counted = tuple(loop for loop in loops if isinstance(loop, For))
    return Rows(buffer, counted, tuple(lows), late)


def has_rows(plan: Plan, block: Block, region: Frame) -> bool:
    """Say whether numbers of `block` can be kept in rows."""
    bounds = Bounds(plan, region, Builder())
    loops = [s for s in around(plan, block, region) if isinstance(s, For | While)]
    return all(bounds.interval(loop) is not None for loop in loops)


def rows_possible(plan: Plan, block: Block, region: Frame) -> bool:
    """Say whether everything in `block` could be kept in rows, loops inside it included."""
    bounds = Bounds(plan, region, Builder())
    return has_rows(plan, block, region) and _inner_possible(block, bounds)


def _inner_possible(block: Block, bounds: "Bounds") -> bool:
    for statement in block.statements:
        match statement:
            case For(body=body):
                if bounds.interval(statement) is None or not _inner_possible(body, bounds):
                    return False
            case While():
                return False
            case If(then=then, orelse=orelse):
                if not (_inner_possible(then, bounds) and _inner_possible(orelse, bounds)):
                    return False
    return True


def row_index(
    builder: Builder, rows: Rows, counter: Callable[[Value], Operand], late: int = 0
) -> tuple[Operand, ...]:
    """Return the index of the present iteration, or of one that is so many iterations earlier."""
    *outer, last = (
        builder.fold(np.subtract, counter(loop.index), low, name="_k")
        for loop, low in zip(rows.loops, rows.lows, strict=True)
    )
    shift = late if is_constant(rows.loops[-1].step, -1) else rows.late - late
    return (*outer, builder.fold(np.add, last, integer(shift), name="_k"))


def row_view(
    builder: Builder, rows: Rows, index: tuple[Operand, ...], shape: tuple[Operand, ...], name: str
) -> Value:
    """Return the row of the present iteration as a view."""
    items: list[Item] = [*index, *[FULL] * len(shape)]
    type = Array(rows.buffer.type.dtype, len(shape))
    return builder.view(rows.buffer, Index(tuple(items)), type, shape, name)


class Bounds:
    """Bounds of integers by operands that are known in front of a statement of a region."""

    def __init__(self, plan: Plan, region: Frame, builder: Builder) -> None:
        self.plan = plan
        self.region = region
        self.builder = builder

    def is_fixed(self, operand: Operand) -> bool:
        """Say whether an operand is known in front of the region's loops."""
        if isinstance(operand, Const):
            return True
        definition = self.plan.flow.definitions[operand]
        return self._outside(definition)

    def _outside(self, definition: Definition) -> bool:
        block = definition.block
        if block is self.region.block:
            return definition.kind != "simple" or self._before(definition)
        enclosing = {outer for outer, _, _ in self.plan.flow.ancestors(self.region.block)}
        return block in enclosing

    def _before(self, definition: Definition) -> bool:
        return definition.position < self.region.position

    def interval(self, loop: For | While) -> tuple[Operand, Operand] | None:
        """Return the least counter and the number of counters from there, if they are known."""
        if not isinstance(loop, For) or loop.leave is not None or not isinstance(loop.step, Const):
            return None
        first, last = (loop.start, loop.stop) if loop.step.value > 0 else (loop.stop, loop.start)
        low, high = self.low(first), self.high(last)
        if low is None or high is None:
            return None
        add, fold = np.add, self.builder.fold
        if loop.step.value < 0:
            low, high = fold(add, low, integer(1)), fold(add, high, integer(1))
        if isinstance(low, Const) and low.value >= 0:
            low = integer(0)
        count = fold(np.subtract, high, low)
        return low, self._clamped(count)

    def _clamped(self, count: Operand) -> Operand:
        if isinstance(count, Value) and self._is_extent(count):
            return count
        return self.builder.fold(max, count, integer(0))

    def _is_extent(self, value: Value) -> bool:
        definition = self.plan.flow.definitions.get(value)
        statement = definition.statement if definition is not None else None
        return isinstance(statement, Call) and statement.function is np.shape

    def low(self, operand: Operand) -> Operand | None:
        return self.bound(operand, upper=False)

    def high(self, operand: Operand) -> Operand | None:
        return self.bound(operand, upper=True)

    def bound(self, operand: Operand, *, upper: bool) -> Operand | None:
        """Return a bound of an integer, None if there is none."""
        if isinstance(operand, Const) or self.is_fixed(operand):
            return operand
        definition = self.plan.flow.definitions[operand]
        match definition.statement:
            case For(index=index, step=Const(value=step)) as loop if operand is index:
                return self._of_index(loop, step, upper=upper)
            case Call(function=function, args=(left, right)) if not is_array(operand):
                return self._of_call(function, left, right, upper=upper)
        return None

    def _of_index(self, loop: For, step: int, *, upper: bool) -> Operand | None:
        if (step > 0) != upper:
            return self.bound(loop.start, upper=upper)
        end = self.bound(loop.stop, upper=upper)
        return (
            None
            if end is None
            else self.builder.fold(np.subtract if upper else np.add, end, integer(1))
        )

    def _of_call(
        self, function: object, left: Operand, right: Operand, *, upper: bool
    ) -> Operand | None:
        if function in (np.add, max, min):
            sides = [self.bound(side, upper=upper) for side in (left, right)]
        elif function is np.subtract:
            sides = [self.bound(left, upper=upper), self.bound(right, upper=not upper)]
        elif function in (np.multiply, np.floor_divide) and is_constant(right) and right.value > 0:  # type: ignore[union-attr]
            sides = [self.bound(left, upper=upper), right]
        else:
            return None
        if sides[0] is None or sides[1] is None:
            return None
        return self.builder.fold(function, sides[0], sides[1])
