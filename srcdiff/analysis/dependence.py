"""Which element is touched when: may a read meet a later write?

    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]         reads row k; later iterations of k write the rows behind it

A read comes before a write either in the same iteration of all loops around both, or in an earlier
iteration of one of them, the `carrier`, with the same iterations outside of it. What is defined in
the carrier is then another number for the read than for the write: an *instance* is a value and
whether it is that of the earlier iteration. The two meet if all indices are equal; that this is
impossible is shown from bounds of counters (`analysis.linear`), where no index is negative.
"""

import builtins
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.indices import Indices
from srcdiff.analysis.linear import Linear, contradictory, linear, variable
from srcdiff.ir.build import extents, is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    If,
    Index,
    Item,
    NewAxis,
    Operand,
    Slice,
    Statement,
    Transpose,
    Value,
    View,
    While,
)
from srcdiff.ir.types import INT64
from srcdiff.ir.walk import blocks

DEEPEST = 24
"""Calls of additions that are followed to the values that an integer is made of."""
Place = tuple[Linear | None, ...]
"""The index at each axis of the memory itself; None: any."""
Forms = tuple[Linear, ...]

COMPARISONS: dict[Callable[..., Any], Callable[[Linear, Linear], Linear]] = {
    np.less: lambda left, right: right - left - 1,
    np.less_equal: lambda left, right: right - left,
    np.greater: lambda left, right: left - right - 1,
    np.greater_equal: lambda left, right: left - right,
}
"""What is not negative where a comparison of integers holds."""


@dataclass(frozen=True, eq=False)
class Access:
    """The elements `ref[indices]`, without indices all of them, before a statement of a block."""

    ref: Value
    indices: tuple[Operand, ...]
    block: Block
    position: int


@lru_cache(maxsize=4)
def dependence_of(flow: Dataflow) -> "Dependence":
    """Return what answers questions about the accesses of a function."""
    return Dependence(flow)


