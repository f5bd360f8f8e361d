"""What loops over strips share: the counter of the user's loop, and elements that follow it.

for low in range(0, n, 64):
    for lane in range(min(64, n - low)):
        i = low + lane
        at = np.uint64(i + 1)                  # the element beside it
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.indices import Indices
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import For, Increment, Load, Operand, Statement, Store, Value

UNSIGNED = np.dtype(np.uint64)
"""Numba counts negative indices from the end; of unsigned ones there are none, so that LLVM sees
elements that follow each other."""


@dataclass(eq=False)
class Counter:
    """The counter of the user's loop, in a loop over the lanes of a strip."""

    index: Value
    low: Value
    lane: Value
    integers: Indices
    builder: Builder
    first: Value | None = None
    places: dict[int, Operand] = field(default_factory=dict)

    def plus(self, shift: int) -> Operand:
        """Return the counter, and so much more."""
        if self.first is None:
            name = f"_{self.index.name.lstrip('_')}"
            self.first = self.builder.call(np.add, self.low, self.lane, name=name)
        return self.builder.fold(np.add, self.first, integer(shift))

    def at(self, index: Operand) -> Operand:
        """Return what stands for an index in a lane: where lanes are neighbours, it is unsigned."""
        base, shift = self.integers.affine(index)
        if base is not self.index or not self.integers.is_index(index):
            return index
        if shift not in self.places:
            self.places[shift] = self.builder.cast(self.plus(shift), UNSIGNED, "_at")
        return self.places[shift]


def placed(statement: Statement, place: Callable[[Operand], Operand]) -> Statement:
    """Return a statement that has other indices."""
    if not isinstance(statement, Load | Store | Increment):
        return statement
    return replace(statement, indices=tuple(map(place, statement.indices)))


def rest_of(made: Builder, integers: Indices, loop: For, steps: int) -> Operand:
    """Append where the iterations of a loop begin that are left after groups of so many."""
    down = is_constant(loop.step, -1)
    ends = (loop.start, loop.stop) if down else (loop.stop, loop.start)
    count = made.fold(np.subtract, *ends)
    if not (is_constant(ends[1], 0) and integers.is_index(ends[0])):
        count = made.fold(max, count, integer(0))
    if down:
        # Seen to be no less than the end, without a proof.
        left = made.fold(np.remainder, count, integer(steps))
        return made.fold(np.add, loop.stop, left, name="_rest")
    count = made.fold(np.floor_divide, count, integer(steps))
    count = made.fold(np.multiply, count, integer(steps), name="_rest")
    return made.fold(np.add, loop.start, count, name="_rest")
