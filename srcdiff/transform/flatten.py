"""Index the array itself instead of a view of it.

    row = View x[i, 1:]
    a = Load row[k]               ->      k' = Call add(k, 1)
    Store row[k] = b                      a = Load x[i, k']
                                          Store x[i, k'] = b

A view that is only indexed is then used by nobody. Numba is slower with views: each one is a
structure whose pointer and strides LLVM has to see through. Where an index may be negative, only
axes that the view leaves whole are looked through.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from typing_extensions import assert_never

from srcdiff.analysis.indices import Indices, indices
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Broadcast,
    Const,
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
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import rewrite, statements

Place = tuple[Value, tuple[Operand, ...]]


def flatten(function: Function) -> Function:
    """Replace element accesses through views of `function` by accesses to what they view."""
    views = {s.out: s for s in statements(function.body) if isinstance(s, View)}
    if not views:
        return function
    work = _Flattener(views, indices(function))
    return replace(function, body=rewrite(function.body, work.statement))


@dataclass(eq=False)
class _Flattener:
    views: dict[Value, View]
    integers: Indices
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
