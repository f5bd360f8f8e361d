"""Cut long loops into segments of which only the states at their starts are kept.

    For i in range(start, stop), carried s        For segment in range(segments), carried s
        s1 = f(s', i)                      ->         s1 = Derive call of the loop from `first` on,
                                                             for `trips` trips, at s'

What is called as a whole keeps its arguments, and runs again in the adjoint sweep: so the state is
kept at the start of each segment, and all that the adjoint needs for one segment at a time. The
loops are those outside of other loops. Those with independent iterations have no state.

A loop that may be left runs once more, before, to count its trips. The condition of a `while` is
evaluated once more than its body, which matters where it writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from srcdiff.analysis.activity import Activity, activity
from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.loops import independence
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Carried,
    Derive,
    For,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import clone, map_blocks
from srcdiff.transform.segments import Maker, Part, anew, ask
from srcdiff.transform.windows import opened

NOTE = "Checkpoints: a loop keeps up to {} states; what it needs between them is computed again."


def checkpoint(function: Function, states: int, wrt: Iterable[Value]) -> Function:
    """Let each long loop of `function` keep `states` states; raises `UnsupportedSyntax`."""
    classes = aliases(function)
    active = activity(function, wrt, classes)
    work = _Cutter(function.name, states, classes, dataflow(function), active)
    body = work.block(function.body)
    if body is function.body:
        return function
    return replace(function, body=body, notes=(*function.notes, NOTE.format(states)))


@dataclass(frozen=True, eq=False)
class _Cutter:
    name: str
    states: int
    classes: Aliases
    flow: Dataflow
    active: Activity

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            match statement:
                case If():
                    result.append(map_blocks(statement, self.block))
                case For() | While() if self.matters(statement):
                    result += self.loop(statement)
                case _:
                    result.append(statement)
        same = len(result) == len(block.statements)
        if same and all(a is b for a, b in zip(result, block.statements, strict=True)):
            return block
        return Block(tuple(result))

    def matters(self, loop: For | While) -> bool:
        """Say whether adjoints go through a loop."""
        values = [v for entry in loop.carried for v in (entry.phi, entry.out)]
        return any(map(self.active.is_active, (*values, *self.classes.writes[loop])))

    def loop(self, loop: For | While) -> list[Statement]:
        counted = isinstance(loop, For) and loop.leave is None
        if isinstance(loop, For) and independence(loop, self.flow, self.classes).holds:
            return [loop]
        maker = Maker(loop, self.name, self.flow, self.classes, self.active)
        builder = Builder(loop.origin)
        again = isinstance(loop, While) and any(
            self.classes.writes[s] for s in loop.head.statements
        )
        if again and loop.leave is not None:
            _refuse(loop, "this one may be left, and its condition writes into an array")
        trips = _trips(builder, loop) if counted else _counted(builder, loop, maker.counter())
        _cut(builder, loop, maker.segment(), trips, self.states)
        if isinstance(loop, While) and again:
            outs: dict[Value, Operand] = {entry.phi: entry.out for entry in loop.carried}
            builder.statements += clone(loop.head, outs).statements
        return builder.statements


def _refuse(loop: For | While, why: str) -> NoReturn:
    raise UnsupportedSyntax(
        f"The option `checkpoint` cuts loops into segments, but {why}.",
        loop.origin.span,
        "Call what writes in the body of the loop, or leave the option out.",
    )


def _cut(builder: Builder, loop: For | While, segment: Part, trips: Operand, states: int) -> None:
    """Append a loop over at most `states` segments."""
    inner = Builder(loop.origin)
    length = _ceiling(builder, trips, integer(states), "_length")
    length = builder.fold(max, length, integer(1), name="_length")
    count = _ceiling(builder, trips, length, "_segments")
    index = Value("_segment", PYTHON_INT)
    first = done = inner.fold(np.multiply, index, length, name="_done")
    here = inner.fold(min, length, inner.fold(np.subtract, trips, done), name="_trips")
    if isinstance(loop, For) and is_constant(loop.step, -1):
        first = inner.fold(np.subtract, loop.start, done, name="_first")
    elif isinstance(loop, For):
        ahead = inner.fold(np.multiply, done, loop.step)
        first = inner.fold(np.add, loop.start, ahead, name="_first")
    entries = _call(inner, loop, segment, (first, here))
    bounds = (integer(0), count, integer(1))
    builder.append(For(index, *bounds, entries, inner.block(), origin=loop.origin))


def _call(
    builder: Builder, loop: For | While, segment: Part, told: tuple[Operand, Operand]
) -> tuple[Carried, ...]:
    """Append the call of a segment, and what stores the arrays that it has written."""
    carried, varying = loop.carried, segment.varying
    phis = [replace(anew(entry.phi, varying), type=entry.phi.type) for entry in carried]
    nexts = [anew(entry.phi, varying) for entry in carried]
    parts = _parts(builder, loop, segment, told)
    written = [parts.get(ref, ref) for ref in segment.written]
    contents = [anew(ref) for ref in written]
    for entry, phi in zip(carried, phis, strict=True):
        ask(builder, phi, entry.phi)
    args = (*told, *segment.free, *parts.values(), *phis)
    outs = (*nexts, *contents)
    builder.append(Derive(outs, segment.function, "call", (), (), args, loop.origin))
    for entry, value in zip(carried, nexts, strict=True):
        ask(builder, value, entry.phi)
    for ref, value in zip(written, contents, strict=True):
        builder.store(ref, (), value)
    triples = zip(carried, phis, nexts, strict=True)
    return tuple(Carried(phi, entry.init, new, entry.out) for entry, phi, new in triples)


def _parts(
    builder: Builder, loop: For | While, segment: Part, told: tuple[Operand, Operand]
) -> dict[Value, Value]:
    """Append the views of the parts of arrays that a segment touches."""
    least, trips = told
    if isinstance(loop, For) and is_constant(loop.step, -1):
        last = builder.fold(np.subtract, trips, integer(1))
        least = builder.fold(np.subtract, least, last, name="_least")
    return {
        array: opened(builder, array, window, least, trips)
        for array, window in segment.windows.items()
    }


def _counted(builder: Builder, loop: For | While, counter: Part) -> Operand:
    """Append a run of a loop that may be left, for the number of its trips alone."""
    assert loop.trips is not None
    args = (*counter.free, *(entry.init for entry in loop.carried))
    builder.append(Derive((loop.trips,), counter.function, "call", (), (), args, loop.origin))
    return loop.trips


def _trips(builder: Builder, loop: For | While) -> Operand:
    """Return how often a counted loop runs: max(ceil(span / step), 0)."""
    assert isinstance(loop, For)
    if is_constant(loop.step, 1):
        trips = builder.fold(np.subtract, loop.stop, loop.start, name="_trips")
    elif is_constant(loop.step, -1):
        trips = builder.fold(np.subtract, loop.start, loop.stop, name="_trips")
    else:
        span = builder.fold(np.subtract, loop.start, loop.stop)
        down = builder.fold(np.floor_divide, span, loop.step)
        trips = builder.fold(np.multiply, down, integer(-1), name="_trips")
    return builder.fold(max, trips, integer(0), name="_trips")


def _ceiling(builder: Builder, left: Operand, right: Operand, name: str) -> Operand:
    """Return `left / right`, rounded up."""
    more = builder.fold(np.subtract, right, integer(1))
    return builder.fold(np.floor_divide, builder.fold(np.add, left, more), right, name=name)
