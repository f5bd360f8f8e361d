"""Index the array itself instead of a view of it.

    row = View x[i, 1:]
    a = Load row[k]               ->      k' = Call add(k, 1)
    Store row[k] = b                      a = Load x[i, k']
                                          Store x[i, k'] = b

A view that is only indexed is then used by nobody. Numba is slower with views: each one is a
structure whose pointer and strides LLVM has to see through. Where an index may be negative, only
axes that the view leaves whole are looked through. A view that a loop makes only to be asked for
its extents goes, too: they are those of the array, cut as the view is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from typing_extensions import assert_never

from srcdiff.analysis.indices import Indices, indices
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Broadcast,
    Call,
    Const,
    For,
    Function,
    Increment,
    Index,
    Load,
    NewAxis,
    Operand,
    Reshape,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import asks, operands, rewrite, statements

Place = tuple[Value, tuple[Operand, ...]]


def flatten(function: Function) -> Function:
    """Replace element accesses through views of `function` by accesses to what they view."""
    views = {s.out: s for s in statements(function.body) if isinstance(s, View)}
    if not views:
        return function
    work = _Flattener(views, indices(function))
    body = rewrite(function.body, work.statement)
    return replace(function, body=_without(body, function.results, work))


def _without(body: Block, results: tuple[Operand, ...], work: "_Flattener") -> Block:
    """Return a block without the views that loops make and only ask for their extents."""
    loops = [s for s in statements(body) if isinstance(s, For | While)]
    gone = {s.out for loop in loops for s in statements(loop.body) if isinstance(s, View)}
    known = -1
    while len(gone) != known:
        known = len(gone)
        for statement in statements(body):
            made = isinstance(statement, View) and statement.out in gone
            if not (made or asks(statement)):
                gone.difference_update(operands(statement))
        gone.difference_update(results)
        gone = {v for v in gone if work.is_cut(v)}
    if not gone:
        return body

    def change(statement: Statement) -> Sequence[Statement]:
        if isinstance(statement, View) and statement.out in gone:
            return []
        return work.asked(statement) if isinstance(statement, Call) else [statement]

    work.gone = gone
    return rewrite(body, change)


@dataclass(eq=False)
class _Flattener:
    views: dict[Value, View]
    integers: Indices
    gone: set[Value] = field(default_factory=set)
    builder: Builder = field(default_factory=Builder)

    def statement(self, statement: Statement) -> Sequence[Statement]:
        if not isinstance(statement, Load | Store | Increment) or not self.is_element(statement):
            return [statement]
        self.builder = Builder(statement.origin)
        place: Place = (statement.ref, statement.indices)
        while place[0] in self.views:
            outer = self.through(self.views[place[0]], place[1])
            if outer is None:
                break
            place = (self.views[place[0]].ref, outer)
        if place[0] is statement.ref:
            return [statement]
        moved = replace(statement, ref=place[0], indices=place[1])
        return [*self.builder.statements, moved]

    def is_cut(self, value: Value) -> bool:
        """Say whether the extents of a view are known from those of what it views."""
        how = self.views[value].how
        if isinstance(how, Transpose):
            return True
        return isinstance(how, Index) and all(
            _is_cut(item) for item in how.items if isinstance(item, Slice | NewAxis)
        )

    def asked(self, call: Call) -> Sequence[Statement]:
        """Return what asks the array that a view is made of for an extent of the view."""
        if not asks(call) or call.args[0] not in self.gone:
            return [call]
        assert isinstance(call.args[0], Value)
        view, axis = self.views[call.args[0]], dict(call.static)["axis"]
        if isinstance(view.how, Transpose):
            return self.asked(_asking(call.out, view.ref, view.how.axes[axis], call))
        assert isinstance(view.how, Index)
        kept = [(k, item) for k, item in enumerate(view.how.items) if isinstance(item, Slice)]
        place, item = kept[axis]
        return self.cut(call, view.ref, place, item)

    def cut(self, call: Call, ref: Value, axis: int, item: Slice) -> Sequence[Statement]:
        """Return what computes the extent of a slice, as `call` does."""
        start = item.start.value if isinstance(item.start, Const) else 0
        if start == 0 and item.stop is None:
            return self.asked(_asking(call.out, ref, axis, call))
        builder = Builder(call.origin)
        extent: Operand = Value(call.out.name, PYTHON_INT)
        assert isinstance(extent, Value)
        builder.statements += self.asked(_asking(extent, ref, axis, call))
        if item.stop is not None:
            if start == 0:
                builder.call_into(call.out, min, (extent, item.stop), ())
                return builder.statements
            extent = builder.call(min, extent, item.stop, type=PYTHON_INT, shape=())
        rest = builder.fold(np.subtract, extent, integer(start))
        builder.call_into(call.out, max, (rest, integer(0)), ())
        return builder.statements

    def is_element(self, statement: Load | Store | Increment) -> bool:
        """Without indices every element is meant, which is one only if there are no axes."""
        kind = statement.ref.type
        one = bool(statement.indices) or (isinstance(kind, Array) and kind.ndim == 0)
        return one and (isinstance(statement, Load) or not is_array(statement.value))

    def through(self, view: View, given: tuple[Operand, ...]) -> tuple[Operand, ...] | None:
        """Return the indices into what is viewed, None where they are not known."""
        match view.how:
            case Index(items=items):
                return self.indexed(items, list(given))
            case Transpose(axes=axes):
                return tuple(given[axes.index(axis)] for axis in range(len(axes)))
            case Reshape() | Broadcast():
                return None
            case _:
                assert_never(view.how)

    def indexed(self, items: Sequence[object], given: list[Operand]) -> tuple[Operand, ...] | None:
        if not all(self.is_simple(item, given, items) for item in items):
            return None
        result: list[Operand] = []
        for item in items:
            match item:
                case Value() | Const():
                    result.append(item)
                case NewAxis():
                    given.pop(0)
                case Slice(start=start):
                    result.append(self.shifted(given.pop(0), start))
        return tuple(result) if result else None

    def is_simple(self, item: object, given: Sequence[Operand], items: Sequence[object]) -> bool:
        """Say whether an index into a slice is an index into its axis, shifted by a literal."""
        if not isinstance(item, Slice):
            return True
        if item.step is not None and not (isinstance(item.step, Const) and item.step.value == 1):
            return False
        if item.start is None and item.stop is None:
            return True
        kept = [part for part in items if isinstance(part, Slice | NewAxis)]
        start = item.start is None or (isinstance(item.start, Const) and item.start.value >= 0)
        return start and self.integers.is_index(given[kept.index(item)])

    def shifted(self, index: Operand, start: Operand | None) -> Operand:
        if not isinstance(start, Const) or start.value == 0:
            return index
        if isinstance(index, Const):
            return Const(index.value + start.value, PYTHON_INT)
        return self.builder.call(np.add, index, start, type=PYTHON_INT, shape=())


def _asking(out: Value, ref: Value, axis: int, like: Call) -> Call:
    return replace(like, out=out, args=(ref,), static=(("axis", axis),))


def _is_cut(item: Slice | NewAxis) -> bool:
    """Say whether a slice goes from a literal to a literal, or to the end, one by one."""
    if isinstance(item, NewAxis):
        return False
    bounds = (item.start, item.stop)
    literal = all(b is None or (isinstance(b, Const) and b.value >= 0) for b in bounds)
    return literal and (item.step is None or is_constant(item.step, 1))
