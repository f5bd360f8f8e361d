"""Does each read of a work array see what the same iteration has written?

    For i
        Store q[0] = 1.0
        For j in range(1, n - 1)
            Load q[j - 1]               0 <= j - 1 < n - 1: at 0, or where this loop writes
            Store q[j] = ...

A store in loops that run to their end writes a *box*: an interval along each axis. A read sees what
the iteration has written if its place is in one of the boxes, and if it comes before no write of
the iteration to that place. Then nothing is carried from one iteration to the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.dependence import Access, Dependence, dependence_of
from srcdiff.analysis.linear import Linear
from srcdiff.analysis.reorder import is_counted
from srcdiff.ir.nodes import (
    Block,
    For,
    Increment,
    Load,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.walk import asks

Box = tuple[tuple[Linear, Linear], ...]
"""For each axis the first index, and the one behind the last."""
MOST = 32
"""Ways around the boxes of an array that are looked at."""
LEFT = 8
"""The most indices of an axis that an iteration leaves out where it is said to fill an array."""


@dataclass(frozen=True, eq=False)
class Element:
    """A statement that reads or writes an element, and where it is."""

    statement: Load | Store | Increment
    access: Access


@dataclass(eq=False)
class Coverage:
    """Answers about the work arrays of one function."""

    flow: Dataflow
    dependence: Dependence = field(init=False)

    def __post_init__(self) -> None:
        self.dependence = dependence_of(self.flow)

    def elements(self, array: Value) -> list[Element] | None:
        """Return all that is done with an array; None: it is not just elements of it."""
        found = []
        for use in self.flow.uses.get(array, []):
            match use.statement:
                case Load(ref=ref, indices=indices):
                    pass
                case (
                    Store(ref=ref, indices=indices, value=value)
                    | Increment(ref=ref, indices=indices, value=value)
                ) if indices and not is_array(value):
                    pass
                case statement if asks(statement):
                    continue
                case _:
                    return None
            access = Access(ref, indices, use.block, use.position)
            found.append(Element(use.statement, access))
        return found

    def fills(self, block: Block, array: Value) -> bool:
        """Say whether a block fills an array, but for some elements, before it reads any of it."""
        found = self.elements(array)
        inside = [] if found is None else [e for e in found if self.is_within(e, block)]
        if not any(self.is_filling(box, array) for box in self.boxes(inside, block)):
            return False
        reads = (e for e in inside if not isinstance(e.statement, Store))
        return all(self.is_covered(read, inside, block) for read in reads)

    def is_within(self, element: Element, block: Block) -> bool:
        return element.access.block is block or any(
            outer is block for outer, _, _ in self.flow.ancestors(element.access.block)
        )

    def boxes(self, elements: list[Element], block: Block) -> Iterator[Box | None]:
        for element in elements:
            yield self.box(element, block) if isinstance(element.statement, Store) else None

    def is_filling(self, box: Box | None, array: Value) -> bool:
        """Say whether a box leaves out only a few indices of each axis."""
        if box is None:
            return False
        sizes = [self.dependence.form(extent) for extent in array.shape]
        left = [size - (end - start) for size, (start, end) in zip(sizes, box, strict=True)]
        return all(not form.terms and form.constant <= LEFT for form in left)

    # ---- one read ----

    def is_covered(self, read: Element, elements: list[Element], block: Block) -> bool:
        """Say whether a read sees only what the same iteration of a block has written."""
        place = self.dependence.place(read.access)
        before = [e for e in elements if e is not read and not self.is_ahead(read, e, block)]
        boxes = [box for box in self.boxes(before, block) if box is not None]
        if not boxes or None in place or (2 * len(place)) ** len(boxes) > MOST:
            return False
        index = [form for form in place if form is not None]
        known = [*self.dependence.conditions(read.access.block), *index]
        ways = (list(_ways_around(box, index)) for box in boxes)
        return all(self.dependence.never([*way, *known]) for way in product(*ways))

    def is_ahead(self, read: Element, write: Element, block: Block) -> bool:
        """Say whether a read may come before a write to its element, in one run of a block."""
        if isinstance(write.statement, Load):
            return False
        one, other = read.access, write.access
        if self.dependence.precedes(one, other) and self.dependence.meet(one, other, None):
            return True
        around = self.loops(one.block, block)
        shared = [loop for loop in self.loops(other.block, block) if loop in around]
        return any(self.dependence.meet(one, other, loop) for loop in shared)

    def loops(self, inner: Block, block: Block) -> list[For | While]:
        """Return the loops in a block that are around another one, the innermost first."""
        return [s for s in self.around(inner, block) if isinstance(s, For | While)]

    def around(self, inner: Block, block: Block) -> list[Statement]:
        """Return the statements in a block that are around another one, the innermost first."""
        result: list[Statement] = []
        while inner is not block:
            inner, _, statement = self.flow.parents[inner]
            result.append(statement)
        return result

    # ---- what a store writes ----

    def box(self, write: Element, block: Block) -> Box | None:
        """Return the elements that a store surely writes in each run of a block."""
        around = self.around(write.access.block, block)
        loops = [s for s in around if isinstance(s, For) and is_counted(s)]
        if len(loops) != len(around):
            return None
        box = []
        left = list(loops)
        for form in self.dependence.place(write.access):
            if form is None:
                return None
            mine = [s for s in loops if (s.index, False) in dict(form.terms)]
            if len(mine) > 1 or any(s not in left for s in mine):
                return None
            left = [s for s in left if s not in mine]
            box.append(self.interval(form, mine[0]) if mine else (form, form + 1))
        forms = [form for pair in box for form in pair]
        if left or any(self.varies(form, loops) for form in forms):
            return None
        return tuple(box)

    def interval(self, form: Linear, loop: For) -> tuple[Linear, Linear]:
        """Return where an index goes in a loop, if its counter is a term of it as it is."""
        rest = form - self.dependence.form(loop.index)
        start, stop = self.dependence.form(loop.start), self.dependence.form(loop.stop)
        down = getattr(loop.step, "value", 1) < 0
        return (rest + stop + 1, rest + start + 1) if down else (rest + start, rest + stop)

    def varies(self, form: Linear, loops: list[For]) -> bool:
        """Say whether a form changes while loops run."""
        return any(
            self.dependence.is_inside(value, loops[-1]) for (value, _), _ in form.terms if loops
        )


def _ways_around(box: Box, place: list[Linear]) -> Iterator[Linear]:
    """Iterate over what would be >= 0 if a place were not in a box, one or another."""
    for (start, end), index in zip(box, place, strict=True):
        yield start - index - 1
        yield index - end
