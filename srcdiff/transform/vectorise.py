"""Call elementary functions that vectorise, in loops that nothing else keeps from vectors.

    For i in range(n), carried s           For low in range(0, n, 64), carried s
        e = Call exp(x[i])                     For lane in range(min(64, n - low))
        s'' = Call add(s', e)      ->              Store part[lane] = vector_exp(x[low + lane])
                                               For lane in ..., carried s
                                                   s'' = Call add(s', part[lane])

Numba's own calls, of libm, keep a loop from being vectorised, and ours are several times faster in
one that is; in scalar code libm is faster. The user's sums keep the order of their additions, which
no vector code has: they are added up behind each strip of iterations. Sums of adjoints have no
order (`reassociate`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.indices import Indices
from srcdiff.analysis.loops import additions, independence, writes_apart
from srcdiff.analysis.memory import memory
from srcdiff.ir.build import Builder, constant, integer, is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import all_definitions, blocks, map_blocks, renewed, substitute_block
from srcdiff.runtime import vecmath
from srcdiff.transform.gather import MARGIN, Gather, Row, Stencils, Stretch, without
from srcdiff.transform.strips import Counter, placed
from srcdiff.transform.sums import runs
from srcdiff.words import cast, radd

STRIP = 64
STENCIL = 256
"""The length of a strip whose increments wait: each row that it adds to costs a loop."""

EASY_POWERS = (-1, 0.5, 1, 2, 3)
"""LLVM makes a product, a quotient or a square root of these."""

FEWEST = 8
"""The least number of iterations, where it is known, that are worth a vector."""

MUCH = 16
"""The least number of statements beside a user's sum that do not fit into the time of its addition.

