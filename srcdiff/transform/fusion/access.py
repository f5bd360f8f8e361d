"""Where a loop nest reads and writes arrays: index patterns, seen through views.

    v = View(x, x[1:, None])
    y = Call add(v, w)              in the nest over (i, j):  x at (i + 1), w at (i, j)

A pattern has one `At` for each axis of an array. Views whose indices are known while compiling are
looked through; another view is indexed as it stands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from typing_extensions import assert_never

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import (
    Broadcast,
    Const,
    Index,
    NewAxis,
    Operand,
    Reshape,
    Slice,
    Transpose,
    Value,
    View,
)

Key = Value | int
Loops = tuple[Key, ...]


@dataclass(frozen=True, eq=False, slots=True)
class At:
    """An index: `start` alone, or `start + step * counter` of the loop number `axis`."""

    axis: int | None
    start: Operand
    step: int = 1

    @property
    def key(self) -> tuple[int | None, Key, int]:
        return self.axis, key_of(self.start), self.step


Pattern = tuple[At, ...]
ZERO = At(None, integer(0))


@dataclass(frozen=True, eq=False, slots=True)
class Access:
    """Elements of the array `base`, one for each iteration of a nest."""

    base: Value
    pattern: Pattern

    @property
    def key(self) -> tuple[object, ...]:
        return self.base, *(at.key for at in self.pattern)

    @property
    def depth(self) -> int:
        """Return in how many of the loops, from the outermost, the access changes."""
        return max((at.axis + 1 for at in self.pattern if at.axis is not None), default=0)

    def is_apart(self, other: "Access") -> bool:
        """Say whether two accesses to one array never meet, as two of their indices differ."""
        if self.base is not other.base:
            return False
        return any(map(_differ, self.pattern, other.pattern))

    def keeps_step_with(self, other: "Access", depth: int) -> bool:
        """Say whether no two different iterations of a nest of `depth` loops meet.

        So it is where each counter stands at the same axis of both: `a[j, k]` and `a[i, k]` over k.
        """
        pairs = zip(self.pattern, other.pattern, strict=True)
        return self.base is other.base and {
            one.axis for one, another in pairs if one.key == another.key
        }.issuperset(range(depth))

    def is_neighbour(self, other: "Access", depth: int) -> bool:
        """Say whether one iteration of a nest meets elements a constant distance apart, in a row.

        So it is with `a[i, j]` and `a[i + 2, j + 1]` over i and j; the last axis is the row.
        """
        if self.base is not other.base or not self.pattern:
            return False
        pairs = list(zip(self.pattern, other.pattern, strict=True))
        if pairs[-1][0].axis != depth - 1:
            return False
        if getattr(self.base.type, "layout", None) != "C":
            return False
        return all(
            one.axis == another.axis
            and one.step == another.step == 1
            and isinstance(key_of(one.start), int)
            and isinstance(key_of(another.start), int)
            for one, another in pairs
        )


def _differ(one: At, other: At) -> bool:
    """Say whether two indices never meet: two literals, or one below where a counter starts."""
    first, second = key_of(one.start), key_of(other.start)
    if not isinstance(first, int) or not isinstance(second, int):
        return False
    if one.axis is None and other.axis is None:
        # A negative index may be the same element as one that is not.
        return first != second and (first < 0) == (second < 0)
    if one.axis is None and other.step > 0:
        return 0 <= first < second
    if other.axis is None and one.step > 0:
        return 0 <= second < first
    return False


def key_of(operand: Operand) -> Key:
    return int(operand.value) if isinstance(operand, Const) else operand


@dataclass(eq=False)
class Extents:
    """A union-find forest over extents that are equal wherever control has come."""

    parents: dict[Key, Key] = field(default_factory=dict)

    def copy(self) -> "Extents":
        return Extents(dict(self.parents))

    def find(self, extent: Operand) -> Key:
        return self._root(key_of(extent))

    def _root(self, key: Key) -> Key:
        while key in self.parents:
            key = self.parents[key]
        return key

    def unite(self, left: Operand, right: Operand) -> None:
        first, second = self.find(left), self.find(right)
        if first is second or first == second:
            return
        if isinstance(first, int):
            first, second = second, first
        if not isinstance(first, int):
            self.parents[first] = second

    def is_one(self, extent: Operand) -> bool:
        return self.find(extent) == 1

    def broadcast(self, shape: Sequence[Operand], target: Sequence[Operand]) -> None:
        """Take note that `shape` is broadcast to `target`."""
        for extent, wanted in zip(shape[::-1], target[::-1], strict=False):
            if not (isinstance(extent, Const) and extent.value == 1):
                self.unite(extent, wanted)

    def loops(self, shape: Sequence[Operand]) -> tuple[Loops, tuple[int | None, ...]]:
        """Return the loops over an array of that shape, and the number of each axis's loop.

        An axis of extent 1 has no loop.
        """
        keys = [self.find(extent) for extent in shape]
        numbers: list[int | None] = []
        count = 0
        for key in keys:
            numbers.append(None if key == 1 else count)
            count += key != 1
        return tuple(key for key in keys if key != 1), tuple(numbers)


def own_pattern(numbers: Iterable[int | None]) -> Pattern:
    """Return the pattern of an array in the nest over its own elements."""
    return tuple(ZERO if number is None else At(number, integer(0)) for number in numbers)


def aligned(shape: Sequence[Operand], numbers: Sequence[int | None], extents: Extents) -> Pattern:
    """Return the pattern of an array of `shape` that is broadcast to a nest."""
    last = numbers[len(numbers) - len(shape) :]
    pairs = zip(shape, last, strict=True)
    return own_pattern(None if extents.is_one(extent) else number for extent, number in pairs)


def resolve(access: Access, views: dict[Value, View], extents: Extents) -> Access:
    """Look through the views of `access` as far as their indices are known."""
    while access.base in views:
        view = views[access.base]
        pattern = _through(view, access.pattern, extents)
        if pattern is None:
            return access
        access = Access(view.ref, pattern)
    return access


def _through(view: View, pattern: Pattern, extents: Extents) -> Pattern | None:
    """Return where the array under `view` is accessed, None if that is not known."""
    match view.how:
        case Index(items=items):
            return _indexed(items, pattern)
        case Transpose(axes=axes):
            return tuple(pattern[axes.index(axis)] for axis in range(len(axes)))
        case Broadcast():
            last = pattern[len(pattern) - len(view.ref.shape) :]
            pairs = zip(view.ref.shape, last, strict=True)
            return tuple(ZERO if extents.is_one(extent) else at for extent, at in pairs)
        case Reshape():
            return _reshaped(view, pattern, extents)
        case _:
            assert_never(view.how)


def _reshaped(view: View, pattern: Pattern, extents: Extents) -> Pattern | None:
    """Look through a reshape that only adds or drops axes of extent 1."""
    if extents.loops(view.ref.shape)[0] != extents.loops(view.out.shape)[0]:
        return None
    pairs = zip(view.out.shape, pattern, strict=True)
    rest = iter([at for extent, at in pairs if not extents.is_one(extent)])
    return tuple(ZERO if extents.is_one(extent) else next(rest) for extent in view.ref.shape)


def _indexed(items: Sequence[object], pattern: Pattern) -> Pattern | None:
    rest = iter(pattern)
    result: list[At] = []
    for item in items:
        match item:
            case Value() | Const():
                result.append(At(None, item))
            case Slice():
                at = _sliced(item, next(rest))
                if at is None:
                    return None
                result.append(at)
            case NewAxis():
                next(rest)
            case _:
                raise AssertionError(item)
    return tuple(result)


def _sliced(item: Slice, at: At) -> At | None:
    """Return the index into the axis that `item` cuts, None if it is not known."""
    if item.start is None and item.stop is None and item.step is None:
        return at
    start, step = _literal(item.start, 0), _literal(item.step, 1)
    inner = _literal(at.start, 0)
    if start is None or step is None or inner is None or min(start, inner) < 0 or step < 1:
        return None
    return At(at.axis, integer(start + step * inner), step * at.step)


def _literal(operand: Operand | None, default: int) -> int | None:
    match operand:
        case None:
            return default
        case Const(value=value):
            return int(value)
        case _:
            return None
