"""The nests of `transform.pull`: what pulls, what goes to the border, what is carried over.

Points are those of the nest that takes: its counters. `relative` says for each share how far it
goes in the array where it ends, if what is taken there lies on what is taken here.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.spreads import Offsets, Spread
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Block, Const, For, If, Increment, Operand, Statement, Value
from srcdiff.ir.types import PYTHON_INT
from srcdiff.transform.sums import runs

Point = tuple[Operand, ...]
Bounds = Sequence[Operand | tuple[Operand, Operand]]
Body = Callable[[Builder, Point], None]


@dataclass(frozen=True, eq=False)
class Inside:
    """An array of what is taken of `spread.source`, between `margin` elements of 0.

    It holds the elements themselves, or `value`, which is made of them.
    """

    spread: Spread
    array: Value
    margin: Offsets
    value: Value

    @staticmethod
    def made(spread: Spread, margin: Offsets, builder: Builder) -> "Inside":
        shape: list[Operand] = []
        for loop, width in zip(spread.loops, margin, strict=True):
            count = builder.fold(np.subtract, loop.stop, loop.start)
            count = builder.fold(max, count, integer(0))
            shape.append(builder.fold(np.add, count, integer(2 * width)))
        array = builder.zeros(tuple(shape), spread.source.type.dtype, "_inside")
        return Inside(spread, array, margin, spread.load.out)

    def another(self, builder: Builder) -> "Inside":
        """Return one more of the same shape."""
        dtype = self.array.type.dtype
        return replace(self, array=builder.zeros(self.array.shape, dtype, "_inside"))

    def at(self, builder: Builder, point: Point, starts: Offsets, away: Offsets) -> Point:
        """Return where a point of a nest with these starts is in the array, or one beside it."""
        return tuple(
            builder.fold(np.add, place, integer(width - start + step))
            for place, width, start, step in zip(point, self.margin, starts, away, strict=True)
        )

    def here(self, builder: Builder, point: Point) -> Point:
        return self.at(builder, point, self.spread.starts, (0,) * len(point))


def full(spread: Spread) -> list[tuple[Operand, Operand]]:
    return [(loop.start, loop.stop) for loop in spread.loops]


def copied(inside: Inside, *, into: bool) -> Statement:
    """Return the nest that copies what is taken from its array, or back."""
    spread = inside.spread

    def body(builder: Builder, point: Point) -> None:
        own = _moved(builder, point, spread.shift)
        here = inside.here(builder, point)
        if into:
            builder.store(inside.array, here, builder.load(spread.source, own, "_part"))
        else:
            builder.store(spread.source, own, builder.load(inside.array, here, "_part"))

    (nest,) = _nest(spread, (full(spread), body))
    return nest


def rest(inside: Inside) -> list[Statement]:
    """Return the nest that does what else a nest does, if anything."""
    spread = inside.spread
    builder = Builder(spread.load.origin)
    place = inside.here(builder, tuple(loop.index for loop in spread.loops))
    builder.append(replace(spread.load, ref=inside.array, indices=place))
    return [_remaining(spread, builder.statements, [])] if spread.does_more else []


def filled(inside: Inside) -> list[Statement]:
    """Return the nest that does what else a nest does, and takes; what is beside a ring follows."""
    spread = inside.spread
    builder = Builder(spread.load.origin)
    place = inside.here(builder, tuple(loop.index for loop in spread.loops))
    builder.store(inside.array, place, inside.value)
    return [_remaining(spread, [spread.load], builder.statements), *_around(inside)]


def _remaining(spread: Spread, load: list[Statement], end: list[Statement]) -> For:
    """Return a nest that neither clears nor adds, but has `end` at the end of its body."""
    gone: set[Statement | None] = {spread.kill, *(share for _, share in spread.shares)}
    *outer, old = spread.loops
    body = [load if s is spread.load else [s] for s in old.body.statements if s not in gone]
    new = replace(old, body=Block((*(s for part in body for s in part), *end)))
    for loop in reversed(outer):
        inner = tuple(new if s is old else s for s in loop.body.statements)
        old, new = loop, replace(loop, body=Block(inner))
    return new


def _around(inside: Inside) -> list[Statement]:
    """Return the nests that copy both ends of each ring beside the opposite one."""
    spread, builder = inside.spread, Builder(inside.spread.load.origin)
    bounds = full(spread)
    for axis in sorted(spread.rings):
        size, width = spread.loops[axis].stop, inside.margin[axis]
        parts: list[tuple[Bounds, Body]] = []
        for step in (*range(-width, 0), *range(width)):
            # Beyond the last element: as many places further on as behind the first one.
            place = integer(step) if step < 0 else builder.fold(np.add, size, integer(step))

            def body(
                builder: Builder,
                point: Point,
                axis: int = axis,
                size: Operand = size,
                step: int = step,
            ) -> None:
                place = inside.here(builder, point)
                back = round_ring(builder, size, step, inside.margin[axis])
                source = (*place[:axis], back, *place[axis + 1 :])
                builder.store(inside.array, place, builder.load(inside.array, source, "_part"))

            parts.append(([*bounds[:axis], place, *bounds[axis + 1 :]], body))
        some = builder.call(np.less, integer(0), size)
        builder.append(If(some, Block(tuple(_nest(spread, *parts))), Block(), (), builder.origin))
        bounds[axis] = (integer(-width), builder.fold(np.add, size, integer(width)))
    return builder.statements


def round_ring(builder: Builder, size: Operand, step: int, more: int = 0) -> Operand:
    """Append the index so many steps on from the first element of a ring that has one, and more."""
    if step == 0:
        return integer(more)
    if step == -1:
        return builder.fold(np.add, size, integer(more - 1))
    return builder.fold(np.add, builder.fold(np.remainder, integer(step), size), integer(more))


def pulled(inside: Inside, out: Inside, relative: list[Offsets], *, added: bool) -> Statement:
    """Return the nest that makes each element of `out`, `added` to what is there.

    Where both are arrays of what is taken of one, what is there is in the first.
    """
    still = (0,) * len(relative[0])
    turns = out.spread is inside.spread

    def write(builder: Builder, point: Point, terms: list[Operand]) -> None:
        if added and turns:
            terms.append(builder.load(inside.array, inside.here(builder, point), "_part"))
        at = out.at(builder, point, inside.spread.starts, still)
        _write(builder, out.array, at, terms, added=added and not turns)

    return _pulling(inside, relative, write)


def pulled_back(inside: Inside, relative: list[Offsets]) -> Statement:
    """Return the nest that makes each element of the array that was taken from."""
    spread = inside.spread

    def write(builder: Builder, point: Point, terms: list[Operand]) -> None:
        at = _moved(builder, point, spread.shift)
        _write(builder, spread.source, at, terms, added=spread.kill is None)

    return _pulling(inside, relative, write)


def _write(builder: Builder, ref: Value, at: Point, terms: list[Operand], *, added: bool) -> None:
    total = functools.reduce(functools.partial(builder.call, np.add), terms)
    (builder.increment if added else builder.store)(ref, at, total)


def _pulling(
    inside: Inside,
    relative: list[Offsets],
    write: Callable[[Builder, Point, list[Operand]], None],
) -> Statement:
    """Return the nest that sums at each point what comes from its neighbours."""
    spread = inside.spread

    def body(builder: Builder, point: Point) -> None:
        sums: dict[Operand, Operand] = {}
        for (_, share), away in zip(spread.shares, relative, strict=True):
            back = tuple(-step for step in away)
            place = inside.at(builder, point, spread.starts, back)
            part = builder.load(inside.array, place, "_part")
            known = sums.get(share.value)
            sums[share.value] = part if known is None else builder.call(np.add, known, part)
        write(builder, point, [applied(builder, inside, v, part) for v, part in sums.items()])

    (nest,) = _nest(spread, (full(spread), body))
    return nest


def border(
    inside: Inside, home: Value, relative: list[Offsets], before: Builder
) -> list[Statement]:
    """Return what adds to `home` what goes out of what is taken of it, if anything is taken.

    Bounds and the condition are made `before`.
    """
    spread = inside.spread
    groups: dict[tuple[object, ...], list[tuple[Bounds, Body]]] = {}
    for (offset, share), away in zip(spread.shares, relative, strict=True):

        def body(
            builder: Builder, point: Point, offset: Offsets = offset, value: Operand = share.value
        ) -> None:
            part = builder.load(inside.array, inside.here(builder, point), "_part")
            target = _moved(builder, point, offset, spread)
            builder.increment(home, target, applied(builder, inside, value, part))

        for axis, step in enumerate(away):
            if step and axis not in spread.rings:
                bounds = _outside(spread, away, axis, before)
                groups.setdefault(_key(bounds, share), []).append((bounds, body))
    nests = [s for group in groups.values() for s in _nest(spread, *group)]
    return [If(_is_some(spread, before), Block(tuple(nests)), Block())] if nests else []


def _key(bounds: Bounds, share: Increment) -> tuple[object, ...]:
    """Return what is equal for columns beside each other: those that no loop goes along."""
    if isinstance(bounds[-1], tuple):
        return (share, *bounds)
    parts = [part for bound in bounds if isinstance(bound, tuple) for part in bound]
    return tuple(part.value if isinstance(part, Const) else part for part in parts)


def _is_some(spread: Spread, builder: Builder) -> Operand:
    """Append the condition that something is taken."""
    conditions = [runs(builder, loop) for loop in spread.loops]
    return functools.reduce(functools.partial(builder.call, np.logical_and), conditions)


def _outside(spread: Spread, away: Offsets, axis: int, builder: Builder) -> Bounds:
    """Return the bounds of the points from which a share leaves the box along `axis` first."""
    bounds: list[Operand | tuple[Operand, Operand]] = []
    for k, (loop, step) in enumerate(zip(spread.loops, away, strict=True)):
        start, stop = loop.start, loop.stop
        step = 0 if k in spread.rings else step
        if k != axis:
            low = builder.fold(np.add, start, integer(max(0, -step if k < axis else 0)))
            high = builder.fold(np.subtract, stop, integer(max(0, step if k < axis else 0)))
            bounds.append((low, high))
        elif abs(step) == 1:
            bounds.append(start if step < 0 else builder.fold(np.subtract, stop, integer(1)))
        elif step < 0:
            end = builder.fold(np.subtract, start, integer(step))
            bounds.append((start, builder.fold(min, stop, end)))
        else:
            first = builder.fold(np.subtract, stop, integer(step))
            bounds.append((builder.fold(max, start, first), stop))
    return bounds


def applied(builder: Builder, inside: Inside, value: Operand, part: Operand) -> Operand:
    """Append what makes a term of `part` instead of what one iteration has there."""
    if value is inside.value:
        return part
    if not isinstance(value, Value) or value not in inside.spread.terms:
        return value
    call = inside.spread.terms[value]
    args = [applied(builder, inside, arg, part) for arg in call.args]
    return builder.call(call.function, *args, name=value.name, type=value.type, shape=())


def _moved(builder: Builder, point: Point, offset: Offsets, around: Spread | None = None) -> Point:
    """Return the indices that are so far away, round the axes that are rings."""
    result = []
    for axis, (place, step) in enumerate(zip(point, offset, strict=True)):
        at = builder.fold(np.add, place, integer(step))
        if step and around is not None and axis in around.rings:
            at = builder.fold(np.remainder, at, around.loops[axis].stop)
        result.append(at)
    return tuple(result)


def _nest(spread: Spread, *parts: tuple[Bounds, Body]) -> list[Statement]:
    """Return loops like those of a nest, but where an index has no bounds, but is known.

    The loops are those of the first part; the others differ in what is known.
    """
    origin = spread.load.origin
    builder = Builder(origin)
    indices = [Value(loop.index.name, PYTHON_INT) for loop in spread.loops]
    for bounds, body in parts:
        pairs = zip(indices, bounds, strict=True)
        body(builder, tuple(i if isinstance(b, tuple) else b for i, b in pairs))
    inner = builder.statements
    for index, bound in zip(indices[::-1], parts[0][0][::-1], strict=True):
        if isinstance(bound, tuple):
            block = Block(tuple(inner))
            inner = [For(index, *bound, integer(1), (), block, origin=origin)]
    return inner
