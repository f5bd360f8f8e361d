"""The nests of `transform.pull`: what pulls, what goes to the border, what is carried over.

Points are those of the nest that takes: its counters. `relative` says for each share how far it
goes in the array where it ends, if what is taken there lies on what is taken here.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.spreads import Offsets, Spread
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Block, For, Operand, Statement, Value
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import rewrite

Point = tuple[Operand, ...]
Bounds = Sequence[tuple[Operand, Operand]]


@dataclass(frozen=True, eq=False)
class Inside:
    """An array of what is taken of `spread.source`, between `margin` elements of 0."""

    spread: Spread
    array: Value
    margin: Offsets

    @staticmethod
    def made(spread: Spread, margin: Offsets, builder: Builder) -> "Inside":
        shape: list[Operand] = []
        for loop, width in zip(spread.loops, margin, strict=True):
            count = builder.fold(np.subtract, loop.stop, loop.start)
            count = builder.fold(max, count, integer(0))
            shape.append(builder.fold(np.add, count, integer(2 * width)))
        array = builder.zeros(tuple(shape), spread.source.type.dtype, "_inside")
        return Inside(spread, array, margin)

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


def full(spread: Spread) -> Bounds:
    return [(loop.start, loop.stop) for loop in spread.loops]


def copied(inside: Inside, *, into: bool) -> For:
    """Return the nest that copies what is taken from its array, or back."""
    spread = inside.spread

    def body(builder: Builder, point: Point) -> None:
        own = _moved(builder, point, spread.shift)
        here = inside.here(builder, point)
        if into:
            builder.store(inside.array, here, builder.load(spread.source, own, "_part"))
        else:
            builder.store(spread.source, own, builder.load(inside.array, here, "_part"))

    return _nest(spread, full(spread), body)


def rest(inside: Inside) -> list[Statement]:
    """Return the nest that does what else a nest does, if anything."""
    spread, nest = inside.spread, inside.spread.loops[0]
    gone: set[Statement | None] = {spread.kill, *(share for _, share in spread.shares)}

    def change(statement: Statement) -> list[Statement]:
        if statement in gone:
            return []
        if statement is not spread.load:
            return [statement]
        builder = Builder(statement.origin)
        point = tuple(loop.index for loop in spread.loops)
        place = inside.here(builder, point)
        builder.append(replace(spread.load, ref=inside.array, indices=place))
        return builder.statements

    if not spread.does_more:
        return []
    return [replace(nest, body=rewrite(nest.body, change))]


def pulled(inside: Inside, out: Inside, relative: list[Offsets], *, added: bool) -> For:
    """Return the nest that makes each element of `out`, `added` to what is there.

    Where both are arrays of what is taken of one, what is there is in the first.
    """
    spread = inside.spread
    still = (0,) * len(spread.loops)

    def body(builder: Builder, point: Point) -> None:
        sums: dict[Operand, Operand] = {}
        for (_, share), away in zip(spread.shares, relative, strict=True):
            back = tuple(-step for step in away)
            place = inside.at(builder, point, spread.starts, back)
            part = builder.load(inside.array, place, "_part")
            known = sums.get(share.value)
            sums[share.value] = part if known is None else builder.call(np.add, known, part)
        terms = [applied(builder, spread, value, part) for value, part in sums.items()]
        turns = out.spread is spread
        if added and turns:
            terms.append(builder.load(inside.array, inside.here(builder, point), "_part"))
        total = functools.reduce(functools.partial(builder.call, np.add), terms)
        write = builder.increment if added and not turns else builder.store
        write(out.array, out.at(builder, point, spread.starts, still), total)

    return _nest(spread, full(spread), body)


def border(inside: Inside, home: Value, relative: list[Offsets], before: Builder) -> Iterator[For]:
    """Return the nests that add to `home` what goes out of what is taken of it.

    Their bounds are made `before`.
    """
    spread = inside.spread
    for (offset, share), away in zip(spread.shares, relative, strict=True):

        def body(
            builder: Builder, point: Point, offset: Offsets = offset, value: Operand = share.value
        ) -> None:
            part = builder.load(inside.array, inside.here(builder, point), "_part")
            target = _moved(builder, point, offset)
            builder.increment(home, target, applied(builder, spread, value, part))

        for axis, step in enumerate(away):
            if step:
                yield _nest(spread, _outside(spread, away, axis, before), body)


def _outside(spread: Spread, away: Offsets, axis: int, builder: Builder) -> Bounds:
    """Return the bounds of the points from which a share leaves the box along `axis` first."""
    bounds: list[tuple[Operand, Operand]] = []
    for k, (start, stop) in enumerate(full(spread)):
        step, low, high = away[k], start, stop
        if k < axis:
            low = builder.fold(np.add, start, integer(max(0, -step)))
            high = builder.fold(np.subtract, stop, integer(max(0, step)))
        elif k == axis and step < 0:
            high = builder.fold(min, stop, builder.fold(np.subtract, start, integer(step)))
        elif k == axis:
            low = builder.fold(max, start, builder.fold(np.subtract, stop, integer(step)))
        bounds.append((low, high))
    return bounds


def applied(builder: Builder, spread: Spread, value: Operand, part: Operand) -> Operand:
    """Append what makes a term of `part` instead of the element that is read."""
    if value is spread.load.out:
        return part
    if not isinstance(value, Value) or value not in spread.terms:
        return value
    call = spread.terms[value]
    args = [applied(builder, spread, arg, part) for arg in call.args]
    return builder.call(call.function, *args, name=value.name, type=value.type, shape=())


def _moved(builder: Builder, point: Point, offset: Offsets) -> Point:
    return tuple(
        builder.fold(np.add, place, integer(step))
        for place, step in zip(point, offset, strict=True)
    )


def _nest(spread: Spread, bounds: Bounds, body: Callable[[Builder, Point], None]) -> For:
    """Return loops like those of a nest, with other bounds and another body."""
    origin = spread.load.origin
    point = tuple(Value(loop.index.name, PYTHON_INT) for loop in spread.loops)
    builder = Builder(origin)
    body(builder, point)
    block = builder.block()
    for index, (start, stop) in zip(point[::-1], bounds[::-1], strict=True):
        loop = For(index, start, stop, integer(1), (), block, origin=origin)
        block = Block((loop,))
    return loop
