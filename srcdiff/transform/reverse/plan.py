"""The state of a reverse-mode construction: the blocks being reversed, and what is kept."""

from dataclasses import dataclass, field
from typing import Literal

from srcdiff.analysis.activity import Activity
from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow, Definition
from srcdiff.analysis.dependence import Access, Dependence
from srcdiff.analysis.smooth import Smoothness
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Block,
    Carried,
    For,
    Function,
    Item,
    Operand,
    Origin,
    Slice,
    Statement,
    Value,
    While,
)

ADJOINT = Origin(sweep="adjoint")


class NotForwards(Exception):
    """A loop that was to be reversed forwards keeps something on a tape after all."""

    def __init__(self, loop: For | While) -> None:
        self.loop = loop
        super().__init__(loop)


class NotMergeable(Exception):
    """The sweeps of a loop cannot be merged after all; the construction starts again."""

    def __init__(self, loop: For) -> None:
        self.loop = loop
        super().__init__(loop)


@dataclass(eq=False)
class Frame:
    """A primal block that is being reversed, and the reversed code as far as it goes.

    In a *region* both sweeps of the block run in one piece, so that its values are still there.
    `head` holds what the reversed block begins with, `builder` what follows; while a loop of a
    region is being merged, `ahead` takes what must stand before that loop, and `taken` is the
    reversed code that goes there as well (`transform.reverse.early`). `position` is that of
    the statement that is being reversed; in the head of a while, that is `in_head`.
    """

    block: Block
    kind: Literal["region", "loop", "branch"]
    builder: Builder = field(default_factory=lambda: Builder(ADJOINT))
    loop: For | While | None = None
    forwards: bool = False
    position: int = 0
    in_head: int | None = None
    head: Builder = field(default_factory=lambda: Builder(ADJOINT))
    ahead: Builder | None = None
    taken: list[Statement] = field(default_factory=list)
    available: dict[Value, Operand] = field(default_factory=dict)
    at_head: dict[Value, Operand] = field(default_factory=dict)
    bars: dict[Value, Operand] = field(default_factory=dict)
    shadows: dict[Value, Value] = field(default_factory=dict)
    carried: dict[Value, tuple[Value, Operand]] = field(default_factory=dict)
    counters: list[Carried] = field(default_factory=list)
    before: dict[Statement, Builder] = field(default_factory=dict)
    replaced: dict[Statement, list[Statement]] = field(default_factory=dict)

    @property
    def place(self) -> Builder:
        """Where statements of this block go now: ahead of a loop being merged, or at the end."""
        return self.builder if self.ahead is None else self.ahead

    @property
    def point(self) -> tuple[Block, int]:
        """The block and the position of the statement that is being reversed."""
        if self.in_head is not None and isinstance(self.loop, While):
            return self.loop.head, self.in_head
        return self.block, self.position

    def preparing(self, statement: Statement) -> Builder:
        """Return the builder of what stands before `statement` in the primal sweep."""
        return self.before.setdefault(statement, Builder())


@dataclass(frozen=True, eq=False)
class Rows:
    """Room indexed by the counters of the loops around: `buffer[i - low, ...]`.

    There is more room for numbers that are older by up to `late` iterations of the innermost loop.
    """

    buffer: Value
    loops: tuple[For, ...]
    lows: tuple[Operand, ...]
    late: int = 0


@dataclass(frozen=True, eq=False)
class Slot:
    """Room for one value that is kept at most once in a run of the region."""

    name: str
    like: Value


@dataclass(frozen=True, eq=False)
class Tape:
    """Room that grows: a stack of elements."""

    name: str
    like: Value
    note: str


Room = Rows | Slot | Tape


@dataclass(frozen=True, eq=False)
class Section:
    """Elements `ref[items]` that are saved once before `loop`, for all writes of them in it."""

    loop: For
    ref: Value
    items: tuple[Item, ...]
    writes: list[Statement]

    @property
    def shape(self) -> tuple[Operand, ...]:
        """The extents of what is saved; none of one element."""
        pairs = zip(self.items, self.ref.shape, strict=True)
        return tuple(extent for item, extent in pairs if isinstance(item, Slice))


