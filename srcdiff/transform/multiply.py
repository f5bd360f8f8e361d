"""Write nested loops that multiply matrices as a product of matrices.

    For i in range(n)
        For s in range(k)                          t = Call product(x, y)
            For j in range(m)                ->    Increment c += t
                Increment c[i, j] += x[i, s] * y[s, j]

Then the adjoints are products as well, and all of them run at the speed of the machine. Each sum is
added up in the order of the loops. What else the loops do stays in loops, before or behind; and of
triangles, the product leaves out what the loops do.
"""

import builtins
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.contractions import Contraction, Nest
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Reordering, Touch, touches
from srcdiff.ir.build import Builder, Static, integer
from srcdiff.ir.layout import view_layout
from srcdiff.ir.nodes import (
    Block,
    Const,
    Derive,
    For,
    Function,
    Guard,
    Increment,
    Index,
    Load,
    Operand,
    Slice,
    Statement,
    Value,
    While,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import blocks, clone, has_effect, renewed, rewrite, statements
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.vectorise import is_below
from srcdiff.words import product

SHORT = 16
"""The least number of iterations, where it is known, that are worth a product."""
NEAR = 4
"""Rows or columns of which nothing is read, rather than to take a slice."""
MOST = 8
"""Products that are looked for in one nest, one after the other."""


def multiply(function: Function) -> Function:
    """Replace loops of `function` that multiply matrices by products."""
    for _ in range(MOST):
        new = _once(function)
        if new is function:
            return function
        function = eliminate(new)
    return function


def _once(function: Function) -> Function:
    """Return a function with one product more in each outermost nest, if there is any."""
    if not any(_is_deep(s) for s in function.body.statements):
        return function
    flow = dataflow(function)
    order = Reordering(flow, memory(function))
    result: list[Statement] = []
    for statement in function.body.statements:
        if isinstance(statement, For) and _is_deep(statement):
            result += _Nest(flow, order, statement).statements()
        else:
            result.append(statement)
    body = renewed(function.body, result)
    return function if body is function.body else replace(function, body=body)


def _is_deep(statement: Statement, depth: int = 3) -> bool:
    """Say whether a statement is a nest of three loops or more."""
    if not isinstance(statement, For):
        return False
    return depth == 1 or any(_is_deep(s, depth - 1) for s in statement.body.statements)


@dataclass(eq=False)
class _Nest:
    """One outermost nest."""

    flow: Dataflow
    order: Reordering
    loop: For
    touches: dict[Statement, Touch] = field(default_factory=dict)

    def statements(self) -> list[Statement]:
        """Return the nest, or with a product in place of a part of it."""
        nest = Nest(self.flow, self.loop)
        found = [c for c in nest.contractions() if self.is_worth_it(c)]
        if not found or not self.is_open():
            return [self.loop]
        body = self.loop.body
        self.touches = {touch.statement: touch for touch in touches(body, body.statements)}
        for each in found:
            goes_first = self.may_go(each, first=True)
            if goes_first or (isinstance(each.statement, Increment) and self.may_go(each)):
                builder = Builder(each.statement.origin)
                rest = _Product(self.flow, each, builder).rest(self.loop)
                made = builder.statements
                return [*made, *rest] if goes_first else [*rest, *made]
        return [self.loop]

    def is_worth_it(self, each: Contraction) -> bool:
        types = {factor.type.dtype for pair in each.pairs for factor in pair}
        if isinstance(each.statement, Increment):
            types.add(each.statement.ref.type.dtype)
        real = types in ({np.dtype(np.float64)}, {np.dtype(np.float32)})
        return real and not any(is_below(s, SHORT) for s in (each.row, each.column, each.over))

    def is_open(self) -> bool:
        """Say whether a part of the nest may be done before the rest of it, or after it."""
        for statement in statements(self.loop.body):
            match statement:
                case Guard() | While() | Derive():
                    return False
                case For(leave=leave, trips=trips) if leave is not None or trips is not None:
                    return False
            if has_effect(statement):
                return False
        return self.loop.leave is None and self.loop.trips is None

    # ---- the order of what meets ----

    def may_go(self, each: Contraction, *, first: bool = False) -> bool:
        """Say whether a product may be done in front of all else in the nest, or behind it."""
        inside = {*each.made}
        if isinstance(each.statement, For):
            inside |= {*each.statement.body.statements}
        own = [s for s in inside if isinstance(s, Load | Increment)]
        moved = {s for s in own if isinstance(s, Increment) or self.is_used_in(s, inside)}
        mine = [self.touches[s] for s in own]
        roots = frozenset(self.root(s) for s in own)
        for statement in statements(self.loop.body):
            if statement in moved or blocks(statement):
                continue
            touch = self.touches.get(statement)
            if touch is None:
                known = self.order.memory
                if roots & (known.reads(statement) | known.writes(statement)):
                    return False
                continue
            both = [(touch, own) if first else (own, touch) for own in mine]
            if any(self.order.may_precede(*pair, self.loop) for pair in both):
                return False
        writes, reads = ([t for t in mine if t.writes is one] for one in (True, False))
        pairs = ((one, other) for one in writes for other in reads)
        return not any(self.order.may_precede(*pair, self.loop) for pair in pairs)

    def is_used_in(self, load: Load, inside: set[Statement]) -> bool:
        return all(use.statement in inside for use in self.flow.uses.get(load.out, ()))

    def root(self, access: Load | Increment) -> Value:
        return self.order.memory.root(access.ref)


@dataclass(eq=False)
class _Product:
    """The statements that take the place of a contraction."""

    flow: Dataflow
    each: Contraction
    made: Builder
    sizes: dict[tuple[Operand | None, int], Operand] = field(default_factory=dict)
    """The number of iterations of loops, by where they end."""
    parts: dict[tuple[Operand | None, ...], Value] = field(default_factory=dict)
    """The views of parts of matrices that have been made."""

    def rest(self, loop: For) -> list[Statement]:
        """Append the product, and what is done with it; return what is left of a nest."""
        each, total = self.each, self.total()
        if isinstance(each.statement, Increment):
            self.add(each.statement, total)
            new: list[Statement] = []
        else:
            builder = Builder(each.statement.origin)
            index = (each.row.index, each.column.index)
            if each.is_negative:
                element = builder.load(total, index)
                builder.call_into(each.out, np.negative, (element,), ())
            else:
                builder.append(Load(each.out, total, index, builder.origin))
            new = builder.statements
        return _changed(loop, each.statement, new)

    # ---- the product ----

    def total(self) -> Value:
        """Append the product; return the matrix of all sums."""
        each = self.each
        is_turned = self.is_slanted(each.over, each.column)
        factors: list[Value] = []
        for pair in each.pairs:
            left = self.matrix(pair[0], each.row, each.over)
            right = self.matrix(pair[1], each.over, each.column)
            both = (left, right)
            if is_turned:
                both = (
                    self.made.transposed(right, right.name),
                    self.made.transposed(left, left.name),
                )
            factors += both
        # The terms that there are for each row, and the elements that are asked for.
        terms = self.band("first", "last", each.column if is_turned else each.row, each.over)
        static = terms + self.band("lowest", "highest", each.row, each.column)
        shape, type = (factors[0].shape[0], factors[1].shape[1]), Array(factors[0].type.dtype, 2)
        out = self.made.call(product, *factors, type=type, shape=shape, static=static)
        return self.made.transposed(out, out.name) if is_turned else out

    def band(self, least: str, greatest: str, row: For, column: For) -> Static:
        """Return where a band begins or ends, if there is one: the column minus the row."""
        slope = self.each.slope
        if slope is None or not self.is_slanted(row, column):
            return ()
        if slope.loop is column:
            return ((least, slope.offset),) if slope.is_start else ((greatest, slope.offset - 1),)
        return ((greatest, -slope.offset),) if slope.is_start else ((least, 1 - slope.offset),)

    def is_slanted(self, one: For, other: For) -> bool:
        """Say whether one of two loops begins or ends at the index of the other one."""
        slope = self.each.slope
        return slope is not None and {slope.loop, slope.other} == {one, other}

    # ---- its factors ----

    def matrix(self, operand: Operand, first: For, second: For) -> Value:
        """Return the matrix of the values that a factor has in two loops."""
        load = self.plain(operand, first, second)
        if load is None or self.is_slanted(first, second):
            return self.stored(operand, first, second)
        loops = (first, second) if load.indices[0] is first.index else (second, first)
        sizes = tuple(map(self.size, loops, load.ref.shape))
        whole = [self.is_equal(*pair) for pair in zip(sizes, load.ref.shape, strict=True)]
        matrix = load.ref
        if not all(whole):
            assert isinstance(matrix.type, Array)
            stops = [None if is_whole else n for is_whole, n in zip(whole, sizes, strict=True)]
            key = (matrix, *stops)
            if key not in self.parts:
                how = Index(tuple(Slice(None, stop, None) for stop in stops))
                type = Array(matrix.type.dtype, 2, view_layout(matrix.type, how))
                view = self.made.view(matrix, how, type, sizes, matrix.name)
                self.parts[key] = view
            matrix = self.parts[key]
        return matrix if loops == (first, second) else self.made.transposed(matrix, matrix.name)

    def plain(self, operand: Operand, first: For, second: For) -> Load | None:
        """Return the load of a factor that is an element of a matrix, at the indices of loops."""
        load = self.flow.definitions[operand].statement if isinstance(operand, Value) else None
        if not isinstance(load, Load) or len(load.indices) != 2:
            return None
        one, other = load.indices
        found = {one, other} == {first.index, second.index}
        return load if found else None

    def stored(self, operand: Operand, first: For, second: For) -> Value:
        """Append loops that store the values of a factor; what they leave out is 0."""
        shape = (self.size(first), self.size(second))
        out = self.made.zeros(shape, operand.type.dtype, name="factor")
        inner = Builder(self.made.origin)
        inner.statements += self.each.parts
        inner.store(out, (first.index, second.index), operand)
        self.made.append(self.nest((first, second), inner.block()))
        return out

    def add(self, increment: Increment, total: Value) -> None:
        """Append what adds the sums to where they belong."""
        each, ref = self.each, increment.ref
        loops = (each.row, each.column)
        whole = all(map(self.flow.integers.covers, loops, ref.shape))
        if whole and all(map(self.is_equal, total.shape, ref.shape)):
            value = self.made.call(np.negative, total) if each.is_negative else total
            self.made.increment(ref, (), value)
            return
        inner = Builder(self.made.origin)
        index = (each.row.index, each.column.index)
        element: Operand = inner.load(total, index)
        if each.is_negative:
            element = inner.call(np.negative, element)
        inner.increment(ref, index, element)
        self.made.append(self.nest(loops, inner.block()))

    # ---- loops ----

    def nest(self, loops: tuple[For, For], body: Block) -> For:
        """Return a copy of two loops, one in the other, with another body."""
        slope = self.each.slope
        is_slanted = self.is_slanted(*loops)
        outer, inner = (slope.other, slope.loop) if slope is not None and is_slanted else loops
        index = {loop: Value(loop.index.name, loop.index.type) for loop in loops}
        around = Builder(self.made.origin)
        start, stop = self.ends(inner)
        if slope is not None and is_slanted:
            bound = around.fold(np.add, index[outer], integer(slope.offset))
            start, stop = (bound, stop) if slope.is_start else (start, bound)
        mapping: dict[Value, Operand] = {loop.index: index[loop] for loop in loops}
        one = integer(1)
        content = clone(body, mapping)
        around.append(For(index[inner], start, stop, one, (), content, origin=inner.origin))
        start, stop = self.ends(outer)
        return For(index[outer], start, stop, one, (), around.block(), origin=outer.origin)

    def ends(self, loop: For) -> tuple[Operand, Operand]:
        """Return where a loop begins and ends, whatever the other loops are at."""
        slope = self.each.slope
        if slope is None or slope.loop is not loop:
            return loop.start, loop.stop
        if slope.is_start:
            assert isinstance(slope.other.start, Const)
            return integer(slope.other.start.value + slope.offset), loop.stop
        return loop.start, self.made.fold(np.add, slope.other.stop, integer(slope.offset - 1))

    def size(self, loop: For, extent: Operand | None = None) -> Operand:
        """Return how long an axis is that a loop goes along: an extent that is hardly longer."""
        if loop is self.each.over:
            sides = [
                (self.plain(factor, *loops), side)
                for left, right in self.each.pairs
                for factor, loops, side in (
                    (left, (self.each.row, loop), self.each.row),
                    (right, (loop, self.each.column), self.each.column),
                )
            ]
            extents = (
                load.ref.shape[load.indices.index(loop.index)]
                for load, side in sides
                if load is not None and not self.is_slanted(loop, side)
            )
        else:
            extents = (each for each in (extent,) if each is not None)
        near = next((extent for extent in extents if self.is_near(loop, extent)), None)
        if near is not None:
            return near
        stop = self.ends(loop)[1]
        key = self.flow.integers.affine(stop)
        if key not in self.sizes:
            known = self.flow.integers.is_index(stop)
            self.sizes[key] = stop if known else self.made.fold(builtins.max, stop, integer(0))
        return self.sizes[key]

    def is_near(self, loop: For, extent: Operand) -> bool:
        """Say whether a loop goes to the end of an axis, or nearly, where nothing more is read.

        That is so where the loop ends at the index of another one, for all iterations of that. Two
        pairs of factors have the same shapes.
        """
        slope, stop, less = self.each.slope, loop.stop, 0
        ends_before = slope is not None and slope.loop is loop and not slope.is_start
        if slope is not None and ends_before:
            stop, less = slope.other.stop, 1 - slope.offset
        base, offset = self.flow.integers.affine(stop)
        other, end = self.flow.integers.affine(extent)
        most = NEAR if ends_before and len(self.each.pairs) == 1 else 0
        return base is other and 0 <= end - offset + less <= most

    def is_equal(self, one: Operand, other: Operand) -> bool:
        return self.flow.integers.affine(one) == self.flow.integers.affine(other)


def _changed(loop: For, old: Statement, new: list[Statement]) -> list[Statement]:
    """Return a nest with other statements in place of one, without loops that do nothing."""

    def change(statement: Statement) -> list[Statement]:
        if statement is old:
            return new
        if isinstance(statement, For) and not statement.body.statements + statement.carried:
            return []
        return [statement]

    return [*rewrite(Block((loop,)), change).statements]