Its additions wait for each other, four cycles each; so little more costs nothing there. A quotient
takes as long as an addition.
"""
SLOW = frozenset({np.divide, np.sqrt})

PLAIN = frozenset(
    {np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.absolute, np.sqrt}
    | {np.square, np.reciprocal, np.maximum, np.minimum, np.where, np.power, np.sign, np.copysign}
    | {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {np.logical_and, np.logical_or, np.logical_not, np.shape, np.floor, cast, radd, max, min}
)
"""What LLVM vectorises."""

CHOICES: frozenset[Callable[..., Any]] = frozenset({min, max})
"""What it vectorises where nothing keeps the order of what is compared."""


def vectorise(function: Function) -> Function:
    """Change the innermost loops of `function` that can be vectorised but for libm."""
    flow = dataflow(function)
    stencils = Stencils(memory(function), flow.integers)
    work = _Vectoriser(flow, aliases(function), flow.integers, stencils)
    return replace(function, body=work.block(function.body))


def replaces(call: Call) -> Callable[..., Any] | None:
    """Return the function of ours that a call can go to, None if there is none."""
    types = {operand.type.dtype for operand in (call.out, *call.args)}
    if len(types) > 1 or any(map(is_array, (call.out, *call.args))):
        return None
    if call.function is np.power and is_constant(call.args[1], *EASY_POWERS):
        return None
    return vecmath.VECTOR.get(call.function)


@dataclass(eq=False)
class _Vectoriser:
    flow: Dataflow
    aliases: Aliases
    integers: Indices
    stencils: Stencils
    rooms: dict[tuple[Any, ...], Value] = field(default_factory=dict)
    """Arrays for what is kept of a stretch: loops that follow each other share them."""
    before: dict[Statement, list[Statement]] = field(default_factory=dict)
    """What goes in front of a statement."""
    around: list[tuple[Block, Statement]] = field(default_factory=list)
    """Where the walk is, from outside in."""

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            self.around.append((block, statement))
            new = self.statement(statement)
            self.around.pop()
            result += [*self.before.get(statement, ()), *new]
        return renewed(block, result)

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and self.can_gain(statement):
            rows = self.stencils.rows(statement)
            if self.gains(statement, rows):
                return self.changed(statement, rows)
        return [map_blocks(statement, self.block)] if blocks(statement) else [statement]

    def changed(self, loop: For, rows: list[Row]) -> list[Statement]:
        strict = [entry for entry in loop.carried if self.is_strict(entry)]
        loop = replace(loop, body=Block(tuple(map(with_ours, loop.body.statements))))
        if strict or not rows:
            return [self.strips(loop, strict, rows)] if strict else [loop]
        place = self.known(loop.stop)
        if place is not None and isinstance(loop.start, Const) and all(map(self.is_one_of, rows)):
            return self.whole(loop, loop.start.value, rows, place)
        return [self.strips(loop, strict, rows)]

    def is_one_of(self, row: Row) -> bool:
        """Say whether a loop around goes over rows; a single one may be too long to wait whole."""
        bases = (self.integers.affine(place)[0] for place in row.places)
        return any(base in self.integers.counters for base in bases)

    def known(self, operand: Operand) -> tuple[Block, Statement] | None:
        """Return the outermost place around the loop at hand where a value is known."""
        home = self.flow.definitions[operand].block if isinstance(operand, Value) else None
        passed: set[Block | None] = {None}
        for block, statement in self.around[:-1]:
            passed.add(block)
            if home in passed:
                return block, statement
        return None

    def can_gain(self, loop: For) -> bool:
        """Say whether all that a loop does can be part of vector code."""
        if loop.trips is not None or not is_constant(loop.step, 1) or is_below(loop, FEWEST):
            return False
        return all(map(is_simple, loop.body.statements))

    def gains(self, loop: For, rows: list[Row]) -> bool:
        """Say whether a loop calls functions that we have, or adds to neighbours, in any order.

        So does one that adds up a sum of the user's, and does much beside that.
        """
        ours = (isinstance(s, Call) and replaces(s) is not None for s in loop.body.statements)
        branches = any(isinstance(s, If) for s in loop.body.statements)
        if not rows and (branches or not (any(ours) or self.is_mixed(loop))):
            return False
        found = independence(loop, self.flow, self.aliases)
        apart = writes_apart(without(loop, rows), self.flow, self.aliases)
        return found.holds and not found.counters and apart

    def is_mixed(self, loop: For) -> bool:
        """Say whether an order of the user's keeps much from vector code that has none."""
        strict = [entry for entry in loop.carried if self.is_strict(entry)]
        stores = any(isinstance(s, Store | Increment) for s in loop.body.statements)
        beside = stores or len(strict) < len(loop.carried)
        work = (
            4 if isinstance(s, Call) and s.function in SLOW else 1 for s in loop.body.statements
        )
        return bool(strict) and beside and sum(work) >= MUCH

    def whole(
        self, loop: For, start: int, rows: list[Row], place: tuple[Block, Statement]
    ) -> list[Statement]:
        """Return a loop whose increments wait until it is over, and the loops that make them."""
        made = Builder(loop.origin)

        def room(dtype: Any, number: int) -> Value:
            key = (dtype, number, start, self.integers.affine(loop.stop), place[0])
            if key not in self.rooms:
                count = made.fold(np.subtract, loop.stop, integer(start))
                if start > 0 or not self.integers.is_index(loop.stop):
                    count = made.fold(max, count, integer(0))
                length = made.fold(np.add, count, integer(2 * MARGIN))
                self.rooms[key] = made.zeros((length,), dtype, "_part")
            return self.rooms[key]

        gather = Gather(rows, self.flow, self.integers, room, loop.index)
        body = without(loop, rows).body.statements
        body = (*body, *gather.stores(loop.index, start))
        after, wide = Builder(loop.origin), Builder(loop.origin)
        for row in rows:
            builder = wide if row.spread else after
            gather.append(builder, row, Stretch(start, loop.stop))
        if wide.statements:
            # Beside no iterations there may be no elements.
            after.append(If(runs(after, loop), wide.block(), Block(), (), loop.origin))
        self.before.setdefault(place[1], []).extend(made.statements)
        return [replace(loop, body=Block(body)), *after.statements]

    def is_strict(self, entry: Carried) -> bool:
        """Say whether the order of a sum is the user's."""
        return any(call.function is not radd for call in self.terms(entry))

    def terms(self, entry: Carried) -> list[Call]:
        return additions(entry.phi, entry.next, self.flow) or []

    def strips(self, loop: For, strict: list[Carried], rows: list[Row]) -> For:
        """Return a loop over strips: a loop over each, and loops that add up its terms."""
        free = [entry for entry in loop.carried if entry not in strict]
        low, lane, again = (Value(name, PYTHON_INT) for name in ("_low", "_lane", "_lane"))
        length = STENCIL if rows else STRIP
        outer, sums = Builder(loop.origin), Builder(loop.origin)
        rest = outer.call(np.subtract, loop.stop, low)
        count = outer.call(min, integer(length), rest, type=PYTHON_INT, shape=())
        phis = {e: Value(e.phi.name, e.phi.type) for e in loop.carried}
        middle = {e: Value(e.out.name, e.out.type) for e in loop.carried}
        gather = Gather(rows, self.flow, self.integers, self.room, loop.index)
        body = self.parted(without(loop, rows), strict, lane, again, sums, length)
        body = Block((*body.statements, *gather.stores(lane, 0)))
        block = self.of_lane(body, loop, low, lane)
        zero, one = integer(0), integer(1)
        carried = tuple(Carried(e.phi, phis[e], e.next, middle[e]) for e in free)
        outer.append(For(lane, zero, count, one, carried, block, origin=loop.origin))
        carried = tuple(Carried(e.phi, phis[e], e.next, middle[e]) for e in strict)
        if strict:
            outer.append(For(again, zero, count, one, carried, sums.block(), origin=loop.origin))
        gather.zeros(outer, count)
        for row in rows:
            gather.append(outer, row, Stretch(0, count, low))
        entries = tuple(Carried(phis[e], e.init, middle[e], e.out) for e in loop.carried)
        return replace(loop, index=low, step=integer(length), carried=entries, body=outer.block())

    def of_lane(self, body: Block, loop: For, low: Value, lane: Value) -> Block:
        """Return the body of a loop, in one over the lanes of a strip."""
        head = Builder(loop.origin)
        counter = Counter(loop.index, low, lane, self.integers, head)
        first = counter.plus(0)
        new = Block(tuple(placed(s, counter.at) for s in body.statements))
        inner = substitute_block(new, {loop.index: first})
        return Block((*head.statements, *inner.statements))

    def parted(
        self,
        loop: For,
        strict: list[Carried],
        lane: Value,
        again: Value,
        sums: Builder,
        length: int,
    ) -> Block:
        """Return the body, which stores terms instead of adding them; `sums` adds them."""
        inside = set(all_definitions(loop.body))
        numbers: dict[Any, int] = {}
        result: dict[Statement, list[Statement]] = {s: [s] for s in loop.body.statements}
        for entry in strict:
            current: Operand = entry.phi
            for call in self.terms(entry):
                (term,) = [arg for arg in call.args if arg is not current]
                known = term
                if term in inside:
                    dtype = term.type.dtype
                    numbers[dtype] = numbers.get(dtype, -1) + 1
                    part = self.buffer(dtype, numbers[dtype], length)
                    origin = call.origin
                    result[call] = [Store(part, (lane,), term, origin)]
                    known = sums.load(part, (again,), "_part")
                else:
                    result[call] = []
                args = tuple(known if arg is term else arg for arg in call.args)
                sums.append(replace(call, args=args))
                current = call.out
        return Block(tuple(new for s in loop.body.statements for new in result[s]))

    def buffer(self, dtype: Any, number: int, length: int, fill: Operand | None = None) -> Value:
        """Return an array that is made in front of the statement of the function at hand."""
        key = (dtype, number, length)
        if key not in self.rooms:
            self.rooms[key] = Value("_part", Array(dtype, 1), (integer(length),))
            made = self.before.setdefault(self.around[0][1], [])
            made.append(Alloc(self.rooms[key], fill))
        return self.rooms[key]

    def room(self, dtype: Any, number: int) -> Value:
        """Return room for a strip between zeros."""
        return self.buffer(dtype, number, STENCIL + 2 * MARGIN, constant(0, Scalar(dtype)))


