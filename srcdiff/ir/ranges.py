"""Live ranges of values in the printed text, for names that several values share.

Each printed statement is a position p: it reads at the point 2p and writes at 2p + 1. A loop has
positions for the copies before it, its header (the condition of a `While`), the copies at the end
of its body, `leave`, and the copies after it; a branch for its condition and for the copies at the
end of each side.

    live before = read | (live after - written)          along the text, backwards
    a value from outside a loop that is read in it is live until the end of the loop
    a phi is live from the copies at the end of the body to the end of the loop
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from typing_extensions import assert_never

from srcdiff.ir.nesting import Nesting
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Derive,
    For,
    Function,
    Guard,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    While,
)
from srcdiff.ir.walk import definitions, operands

Segment = tuple[int, int]


@dataclass(eq=False)
class Ranges:
    """`segments` are ascending, ends included; `home` is the innermost block of a definition."""

    segments: dict[Value, list[Segment]] = field(default_factory=dict)
    home: dict[Value, Block] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _LoopMarks:
    before: int
    header: int
    held: int
    end: int
    leave: int
    after: int


@dataclass(eq=False)
class _Positions:
    """Positions of printed statements, and of definitions, in the order of the text."""

    nesting: Nesting
    ranges: Ranges
    defined: dict[Value, int] = field(default_factory=dict)
    simple: dict[Statement, int] = field(default_factory=dict)
    branches: dict[If, tuple[int, int, int]] = field(default_factory=dict)
    loops: dict[For | While, _LoopMarks] = field(default_factory=dict)
    next: int = 0

    def take(self) -> int:
        self.next += 1
        return self.next - 1

    def define(self, values: Iterable[Value], position: int, block: Block) -> None:
        for value in values:
            self.defined[value] = position
            self.ranges.home[value] = block

    def block(self, block: Block) -> None:
        for statement in block.statements:
            match statement:
                case If(then=then, orelse=orelse):
                    condition = self.take()
                    self.block(then)
                    middle = self.take()
                    self.block(orelse)
                    self.branches[statement] = (condition, middle, self.take())
                    self.define(definitions(statement), self.next - 1, block)
                case For() | While():
                    self.loop(statement, block)
                case _:
                    outs = definitions(statement)
                    if outs and outs[0] in self.nesting.inside:
                        continue
                    self.simple[statement] = self.take()
                    self.define(outs, self.next - 1, block)

    def loop(self, loop: For | While, block: Block) -> None:
        before = self.take()
        self.define((entry.phi for entry in loop.carried), before, loop.body)
        if loop.trips is not None:
            self.define((loop.trips,), before, block)
        if isinstance(loop, While):
            self.block(loop.head)
        header = self.take()
        if isinstance(loop, For):
            self.define((loop.index,), header, loop.body)
        self.block(loop.body)
        held, end, leave, after = (self.take() for _ in range(4))
        if loop in self.nesting.held:
            self.define((self.nesting.held[loop],), held, loop.body)
        self.define((entry.out for entry in loop.carried), after, block)
        self.loops[loop] = _LoopMarks(before, header, held, end, leave, after)


@dataclass(eq=False)
class _Liveness:
    """The backward walk: `live` maps a live value to the last point where it is needed.

    `frames` holds, for the function and for each open side of a branch, the values that became live
    in it; `loops` holds the first position, the last point and the frame of each open loop.
    """

    nesting: Nesting
    positions: _Positions
    ranges: Ranges
    live: dict[Value, int] = field(default_factory=dict)
    frames: list[list[Value]] = field(default_factory=lambda: [[]])
    loops: list[tuple[int, int, int]] = field(default_factory=list)

    def use(self, items: Iterable[Operand], position: int) -> None:
        for item in items:
            for leaf in self.nesting.leaves(item):
                self._use(leaf, 2 * position)

    def _use(self, value: Value, point: int) -> None:
        if value in self.live:
            return
        frame = len(self.frames) - 1
        for start, last, outside in self.loops:
            if self.positions.defined[value] < start:
                point, frame = last, outside
                break
        self.live[value] = point
        self.frames[frame].append(value)

    def define(self, value: Value, position: int) -> None:
        point = 2 * position + 1
        self._segment(value, point, self.live.pop(value, point))

    def _segment(self, value: Value, first: int, last: int) -> None:
        self.ranges.segments.setdefault(value, []).append((first, last))

    def block(self, block: Block) -> None:
        for statement in reversed(block.statements):
            match statement:
                case If():
                    self._branch(statement)
                case For() | While():
                    self._loop(statement)
                case (
                    Call() | Alloc() | View() | Load() | Store() | Increment() | Guard() | Derive()
                ):
                    position = self.positions.simple.get(statement)
                    if position is not None:
                        for out in definitions(statement):
                            self.define(out, position)
                        self.use(operands(statement), position)
                case _:
                    assert_never(statement)

    def _branch(self, statement: If) -> None:
        condition, middle, end = self.positions.branches[statement]
        joins = [join for join in statement.joins if join.out in self.nesting.used]
        for join in joins:
            # What is live where the first side ends is live where the second one ends, too.
            self.define(join.out, end)
        orelse, then = [join.orelse for join in joins], [join.then for join in joins]
        needed = self._side(statement.orelse, orelse, end, 2 * middle + 2)
        needed += self._side(statement.then, then, middle, 2 * condition + 1)
        self.use((*needed, statement.condition), condition)

    def _side(self, block: Block, sides: list[Operand], end: int, first: int) -> list[Value]:
        """Walk one side, and return the values that it needs and that are not needed after it."""
        self.frames.append([])
        self.use(sides, end)
        self.block(block)
        needed = [value for value in self.frames.pop() if value in self.live]
        for value in needed:
            self._segment(value, first, self.live.pop(value))
        return needed

    def _loop(self, loop: For | While) -> None:
        marks = self.positions.loops[loop]
        used = self.nesting.used
        carried = [entry for entry in loop.carried if entry.phi in used]
        outs = [entry for entry in carried if entry.out in used]
        for entry in outs:
            self.define(entry.out, marks.after)
        self.loops.append((marks.before, 2 * marks.after, len(self.frames) - 1))
        self._end_of_body(loop, marks, carried)
        self.block(loop.body)
        if isinstance(loop, For):
            self.define(loop.index, marks.header)
            self.use((entry.phi for entry in outs), marks.header)
        else:
            self.use((loop.condition, *(entry.phi for entry in outs)), marks.header)
            self.block(loop.head)
        self.loops.pop()
        for entry in carried:
            self.define(entry.phi, marks.before)
        if loop.trips is not None and loop.trips in used:
            last = self.live.pop(loop.trips, 2 * marks.after)
            self._segment(loop.trips, 2 * marks.before + 1, last)
        if isinstance(loop, For):
            self.use((loop.start, loop.stop, loop.step), marks.header)
        self.use((entry.init for entry in carried), marks.before)

    def _end_of_body(self, loop: For | While, marks: _LoopMarks, carried: list[Carried]) -> None:
        for entry in carried:
            self._segment(entry.phi, 2 * marks.end + 1, 2 * marks.after)
        held = self.nesting.held.get(loop)
        if loop.leave is not None:
            self.use((loop.leave if held is None else held,), marks.leave)
        self.use((entry.next for entry in carried), marks.end)
        if held is not None and loop.leave is not None:
            self.define(held, marks.held)
            self.use((loop.leave,), marks.held)


def live_ranges(function: Function, nesting: Nesting) -> Ranges:
    """Return where in the text each named value is needed."""
    ranges = Ranges()
    positions = _Positions(nesting, ranges)
    positions.define(function.params, -1, function.body)
    positions.block(function.body)
    liveness = _Liveness(nesting, positions, ranges)
    liveness.use(function.results, positions.next)
    liveness.block(function.body)
    for param in function.params:
        liveness.define(param, -1)
    for segments in ranges.segments.values():
        segments.sort()
    return ranges
