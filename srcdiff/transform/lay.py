"""Lay matrices out by columns where the innermost loops walk down these.

    a = Call copy(b)                      a = Alloc (n, m)
                                          For i in range(m)
                                              For j in range(n)
                                                  Store a[j, i] = b[i, j]
    For k in range(n)                     For k in range(n)
        For j in range(k, n)                  For j in range(k, n)
            For i in range(m)     ->              For i in range(m)
                ... a[i, j]                           ... a[j, i]

A column is read and written in one piece then, and stays in the cache from one loop to the next,
which the order of the loops alone does not bring about. It is done before the derivative is taken:
the adjoint of a matrix is laid out as that is. A matrix must be made here, be seen element by
element, and be walked through more often than it is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.indices import Indices, indices
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    While,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import asks, blocks, operands, rewrite

DEEP = 3
"""The least number of loops around what is worth a matrix that is laid out anew."""


def lay(function: Function) -> Function:
    """Transpose the matrices of `function` that innermost loops walk down."""
    made = dict(_made(function.body))
    if not made:
        return function
    walk = _Walk(indices(function))
    walk.block(function.body, ())
    seen = walk.whole.union(function.results)
    chosen = walk.chosen({ref for ref in made if ref not in seen})
    if not chosen:
        return function
    turned = {ref: Value(ref.name, ref.type, ref.shape[::-1]) for ref in chosen}

    def change(statement: Statement) -> list[Statement]:
        match statement:
            case Alloc(out=out) if out in turned:
                return [replace(statement, out=turned[out])]
            case Call(out=out) if out in turned:
                return _copied(statement, turned[out])
            case Call(function=np.shape, args=(Value() as ref,), static=(("axis", axis),)) if (
                ref in turned
            ):
                static = (("axis", 1 - axis),)
                return [replace(statement, args=(turned[ref],), static=static)]
            case Load() | Store() | Increment() if statement.ref in turned:
                place = statement.indices[::-1]
                return [replace(statement, ref=turned[statement.ref], indices=place)]
        return [statement]

    return replace(function, body=rewrite(function.body, change))


def _made(block: Block) -> Iterator[tuple[Value, Statement]]:
    """Iterate over the matrices that are made outside of all loops, and what makes them."""
    for statement in block.statements:
        match statement:
            case Alloc(out=out) | Call(out=out, function=np.copy):
                if isinstance(out.type, Array) and out.type.ndim == 2 and out.type.layout == "C":
                    yield out, statement


def _copied(call: Call, out: Value) -> list[Statement]:
    """Return a copy that is laid out by columns."""
    (source,) = call.args
    assert isinstance(source, Value)
    row, column = Value("_i", PYTHON_INT), Value("_j", PYTHON_INT)
    rows, columns = source.shape
    inner, outer = Builder(call.origin), Builder(call.origin)
    inner.store(out, (column, row), inner.load(source, (row, column)))
    outer.append(_loop(column, columns, inner))
    return [Alloc(out, None, call.origin), _loop(row, rows, outer)]


def _loop(index: Value, stop: Operand, body: Builder) -> For:
    return For(index, integer(0), stop, integer(1), (), body.block(), origin=body.origin)


@dataclass(eq=False)
class _Walk:
    """How innermost loops walk through matrices, where they are deep enough."""

    integers: Indices
    whole: set[Operand] = field(default_factory=set)
    """What is used otherwise than element by element."""
    down: dict[For, set[Value]] = field(default_factory=dict)
    """The matrices whose columns a loop walks down."""
    along: dict[For, set[Value]] = field(default_factory=dict)
    """The arrays that a loop walks through in another way."""

    def block(self, block: Block, around: tuple[For, ...]) -> None:
        for statement in block.statements:
            if isinstance(statement, Access) and statement.indices:
                self.whole.update(operands(statement)[1:])
                self.access(statement, around)
            elif not asks(statement):
                self.whole.update(operands(statement))
            within = around
            if isinstance(statement, For | While):
                within = (*around, statement) if isinstance(statement, For) else ()
            for inner in blocks(statement):
                self.block(inner, within)

    def access(self, access: Access, around: tuple[For, ...]) -> None:
        """Note how an access moves with the innermost loop."""
        if len(around) < DEEP or len(access.indices) == 1:
            return
        loop = around[-1]
        moves = [self.integers.affine(index)[0] is loop.index for index in access.indices]
        if any(moves):
            kind = self.down if moves == [True, False] else self.along
            kind.setdefault(loop, set()).add(access.ref)

    def chosen(self, possible: set[Value]) -> set[Value]:
        """Return the matrices that loops walk down which walk along nothing else then."""
        possible = possible.difference(*self.along.values())
        while True:
            bad = (refs for loop, refs in self.down.items() if not self.is_good(loop, possible))
            left = possible.difference(*bad)
            if len(left) == len(possible):
                return left.intersection(set().union(*self.down.values()))
            possible = left

    def is_good(self, loop: For, possible: set[Value]) -> bool:
        return loop not in self.along and self.down[loop] <= possible
