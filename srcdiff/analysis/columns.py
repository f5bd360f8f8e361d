"""Which columns of tangents may be other than 0.

The tangents of a Jacobian have an axis more, the last one: a column for each number that it is by.

    theta_dot[r, k]                is 1 where k = r + first, and 0 elsewhere
    about_x_dot[b, k]              is theta_dot[6 + b, k]: columns from 6 on
    rotation_dot[i, j, k]          comes of theta_dot[a, k] for a in range(3): columns 0, 1 and 2

An array has all the columns that any of its rows has, and those up to multiples of four, as loops
over columns are vectors of four. One that is made with other numbers than zeros, or that is read
otherwise than by such loops, may have all. 0 times a number is 0, even if that is infinite.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeGuard

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.build import integer, is_constant, is_zeros
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Alloc,
    Call,
    Const,
    For,
    Function,
    If,
    Increment,
    Index,
    Load,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import asks, has_effect, operands, statements
from srcdiff.words import WIDTH, cast, opaque, radd

Span = tuple[int, int]
"""Columns, from the first one to the one behind the last one."""
END = 2**62
"""Behind the last column, however many there are."""
NONE: Span = (END, 0)
ALL: Span = (0, END)
DEEPEST = 8
"""Calls that are followed to the bounds of an integer."""

OF_ZEROS = frozenset(
    {np.add, np.subtract, np.multiply, np.negative, np.positive, np.absolute, np.sqrt, np.square}
    | {cast, radd}
)
"""What is 0 of zeros, of either sign."""


def widths(function: Function) -> dict[Operand, Operand]:
    """Return the numbers of tangents: the extents that a new array is asked for, and that array.

    Those of other new arrays are known (`transform.jacobians`).
    """
    made = {s.out for s in statements(function.body) if isinstance(s, Alloc)}
    asked = (s for s in function.body.statements if asks(s))
    return {s.out: s.args[0] for s in asked if s.args[0] in made}


def union(left: Span, right: Span) -> Span:
    return min(left[0], right[0]), max(left[1], right[1])


def meet(left: Span, right: Span) -> bool:
    """Say whether two spans have a column in common."""
    return max(left[0], right[0]) < min(left[1], right[1])


def _whole(first: int, last: int) -> Span:
    """Return the vectors that columns `first` to `last` are in."""
    if first < 0:
        return ALL
    return first // WIDTH * WIDTH, END if last >= END else (last // WIDTH + 1) * WIDTH


@dataclass(eq=False)
class Columns:
    """The columns that arrays may have, and the loops over columns."""

    flow: Dataflow
    aliases: Aliases
    loops: list[For] = field(default_factory=list)
    spans: dict[Value, Span] = field(default_factory=dict)
    """By the array that a function makes: `ALL` also where not all of its uses are understood."""
    units: dict[Value, int] = field(default_factory=dict)
    """Unit tangents: what to add to the number of a row to get its column."""
    open: set[Value] = field(default_factory=set)
    """Arrays whose elements somebody reads otherwise than by such loops."""

    def of_access(self, access: Access, loop: For) -> Span:
        """Return the columns of what a loop over columns reads, or writes to."""
        root = self.aliases.root(access.ref)
        if access.indices[-1:] != (loop.index,):
            return ALL
        if root not in self.units:
            return self.spans.get(root, ALL)
        row = self.row(access.ref, self.bounds(access.indices[0]))
        if row is None:
            return ALL
        first, last = (end + self.units[root] for end in row)
        return _whole(first, last)

    def row(self, ref: Value, rows: Span | None) -> Span | None:
        """Return the rows of an array of what are these rows of a view of it, ends included."""
        made = self.flow.definitions[ref].statement
        if rows is not None and rows[0] < 0:
            return None  # which row is counted from the end of a view depends on its extent
        while rows is not None and isinstance(made, View):
            offset = _offset(made)
            rows = None if offset is None else (rows[0] + offset, rows[1] + offset)
            made = self.flow.definitions[made.ref].statement
        return rows

    def is_zero(self, call: Call, zeros: set[Value]) -> bool:
        """Say whether the result of a call is 0, if some values are."""

        def zero(operand: Operand) -> bool:
            return operand in zeros or is_constant(operand, 0)

        match call:
            case Call(function=np.multiply, args=args):
                return any(map(zero, args))
            case Call(function=np.divide, args=(top, _)):
                return zero(top)
            case Call(function=np.where, args=(_, *sides)):
                return all(map(zero, sides))
        return call.function in OF_ZEROS and all(map(zero, call.args))

    def zeros(self, loop: For, span: Span) -> set[Value]:
        """Return the values that are 0 in the iterations of a loop for some columns."""
        found: set[Value] = set()
        for statement in loop.body.statements:
            match statement:
                case Load(out=out):
                    zero = not meet(self.of_access(statement, loop), span)
                case Call(out=out):
                    zero = self.is_zero(statement, found)
                case _:
                    continue
            if zero:
                found.add(out)
        return found

    def cuts(self, loop: For) -> list[int]:
        """Return where the columns of what a loop touches begin and end, from 0 to the last one."""
        spans = [self.of_access(s, loop) for s in loop.body.statements if isinstance(s, Access)]
        ends = {end for span in spans if span != NONE for end in span}
        return sorted(ends | {0, END})

    def pieces(self, loop: For) -> list[Span]:
        ends = self.cuts(loop)
        return list(pairwise(ends))

    def bounds(self, operand: Operand, depth: int = DEEPEST) -> Span | None:
        """Return the least and the greatest value of an integer, `END` if there is none."""
        if isinstance(operand, Const):
            return int(operand.value), int(operand.value)
        made = self.flow.definitions[operand]
        match made.statement:
            case _ if depth == 0:
                return None
            case For(start=start, stop=stop, step=Const(value=1)) if made.kind == "index":
                first, last = self.bounds(start, depth - 1), self.bounds(stop, depth - 1)
                greatest = END if last is None or last[1] >= END else last[1] - 1
                return first and (first[0], greatest)
            case If(joins=joins) if made.kind == "join":
                (join,) = [join for join in joins if join.out is operand]
                sides = [self.bounds(side, depth - 1) for side in (join.then, join.orelse)]
                return None if None in sides else union(*sides)  # type: ignore[arg-type]
            case Call(function=np.shape, args=(Value() as array,), static=((_, axis),)):
                return 0, self.longest(array, axis)
            case Call(function=function, args=args):
                known = [self.bounds(arg, depth - 1) for arg in args]
                return _of_call(function, [each for each in known if each is not None], len(args))
        return None

    def longest(self, array: Value, axis: int) -> int:
        """Return what the extent of an axis is at most, if the array is `x[a:b]`."""
        made = self.flow.definitions[array].statement
        items = made.how.items if isinstance(made, View) and isinstance(made.how, Index) else ()
        if len(items) > axis and all(isinstance(item, Slice) for item in items):
            item = items[axis]
            assert isinstance(item, Slice)
            start = integer(0) if item.start is None else item.start
            match start, item.stop, item.step:
                case Const(value=first), Const(value=end), None if 0 <= first <= end:
                    return int(end - first)
        return END


def _offset(view: View) -> int | None:
    """Return the row of an array that the first row of a view is, if the others follow."""
    item = view.how.items[0] if isinstance(view.how, Index) else None
    if not isinstance(item, Slice) or not (item.step is None or is_constant(item.step, 1)):
        return None
    match item.start:
        case None:
            return 0
        case Const(value=start) if start >= 0:
            return int(start)
    return None


def _of_call(function: object, bounds: list[Span], count: int) -> Span | None:
    """Return the bounds of sums and products of numbers that are not negative."""
    if len(bounds) < count or any(first < 0 for first, _ in bounds):
        return None
    match bounds:
        case [only] if function is opaque:
            return only
        case [(a, b), (c, d)] if function is np.add:
            return a + c, min(END, b + d)
        case [(a, b), (c, d)] if function is np.multiply:
            return a * c, min(END, b * d)
    return None


def columns_of(function: Function) -> Columns | None:
    """Return the columns of the tangents of `function`; None: nothing is known of them."""
    counts = widths(function)
    if not counts:
        return None
    found = Columns(dataflow(function), aliases(function, through_edges=True))
    found.loops = [loop for loop in statements(function.body) if _is_over_columns(loop, counts)]
    _Scan(found).run(function, counts)
    if not found.units:
        return None
    _fill(found)
    return found


def _is_over_columns(statement: Statement, counts: Mapping[Operand, Operand]) -> TypeGuard[For]:
    return (
        isinstance(statement, For)
        and statement.stop in counts
        and is_constant(statement.start, 0)
        and is_constant(statement.step, 1)
        and not statement.carried
        and statement.leave is None
        and statement.trips is None
        and all(map(_is_plain, statement.body.statements))
    )


def _is_plain(statement: Statement) -> bool:
    return isinstance(statement, Call | Access) and not has_effect(statement)


@dataclass(eq=False)
class _Scan:
    """Finds out which arrays are used by loops over columns only, and what else is written."""

    found: Columns
    writers: dict[Value, list[Store | Increment]] = field(default_factory=dict)
    inside: dict[Statement, For] = field(default_factory=dict)
    """The loop over columns that a statement is of."""

    def run(self, function: Function, counts: Mapping[Operand, Operand]) -> None:
        found = self.found
        new = (s.out for s in statements(function.body) if isinstance(s, Alloc))
        ours = [a for a in new if a in counts.values() or (a.shape and a.shape[-1] in counts)]
        roots = set(map(found.aliases.root, ours))
        found.spans = dict.fromkeys(roots, NONE)
        self.inside = {s: loop for loop in found.loops for s in loop.body.statements}
        for root in roots:
            if found.aliases.is_bound(root):
                self.open(root)
        for statement in statements(function.body):
            self.note(statement)
        for result in function.results:
            self.open(result)
        for root, writers in self.writers.items():
            self.note_writers(root, writers)

    def open(self, operand: Operand) -> None:
        if isinstance(operand, Value) and is_array(operand):
            root = self.found.aliases.root(operand)
            if root in self.found.spans:
                self.found.open.add(root)
                self.found.spans[root] = ALL

    def is_of_column(self, access: Access) -> bool:
        """Say whether an access is one of a loop over columns, to the column at hand."""
        loop = self.inside.get(access)
        return loop is not None and access.indices[-1:] == (loop.index,)

    def note(self, statement: Statement) -> None:
        match statement:
            case Alloc(out=out, fill=fill):
                if fill is not None and not is_zeros(statement):
                    self.open(out)
                return
            case View(ref=ref, how=Index(items=items)) if items and _is_full(items[-1]):
                return
            case Load() if self.is_of_column(statement):
                return
            case Store(ref=ref, value=value) | Increment(ref=ref, value=value):
                if not is_array(value):
                    self.writers.setdefault(self.found.aliases.root(ref), []).append(statement)
                    return
        if not asks(statement):
            for operand in operands(statement):
                self.open(operand)

    def note_writers(self, root: Value, writers: list[Store | Increment]) -> None:
        """Note what is written into an array by others than loops over columns."""
        if root not in self.found.spans or root in self.found.open:
            return
        for statement in writers:
            if self.is_of_column(statement):
                continue
            unit = self.unit(statement) if len(writers) == 1 and statement.ref is root else None
            if unit is not None:
                self.found.units[root] = unit
            elif statement.indices:
                last = self.found.bounds(statement.indices[-1])
                span = ALL if last is None else _whole(*last)
                self.found.spans[root] = union(self.found.spans[root], span)
            elif not is_constant(statement.value, 0):
                self.open(root)

    def unit(self, statement: Store | Increment) -> int | None:
        """Return what to add to the row that an element is in to get its column."""
        integers = self.found.flow.integers
        if len(statement.indices) != 2:
            return None
        if not is_zeros(self.found.flow.definitions[statement.ref].statement):
            return None
        (base, row), (other, column) = map(integers.affine, statement.indices)
        return column - row if base is not None and base is other else None


def _is_full(item: object) -> bool:
    return isinstance(item, Slice) and item.start is item.stop is item.step is None


def _fill(found: Columns) -> None:
    """Find the columns of arrays from what is stored into them, until nothing changes."""
    before: dict[Value, Span] = {}
    while before != found.spans:
        before = dict(found.spans)
        for loop in found.loops:
            for span in found.pieces(loop):
                zeros = found.zeros(loop, span)
                for statement in loop.body.statements:
                    if isinstance(statement, Store | Increment):
                        root = found.aliases.root(statement.ref)
                        zero = statement.value in zeros or is_constant(statement.value, 0)
                        if root in found.spans and not zero:
                            found.spans[root] = union(found.spans[root], span)