@dataclass(eq=False)
class Price:
    """What the adjoint sweep needs to have something: values to keep, elements to read."""

    kept: set[Value] = field(default_factory=set)
    reads: list[Access] = field(default_factory=list)


@dataclass(eq=False)
class Plan:
    """Everything the construction of one adjoint shares."""

    function: Function
    flow: Dataflow
    aliases: Aliases
    activity: Activity
    smooth: Smoothness
    dependence: Dependence
    originals: dict[Value, Definition] = field(default_factory=dict)
    """Of what is read from copies: how it is read from their originals."""
    final: bool = False
    saves: set[Statement] = field(default_factory=set)
    unmergeable: set[For] = field(default_factory=set)
    early: set[For] = field(default_factory=set)
    """Loops that run both sweeps at once although they write (`transform.reverse.early`)."""
    tried: set[For] = field(default_factory=set)
    backwards: set[For | While] = field(default_factory=set)
    stack: list[Frame] = field(default_factory=list)
    reads: list[Access] = field(default_factory=list)
    kept: dict[Value, Room] = field(default_factory=dict)
    delayed: set[Value] = field(default_factory=set)
    """What is kept beside a newer number (`transform.reverse.delayed`)."""
    older: dict[Value, int] = field(default_factory=dict)
    """The numbers beside which older ones were to be kept, and by how much these are older."""
    saved: dict[Statement, Room] = field(default_factory=dict)
    expanded: dict[Value, Room] = field(default_factory=dict)
    chosen: dict[Statement, Room] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    cut: dict[Section, Room] = field(default_factory=dict)
    free: set[Value | Statement] = field(default_factory=set)
    prices: dict[Value | Statement, Price] = field(default_factory=dict)
    shadow_roots: dict[Value, Value] = field(default_factory=dict)
    merged: list[For] = field(default_factory=list)
    seeds: set[Value] = field(default_factory=set)
    shadowed: dict[Value, bool] = field(default_factory=dict)

    def start(self) -> None:
        """Forget what the round before has built."""
        self.stack, self.reads = [], []
        self.kept, self.saved, self.expanded = {}, {}, {}
        self.chosen, self.prices, self.cut = {}, {}, {}
        self.delayed = set()
        self.shadow_roots, self.merged = {}, []

    @property
    def top(self) -> Frame:
        return self.stack[-1]

    @property
    def builder(self) -> Builder:
        """The reversed code that is being written."""
        return self.stack[-1].builder

    def definition(self, value: Value) -> Definition:
        """Return how a value is made, or can be made as well."""
        return self.originals.get(value) or self.flow.definitions[value]

    def depth_of(self, value: Value) -> int:
        """Return the position in the stack of the frame whose block defines `value`."""
        block = self.flow.definitions[value].block
        for depth in range(len(self.stack) - 1, -1, -1):
            frame = self.stack[depth]
            head = frame.loop.head if isinstance(frame.loop, While) else None
            if block is frame.block or block is head:
                return depth
        raise AssertionError(f"{value!r} is needed outside of the block that defines it")

    def region_of(self, depth: int) -> int:
        """Return the position of the innermost region around stack position `depth`."""
        while self.stack[depth].kind != "region":
            depth -= 1
        return depth

    def saves_write(self, statement: Statement) -> bool:
        """Say whether a write saves what it overwrites, just before it.

        In the first round every one does; in the second, a section may do it for several.
        """
        if not self.final:
            return True
        return statement in self.saves and self.section_of(statement) is None

    def section_of(self, statement: Statement) -> Section | None:
        """Return what is saved once for a write, before a loop."""
        return next((s for s in self.sections if statement in s.writes), None)

    def undoes(self, statement: Statement, loop: For | While) -> bool:
        """Say whether iterations of `loop` give back what a write in it has overwritten."""
        section = self.section_of(statement)
        if section is None:
            return statement in self.saves
        around = (s for _, _, s in self.flow.ancestors(loop.body))
        return all(s is not section.loop for s in around)