@dataclass(eq=False)
class Dependence:
    """Answers about the accesses of one function."""

    flow: Dataflow
    forms: dict[Value, Linear] = field(default_factory=dict)
    known: dict[Value, Forms] = field(default_factory=dict)
    """What is never negative because of what a value is."""
    held: dict[Block, Forms] = field(default_factory=dict)
    """What is not negative in a block."""
    natural: dict[Linear, bool] = field(default_factory=dict)
    places: dict[tuple[Any, ...], Place] = field(default_factory=dict)
    inner: dict[Statement, set[Block]] = field(default_factory=dict)
    met: dict[tuple[Any, ...], bool] = field(default_factory=dict)
    elements: dict[Value, Forms] = field(default_factory=dict)
    """What stands for any element of a slice, with what is not negative of it."""

    @property
    def indices(self) -> Indices:
        return self.flow.integers

    def loops(self, block: Block) -> list[For | While]:
        """Return the loops around a block, the innermost first."""
        around = [s for _, _, s in self.flow.ancestors(block)]
        return [s for s in around if isinstance(s, For | While)]

    def precedes(self, read: Access, write: Access) -> bool:
        """Say whether a read comes before a write in one iteration of all loops around both."""
        ways = [self._way(access) for access in (read, write)]
        block, start = next(pair for pair in ways[0].items() if pair[0] in ways[1])
        end = ways[1][block]
        if start == end and block is not read.block:
            statement = block.statements[start]
            return isinstance(statement, While) and statement.head in ways[0]
        return start <= end

    def _way(self, access: Access) -> dict[Block, int]:
        """Return the position of an access in each block around it, inside out."""
        around = {block: position for block, position, _ in self.flow.ancestors(access.block)}
        return {access.block: access.position, **around}

    def meet(
        self,
        read: Access,
        write: Access,
        carrier: For | While | None,
        more: tuple[Linear, ...] = (),
    ) -> bool:
        """Say whether both may touch an element, the read in an earlier iteration of `carrier`.

        `more` is known to be >= 0, in instances (see above).
        """
        key = (self.place(read), self.place(write), carrier, more)
        if key not in self.met:
            self.met[key] = self._meet(*key)
        return self.met[key]

    def _meet(
        self, read: Place, write: Place, carrier: For | While | None, more: tuple[Linear, ...]
    ) -> bool:
        sides = [
            (one, self._earlier(other, carrier))
            for one, other in zip(write, read, strict=True)
            if one is not None and other is not None
        ]
        if not sides:
            return True
        ordered = [*more, *(self._order(carrier) if carrier is not None else ())]
        known = self._facts([*chain(*sides), *ordered], carrier)
        return not contradictory([*ordered, *known], [one - other for one, other in sides])

    # ---- places ----

    def place(self, access: Access) -> Place:
        """Return the indices of an access into the memory that its reference is a view of."""
        key = (access.ref, access.indices, access.block)
        if key not in self.places:
            known = self.conditions(access.block)
            self.places[key] = self._place(access.ref, access.indices, known)
        return self.places[key]

    def _place(self, ref: Value, indices: tuple[Operand, ...], known: Forms) -> Place:
        if indices:
            pairs = zip(indices, ref.shape, strict=True)
            place: Place = tuple(self._index(index, extent, known) for index, extent in pairs)
        else:
            place = (None,) * len(ref.shape)
        definition = self.flow.definitions[ref]
        while isinstance(definition.statement, View):
            # What holds at the access may not hold where the view was made.
            place = self._seen_through(definition.statement, place)
            definition = self.flow.definitions[definition.statement.ref]
        return place

    def _index(self, index: Operand, extent: Operand, known: Forms = ()) -> Linear | None:
        """Return an index as it counts from the start of its axis, if that is known.

        A literal that counts from the end does so within the axis, else it is an error. So is the
        last element of an axis that has none.
        """
        form = self.form(index)
        if not form.terms and form.constant < 0:
            return form + self.form(extent)
        if form == self.form(extent) + -1:
            return form
        return form if self._is_natural(form, known) else None

    def is_natural(self, index: Operand) -> bool:
        """Say whether an integer is surely not negative."""
        return self._is_natural(self.form(index))

    def _is_natural(self, form: Linear, known: Forms = ()) -> bool:
        """Say whether a form is surely not negative, where those in `known` are not either."""
        if not form.terms:
            return form.constant >= 0
        if known:
            return self.never([-form - 1, *known])
        if form not in self.natural:
            self.natural[form] = self.never([-form - 1])
        return self.natural[form]

    def _seen_through(self, view: View, place: Place) -> Place:
        """Return the place in the array that a view is of."""
        unknown: list[Linear | None] = [None] * len(view.ref.shape)
        match view.how:
            case Transpose(axes=axes):
                for axis, index in zip(axes, place, strict=True):
                    unknown[axis] = index
                return tuple(unknown)
            case Index(items=items):
                return tuple(self._through(items, view.ref.shape, place))
        return tuple(unknown)

    def _through(
        self, items: Sequence[Item], shape: Sequence[Operand], place: Place
    ) -> Iterator[Linear | None]:
        seen, sizes = iter(place), iter(shape)
        for item in items:
            match item:
                case NewAxis():
                    next(seen)
                case Slice():
                    yield self._sliced(item, next(sizes), next(seen))
                case Value() | Const():
                    yield self._index(item, next(sizes))

    def _sliced(self, item: Slice, extent: Operand, index: Linear | None) -> Linear | None:
        """Return where an index into a slice is in the axis itself."""
        if not (item.step is None or is_constant(item.step, 1)):
            return None
        if index is None:
            return self._any_of(item, extent)
        if item.start is None:
            return index
        start = self.form(item.start)
        return index + start if self._is_natural(start) else None

    def _any_of(self, item: Slice, extent: Operand) -> Linear:
        """Return what stands for an element of a slice, whichever it is."""
        value = Value("element", INT64)
        element = self.forms[value] = variable((value, False))
        start = None if item.start is None else self._index(item.start, extent)
        stop = self.form(extent) if item.stop is None else self._index(item.stop, extent)
        low = [element] if start is None else [element, element - start]
        self.elements[value] = tuple(low if stop is None else [*low, stop - element - 1])
        return element

    # ---- conditions ----

    def conditions(self, block: Block) -> Forms:
        """Return what is not negative in a block because of the branches around it."""
        if block not in self.held:
            self.held[block] = tuple(self._conditions(block))
        return self.held[block]

    def _conditions(self, block: Block) -> Iterator[Linear]:
        for outer, _, statement in self.flow.ancestors(block):
            if isinstance(statement, If):
                yield from self.implied(statement.condition, truth=block is statement.then)
            block = outer

    def implied(self, condition: Operand, *, truth: bool) -> Iterator[Linear]:
        """Iterate over what is not negative where a condition is true, or is not."""
        if not isinstance(condition, Value):
            return
        call = self.flow.definitions[condition].statement
        if not isinstance(call, Call):
            return
        if call.function is (np.logical_and if truth else np.logical_or):
            for arg in call.args:
                yield from self.implied(arg, truth=truth)
        elif call.function is np.logical_not:
            yield from self.implied(call.args[0], truth=not truth)
        elif call.function in COMPARISONS and all(map(_is_integer, call.args)):
            left, right = map(self.form, call.args)
            more = COMPARISONS[call.function](left, right)
            yield more if truth else -more - 1

    # ---- forms ----

    def form(self, operand: Operand, deepest: int = DEEPEST) -> Linear:
        """Return an integer as a sum of values, each in the iteration of the write."""
        if isinstance(operand, Const):
            return Linear((), int(operand.value))
        if operand not in self.forms:
            found = self._sum(self.indices.calls.get(operand), deepest)
            self.forms[operand] = variable((operand, False)) if found is None else found
        return self.forms[operand]

    def _sum(self, call: Call | None, deepest: int) -> Linear | None:
        if call is None or call.out.type.dtype != INT64.dtype or deepest == 0:
            return None
        if any(arg.type.dtype != INT64.dtype or extents(arg) for arg in call.args):
            return None
        parts = [self.form(arg, deepest - 1) for arg in call.args]
        match call.function, parts:
            case np.add, [left, right]:
                return left + right
            case np.subtract, [left, right]:
                return left - right
            case np.negative, [only]:
                return -only
            case np.multiply, [left, right] if not right.terms:
                return left * right.constant
            case np.multiply, [left, right] if not left.terms:
                return right * left.constant
        return None

    def _earlier(self, form: Linear, carrier: For | While | None) -> Linear:
        """Return a form in the earlier iteration of `carrier`."""
        if carrier is None:
            return form
        terms = {}
        for (value, _), factor in form.terms:
            terms[value, self.is_inside(value, carrier)] = factor
        return linear(terms, form.constant)

    def is_within(self, index: Operand, extent: Operand, known: Forms = ()) -> bool:
        """Say whether an index surely denotes an element of an axis of this extent.

        What is `known` is not negative.
        """
        form = self._index(index, extent, known)
        if form is None or not self._is_natural(form, known):
            return False
        return self.never([form - self.form(extent), *known])

    def never(self, forms: Sequence[Linear]) -> bool:
        """Say whether forms are surely not all >= 0 at once."""
        return contradictory([*forms, *self._facts(forms, None)])

    def is_inside(self, value: Value, loop: For | While) -> bool:
        """Say whether a value is defined in a loop; any element is another one each time."""
        if value in self.elements:
            return True
        if loop not in self.inner:
            self.inner[loop] = set(_blocks(loop))
        return self.flow.definitions[value].block in self.inner[loop]

    # ---- what is known about values ----

    def _order(self, carrier: For | While) -> Iterator[Linear]:
        """Iterate over what tells an iteration of `carrier` from an earlier one."""
        if isinstance(carrier, For) and isinstance(carrier.step, Const):
            yield ahead(carrier.index, carrier.step.value)
        for entry in carrier.carried:
            if entry.phi in self.indices.entries:
                step = self.form(entry.next) - self.form(entry.phi)
                if not step.terms and step.constant:
                    yield ahead(entry.phi, step.constant)

    def _facts(self, forms: Sequence[Linear], carrier: For | While | None) -> list[Linear]:
        """Return what is known to be >= 0 of the values in `forms`, and of those in that."""
        facts: list[Linear] = []
        pending = [term for form in forms for term, _ in form.terms]
        seen = set()
        while pending:
            term = pending.pop()
            if term in seen:
                continue
            seen.add(term)
            value, earlier = term
            for fact in self.about(value):
                if earlier:
                    fact = self._earlier(fact, carrier)
                facts.append(fact)
                pending += [other for other, _ in fact.terms]
        return facts

    def about(self, value: Value) -> Forms:
        """Return forms that are never negative because of what a value is."""
        if value in self.elements:
            return self.elements[value]
        if value not in self.known:
            self.known[value] = tuple(self._about(value))
        return self.known[value]

    def _about(self, value: Value) -> Iterator[Linear]:
        loop, this = self.indices.counters.get(value), self.form(value)
        if loop is not None:
            yield from self._of_counter(loop, this)
            return
        call = self.indices.calls.get(value)
        parts = [self.form(arg) for arg in call.args if not extents(arg)] if call else []
        match call.function if call else None, parts:
            case builtins.max | np.maximum, _:
                yield from (this - part for part in parts)
            case builtins.min | np.minimum, _:
                yield from (part - this for part in parts)
            case np.floor_divide, [part, Linear(terms=(), constant=size)] if size > 0:
                yield part - this * size
                yield this * size + (size - 1) - part
            case np.remainder, [_, Linear(terms=(), constant=size)] if size > 0:
                yield this
                yield -this + (size - 1)
            case _:
                lower = self.indices.lower(value)
                if lower is not None:
                    yield this - lower

    def _of_counter(self, loop: For, this: Linear) -> Iterator[Linear]:
        if not isinstance(loop.step, Const):
            return
        start, stop = self.form(loop.start), self.form(loop.stop)
        if loop.step.value > 0:
            yield this - start
            yield stop - this - 1
        else:
            yield start - this
            yield this - stop - 1


def _is_integer(operand: Operand) -> bool:
    return operand.type.dtype == INT64.dtype and not extents(operand)


def ahead(value: Value, step: int) -> Linear:
    """Return what is >= 0 because `value` has taken at least one such step since."""
    way = variable((value, False)) - variable((value, True))
    return way - step if step > 0 else -way + step


def _blocks(statement: Statement) -> Iterator[Block]:
    for block in blocks(statement):
        yield block
        for inner in block.statements:
            yield from _blocks(inner)
