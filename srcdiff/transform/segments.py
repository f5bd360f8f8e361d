"""Segments of a loop, and the count of its trips, as functions: see `transform.checkpoint`.

def segment(first, trips, ..., s):                 def trips(..., s):
    For k in range(trips), carried s                   the loop, with trips
        i = Call add(first, k)                         return trips
        ...
    return s, and the arrays that the body writes
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.activity import Activity
from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    For,
    Function,
    Operand,
    Origin,
    Statement,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import asks, free_values, substitute_block
from srcdiff.transform.windows import Window, narrowed, windows

KEPT = Origin(note="what the segment starts from stays as it is")


@dataclass(frozen=True, eq=False)
class Part:
    """A function made of a loop. Its parameters: what it is told, `free`, parts, the state.

    A segment is told its first counter and its number of trips, and gives the state, then the
    contents of `written`. `varying` are the extents of the state that iterations ask for. Of the
    arrays in `windows` it takes the part that it touches, and gives that.
    """

    function: Function
    free: tuple[Value, ...]
    written: tuple[Value, ...]
    varying: frozenset[Operand]
    windows: Mapping[Value, Window] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Maker:
    """Makes functions of a loop."""

    loop: For | While
    name: str
    flow: Dataflow
    classes: Aliases
    active: Activity

    def segment(self) -> Part:
        """Return the function that runs some iterations."""
        loop, builder = self.loop, Builder()
        first, trips = Value("_first", PYTHON_INT), Value("_trips", PYTHON_INT)
        state, outs, asked = self.ends(builder)
        found = self.windows()
        narrow = {array: _narrowed(builder, array, window.axis) for array, window in found.items()}
        index, inner = Value("_k", PYTHON_INT), Builder(loop.origin)
        trip: Operand = index
        if isinstance(loop, While):
            inner.statements += loop.head.statements
        else:
            trip = _count(inner, loop, (first, trips), index)
        body = narrowed(loop, found, trip, self.flow)
        inner.statements += substitute_block(body, {**narrow}).statements
        bounds = (integer(0), trips, integer(1))
        carried = _carried(loop, state, outs)
        builder.append(For(index, *bounds, carried, inner.block(), origin=loop.origin))
        builder.statements += asked
        part = self.part(builder, "segment", (first, trips), (state, outs), narrow)
        return replace(part, windows=found)

    def counter(self) -> Part:
        """Return the function that runs the loop as it is, and gives the number of its trips."""
        builder, trips = Builder(), Value("_trips", PYTHON_INT)
        state, outs, asked = self.ends(builder)
        carried = _carried(self.loop, state, outs)
        builder.append(replace(self.loop, carried=carried, trips=trips))
        builder.statements += asked
        part = self.part(builder, "trips", (), (state, outs), {})
        return replace(part, function=replace(part.function, results=(trips,)))

    def ends(self, builder: Builder) -> tuple[list[Value], list[Value], list[Statement]]:
        """Return the state before and after the loop, and what asks the latter for extents."""
        after, varying, carried = Builder(), self.varying(), self.loop.carried
        state = [_asking(builder, entry.phi, varying) for entry in carried]
        outs = [_asking(after, entry.out, varying) for entry in carried]
        return state, outs, after.statements

    def part(
        self,
        builder: Builder,
        what: str,
        told: tuple[Value, ...],
        ends: tuple[list[Value], list[Value]],
        narrow: Mapping[Value, Value],
    ) -> Part:
        """Return a function whose parameters are all that the statements use."""
        state, outs = ends
        known = (*told, *narrow.values(), *state)
        block = Block((*self.views(free_values(builder.block(), outs, known)), *builder.statements))
        free = tuple(sorted(free_values(block, outs, known), key=is_array))
        written = tuple(v for v in (*free, *narrow) if self.is_written(v))
        given = {ref: replace(ref) for ref in (narrow.get(v, v) for v in written)}
        copies = [Call(ref, np.copy, (param,), (), KEPT) for ref, param in given.items()]
        params = (*told, *(given.get(v, v) for v in (*free, *narrow.values())), *state)
        extents = [s for s in block.statements if asks(s) and s.args[0] in given]
        asked = [replace(s, args=(given[s.args[0]],)) for s in extents]  # type: ignore[index]
        rest = (s for s in block.statements if s not in extents)
        body = Block((*asked, *copies, *rest))
        results = (*outs, *given)
        span = self.loop.origin.span
        function = Function(f"{self.name}_{what}", params, body, results, span=span)
        return Part(function, free, written, self.varying())

    def windows(self) -> dict[Value, Window]:
        """Return the windows of arrays that are written, or whose adjoints are summed."""
        nexts = tuple(entry.next for entry in self.loop.carried)
        free = [v for v in free_values(self.loop.body, nexts, ()) if is_array(v)]
        roots = [self.classes.root(v) for v in free]
        alone = [v for v in free if roots.count(self.classes.root(v)) == 1 and v not in nexts]
        wanted = [v for v in alone if self.is_written(v) or self.active.is_active(v)]
        inside = {entry.phi for entry in self.loop.carried}
        return windows(self.loop, [v for v in wanted if v not in inside], self.flow)

    def views(self, free: Sequence[Value]) -> list[Statement]:
        """Return the views by which the body refers to arrays that it writes, to be made in it.

        So each of these arrays is handed over once, and all views of it see what is written.
        """
        chains: dict[Statement, None] = {}
        refs = [v for v in free if self.is_written(v)]
        for ref in refs:
            same = [v for v in refs if self.classes.root(v) is self.classes.root(ref)]
            if len(same) > 1 or (isinstance(ref.type, Array) and ref.type.layout == "F"):
                self.note_views(ref, chains)
        return list(chains)

    def note_views(self, ref: Value, chains: dict[Statement, None]) -> None:
        definition = self.flow.definitions[ref]
        if isinstance(definition.statement, View) and definition.kind == "simple":
            self.note_views(definition.statement.ref, chains)
            chains[definition.statement] = None

    def is_written(self, value: Value) -> bool:
        return is_array(value) and self.classes.root(value) in self.classes.writes[self.loop]

    def varying(self) -> frozenset[Operand]:
        """Return the extents of the state that are known only by asking for them."""
        arrays = [v for entry in self.loop.carried for v in (entry.phi, entry.out)]
        return frozenset(e for array in arrays for e in array.shape if self.is_asked(e, array))

    def is_asked(self, extent: Operand, array: Value) -> bool:
        definition = self.flow.definitions.get(extent) if isinstance(extent, Value) else None
        statement = definition.statement if definition is not None else None
        return isinstance(statement, Call) and statement.args == (array,)


def _count(builder: Builder, loop: For, told: tuple[Value, Value], index: Value) -> Operand:
    """Append what defines the counter of the loop in the trip `index` of a segment.

    Return the counter from the least one of the segment on, where the step is 1 or -1.
    """
    first, trips = told
    if is_constant(loop.step, -1):
        builder.call_into(loop.index, np.subtract, (first, index), ())
        return builder.fold(np.subtract, builder.fold(np.subtract, trips, integer(1)), index)
    ahead = builder.fold(np.multiply, index, loop.step)
    builder.call_into(loop.index, np.add, (first, ahead), ())
    return index


def _narrowed(builder: Builder, array: Value, axis: int) -> Value:
    """Return what stands for a part of an array; it is asked for its extent."""
    extent = Value("_n", PYTHON_INT)
    shape = (*array.shape[:axis], extent, *array.shape[axis + 1 :])
    value = replace(array, shape=shape)
    builder.call_into(extent, np.shape, (value,), (("axis", axis),))
    return value


def _carried(
    loop: For | While, state: Iterable[Value], outs: Iterable[Value]
) -> tuple[Carried, ...]:
    ends = zip(loop.carried, state, outs, strict=True)
    return tuple(Carried(entry.phi, init, entry.next, out) for entry, init, out in ends)


# ---- values like others ----


def anew(value: Value, varying: frozenset[Operand] = frozenset()) -> Value:
    """Return a new value like `value`, arrays in C order; extents that vary are new, too."""
    shape = tuple(Value("_n", PYTHON_INT) if e in varying else e for e in value.shape)
    type = Array(value.type.dtype, len(shape)) if is_array(value) else value.type
    return Value(value.name, type, shape)


def ask(builder: Builder, value: Value, like: Value) -> None:
    """Append what asks a value that was made anew for the extents that vary."""
    for axis, (extent, old) in enumerate(zip(value.shape, like.shape, strict=True)):
        if extent is not old and isinstance(extent, Value):
            builder.call_into(extent, np.shape, (value,), (("axis", axis),))


def _asking(builder: Builder, like: Value, varying: frozenset[Operand]) -> Value:
    value = replace(anew(like, varying), type=like.type)
    ask(builder, value, like)
    return value