def with_ours(statement: Statement) -> Statement:
    ours = replaces(statement) if isinstance(statement, Call) else None
    return statement if ours is None else replace(statement, function=ours)  # type: ignore[arg-type]


def is_below(loop: For, trips: int) -> bool:
    """Say whether a loop that counts by 1, up or down, is known to have fewer iterations."""
    if not isinstance(loop.start, Const) or not isinstance(loop.stop, Const):
        return False
    way = loop.stop.value - loop.start.value
    return bool((way if is_constant(loop.step, 1) else -way) < trips)


def is_simple(statement: Statement, more: frozenset[Callable[..., Any]] = frozenset()) -> bool:
    """Say whether a statement of an innermost loop can be part of vector code."""
    match statement:
        case Load():
            return True
        case Store(indices=indices) | Increment(indices=indices):
            return bool(indices)
        case Call(function=np.shape):
            return True
        case Call(function=function, out=out, args=args):
            scalar = not any(map(is_array, (out, *args)))
            known = function in PLAIN or function in more
            return scalar and (known or replaces(statement) is not None)
        case If(then=then, orelse=orelse):
            # LLVM makes both sides and chooses.
            inner = (*then.statements, *orelse.statements)
            return all(isinstance(s, Call) and s.function in PLAIN for s in inner)
    return False
