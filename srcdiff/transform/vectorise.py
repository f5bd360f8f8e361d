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
from srcdiff.analysis.loops import additions, independence, writes_apart
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import all_definitions, blocks, map_blocks, substitute_block
from srcdiff.runtime import vecmath
from srcdiff.words import cast, radd

STRIP = 64
FEWEST = 8
"""The least number of iterations, where it is known, that are worth a vector."""

EASY_POWERS = (-1, 0.5, 1, 2, 3)
"""LLVM makes a product, a quotient or a square root of these."""

PLAIN = frozenset(
    {np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.absolute, np.sqrt}
    | {np.square, np.reciprocal, np.maximum, np.minimum, np.where, np.power, np.sign, np.copysign}
    | {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {np.logical_and, np.logical_or, np.logical_not, np.shape, np.floor, cast, radd}
)
"""What LLVM vectorises."""


def vectorise(function: Function) -> Function:
    """Change the innermost loops of `function` that can be vectorised but for libm."""
    work = _Vectoriser(dataflow(function), aliases(function))
    statements: list[Statement] = []
    for statement in function.body.statements:
        known = len(work.buffers)
        new = work.statement(statement)
        made = list(work.buffers.values())[known:]
        statements += [*map(Alloc, made), *new]
    return replace(function, body=Block(tuple(statements)))


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
    buffers: dict[tuple[Any, int], Value] = field(default_factory=dict)
    """Room for the terms of one strip, by dtype and number: loops follow each other."""

    def block(self, block: Block) -> Block:
        return Block(tuple(new for s in block.statements for new in self.statement(s)))

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and self.gains(statement):
            strict = [entry for entry in statement.carried if self.is_strict(entry)]
            new = replace(statement, body=Block(tuple(map(with_ours, statement.body.statements))))
            return [self.strips(new, strict) if strict else new]
        return [map_blocks(statement, self.block)] if blocks(statement) else [statement]

    def gains(self, loop: For) -> bool:
        """Say whether a loop calls functions that we have, and nothing keeps it from vectors."""
        body = loop.body.statements
        if loop.trips is not None or not is_constant(loop.step, 1) or _is_short(loop):
            return False
        if not all(map(_is_simple, body)):
            return False
        if not any(isinstance(s, Call) and replaces(s) is not None for s in body):
            return False
        found = independence(loop, self.flow, self.aliases)
        return found.holds and not found.counters and writes_apart(loop, self.flow, self.aliases)

    def is_strict(self, entry: Carried) -> bool:
        """Say whether the order of a sum is the user's."""
        return any(call.function is not radd for call in self.terms(entry))

    def terms(self, entry: Carried) -> list[Call]:
        return additions(entry.phi, entry.next, self.flow) or []

    def strips(self, loop: For, strict: list[Carried]) -> For:
        """Return a loop over strips: a loop over each, and a loop that adds up its terms."""
        free = [entry for entry in loop.carried if entry not in strict]
        low, lane, again = (Value(name, PYTHON_INT) for name in ("_low", "_lane", "_lane"))
        outer, head, sums = (Builder(loop.origin) for _ in range(3))
        rest = outer.call(np.subtract, loop.stop, low)
        count = outer.call(min, integer(STRIP), rest, type=PYTHON_INT, shape=())
        at = head.call(np.add, low, lane, name=f"_{loop.index.name.lstrip('_')}")
        place: Operand = at
        if isinstance(loop.start, Const) and loop.start.value >= 0:
            # Numba counts negative indices from the end; of unsigned ones there are none, so that
            # LLVM sees elements that follow each other.
            place = head.cast(at, np.dtype(np.uint64), "_at")
        phis = {e: Value(e.phi.name, e.phi.type) for e in loop.carried}
        middle = {e: Value(e.out.name, e.out.type) for e in loop.carried}
        body = self.parted(loop, strict, lane, again, sums)
        body = Block(tuple(_at_place(s, loop.index, place) for s in body.statements))
        inner = substitute_block(body, {loop.index: at})
        zero, one = integer(0), integer(1)
        carried = tuple(Carried(e.phi, phis[e], e.next, middle[e]) for e in free)
        block = Block((*head.statements, *inner.statements))
        outer.append(For(lane, zero, count, one, carried, block, origin=loop.origin))
        carried = tuple(Carried(e.phi, phis[e], e.next, middle[e]) for e in strict)
        outer.append(For(again, zero, count, one, carried, sums.block(), origin=loop.origin))
        entries = tuple(Carried(phis[e], e.init, middle[e], e.out) for e in loop.carried)
        return replace(loop, index=low, step=integer(STRIP), carried=entries, body=outer.block())

    def parted(
        self, loop: For, strict: list[Carried], lane: Value, again: Value, sums: Builder
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
                    part = self.buffer(dtype, numbers[dtype])
                    origin = call.origin
                    result[call] = [Store(part, (lane,), term, origin)]
                    known = sums.load(part, (again,), "_part")
                else:
                    result[call] = []
                args = tuple(known if arg is term else arg for arg in call.args)
                sums.append(replace(call, args=args))
                current = call.out
        return Block(tuple(new for s in loop.body.statements for new in result[s]))

    def buffer(self, dtype: Any, number: int) -> Value:
        key = (dtype, number)
        if key not in self.buffers:
            self.buffers[key] = Value("_part", Array(dtype, 1), (integer(STRIP),))
        return self.buffers[key]


def _at_place(statement: Statement, index: Value, place: Operand) -> Statement:
    """Return a statement that has another index."""
    if not isinstance(statement, Load | Store | Increment):
        return statement
    indices = tuple(place if each is index else each for each in statement.indices)
    return replace(statement, indices=indices)


def with_ours(statement: Statement) -> Statement:
    ours = replaces(statement) if isinstance(statement, Call) else None
    return statement if ours is None else replace(statement, function=ours)  # type: ignore[arg-type]


def _is_short(loop: For) -> bool:
    if not isinstance(loop.start, Const) or not isinstance(loop.stop, Const):
        return False
    return bool(loop.stop.value - loop.start.value < FEWEST)


def _is_simple(statement: Statement) -> bool:
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
            return scalar and (function in PLAIN or replaces(statement) is not None)
    return False
