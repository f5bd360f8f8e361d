"""What is known about integers: affine forms, lower bounds, which indices surely differ.

    affine(i - 1) = (i, -1)        lower(i) = 1 for i in range(1, n)

Two elements surely differ where two of their indices do. `x[i]` and `x[j]` with i = n - 1, j = -1
are one element, so different integers are different indices only if neither is negative.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from srcdiff.ir.build import same
from srcdiff.ir.nodes import Block, Call, Carried, Const, For, Function, Operand, Value, While
from srcdiff.ir.walk import statements

Affine = tuple[Value | None, int]
DEEPEST = 6
"""How many bounds of counters are followed: those of a nest, on both sides."""


@dataclass(eq=False)
class Indices:
    """The integers of a function, by where they come from."""

    calls: dict[Value, Call] = field(default_factory=dict)
    counters: dict[Value, For] = field(default_factory=dict)
    entries: dict[Value, Carried] = field(default_factory=dict)
    lowers: dict[Value, int | None] = field(default_factory=dict)
    around: dict[Value, For] = field(default_factory=dict)
    """The loop in which a loop stands, by the counter of the latter."""

    def affine(self, operand: Operand) -> Affine:
        """Return (base, offset) with operand = base + offset; a literal has no base."""
        offset = 0
        while isinstance(operand, Value):
            match self.calls.get(operand):
                case Call(function=np.add, args=(left, Const(value=int() as step))):
                    operand, offset = left, offset + step
                case Call(function=np.add, args=(Const(value=int() as step), right)):
                    operand, offset = right, offset + step
                case Call(function=np.subtract, args=(left, Const(value=int() as step))):
                    operand, offset = left, offset - step
                case _:
                    return operand, offset
        return None, int(operand.value) + offset

    def key(self, indices: tuple[Operand, ...]) -> tuple[Any, ...]:
        """Return what is equal for indices that are surely equal."""
        return tuple(self.affine(index) for index in indices)

    def lower(self, operand: Operand) -> int | None:
        """Return an integer that `operand` is never below, if one is known."""
        base, offset = self.affine(operand)
        if base is None:
            return offset
        if base not in self.lowers:
            self.lowers[base] = None
            self.lowers[base] = self._lower(base)
        found = self.lowers[base]
        return None if found is None else found + offset

    def _lower(self, value: Value) -> int | None:
        if value in self.counters:
            return self._lower_of_counter(self.counters[value])
        if value in self.entries:
            entry = self.entries[value]
            return self.lower(entry.init) if self.grows(entry.next, entry.phi) else None
        match self.calls.get(value):
            case Call(function=np.shape):
                return 0
            case Call(function=np.remainder, args=(_, Const(value=size))) if size > 0:
                return 0
            case Call(function=np.floor_divide, args=(left, Const(value=size))) if size > 0:
                return 0 if self.is_index(left) else None
            case Call(function=function, args=(left, right)) if function in (np.add, np.multiply):
                low, other = self.lower(left), self.lower(right)
                if low is None or other is None or min(low, other) < 0:
                    return None
                return low + other if function is np.add else low * other
            case Call(function=function, args=args) if function in (max, np.maximum):
                return max((b for b in map(self.lower, args) if b is not None), default=None)
        return None

    def _lower_of_counter(self, loop: For) -> int | None:
        if not isinstance(loop.step, Const):
            return None
        if loop.step.value > 0:
            return self.lower(loop.start)
        stop = self.lower(loop.stop)
        return None if stop is None else stop + 1

    def grows(self, operand: Operand, phi: Value) -> bool:
        """Say whether `operand` is surely not below `phi`."""
        base, offset = self.affine(operand)
        if base is None or offset < 0:
            return False
        if base is phi:
            return True
        if base in self.entries:
            entry = self.entries[base]
            return self.grows(entry.init, phi) and self.grows(entry.next, entry.phi)
        match self.calls.get(base):
            case Call(function=np.add, args=(left, right)):
                return self.grows(left, phi) and self.is_index(right)
            case Call(function=function, args=args) if function in (max, np.maximum):
                return any(self.grows(arg, phi) for arg in args)
        return False

    def is_index(self, operand: Operand) -> bool:
        """Say whether `operand` is surely not negative."""
        bound = self.lower(operand)
        return bound is not None and bound >= 0

    def differ(self, left: Operand, right: Operand) -> bool:
        """Say whether two indices into one axis surely denote different places."""
        (base, offset), (other, shift) = self.affine(left), self.affine(right)
        if base is None and other is None:
            return offset != shift and (offset < 0) == (shift < 0)
        if not (self.is_index(left) and self.is_index(right)):
            return False
        if base is other:
            return offset != shift
        first, second = self.affine(left), self.affine(right)
        return self._less(first, second) or self._less(second, first)

    def _less(self, left: Affine, right: Affine, steps: int = DEEPEST) -> bool:
        """Say whether `left` is surely below `right`, by the bounds of counters, and of theirs."""
        (base, offset), (other, shift) = left, right
        if base is other:
            return offset < shift
        if base is None and other is not None:
            least = self.lower(other)
            if least is not None and offset < least + shift:
                return True
        if steps == 0:
            return False
        top, low = self._end(base, greatest=True), self._end(other, greatest=False)
        if top is not None and self._less((top[0], top[1] + offset), right, steps - 1):
            return True
        return low is not None and self._less(left, (low[0], low[1] + shift), steps - 1)

    def _end(self, value: Value | None, *, greatest: bool) -> Affine | None:
        """Return what a counter is never above, or below."""
        loop = self.counters.get(value) if value is not None else None
        if loop is None or not isinstance(loop.step, Const):
            return None
        if greatest == (loop.step.value > 0):
            base, offset = self.affine(loop.stop)
            return base, offset - (1 if greatest else -1)
        return self.affine(loop.start)

    def covers(self, loop: For, extent: Operand) -> bool:
        """Say whether the counter of `loop` is each index of an axis of this extent once."""
        if loop.leave is not None or not isinstance(loop.step, Const):
            return False
        start, stop = self.affine(loop.start), self.affine(loop.stop)
        size, more = self.affine(extent)
        if loop.step.value == 1:
            return start == (None, 0) and stop == (size, more)
        return loop.step.value == -1 and start == (size, more - 1) and stop == (None, -1)

    def runs(self, loop: For) -> bool:
        """Say whether `loop` surely has an iteration, where those around it have one."""
        start, stop = self.affine(loop.start), self.affine(loop.stop)
        outer = self.around.get(loop.index)
        while outer is not None:
            bounds = (self.affine(outer.start), self.affine(outer.stop))
            if bounds == (start, stop) and same(outer.step, loop.step):
                return True
            outer = self.around.get(outer.index)
        match loop.step:
            case Const(value=step):
                return self._less(start, stop) if step > 0 else self._less(stop, start)
        return False

    def ends_in_order(self, loop: For) -> bool:
        """Say whether a loop that counts up surely does not end before it starts."""
        (base, offset), stop = self.affine(loop.start), self.affine(loop.stop)
        return self._less((base, offset - 1), stop)

    def is_within(self, index: Operand, extent: Operand) -> bool:
        """Say whether `index` surely denotes an element of an axis of this extent."""
        return self.is_index(index) and self._less(self.affine(index), self.affine(extent))


def indices(function: Function) -> Indices:
    """Return what is known about the integers of `function`."""
    return indices_of(function.body)


@lru_cache(maxsize=4)
def indices_of(block: Block) -> Indices:
    """Return what is known about the integers that the statements of a block define."""
    result = Indices()
    for statement in statements(block):
        match statement:
            case Call(out=out) if out.type.dtype.kind in "iu" and not out.shape:
                result.calls[out] = statement
            case For(carried=carried) | While(carried=carried):
                for entry in carried:
                    if entry.phi.type.dtype.kind in "iu":
                        result.entries[entry.phi] = result.entries[entry.out] = entry
                if isinstance(statement, For):
                    result.counters[statement.index] = statement
                    inner = (s for s in statement.body.statements if isinstance(s, For))
                    result.around.update((s.index, statement) for s in inner)
    return result
