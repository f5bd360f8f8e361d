"""Write indices so that LLVM makes vector code of innermost loops, and takes it.

    For i in range(n - 1, -1, -1)         For _i in range(n - 1, -1, -1)
                                              i = Call opaque(_i)
        For j in range(i)            ->       For j in range(i)
                                                  at = Call cast(i - 1 - j)     unsigned
            Store x[i, j] = y[i - 1 - j]          Store x[i, j] = y[at]

Numba counts negative indices from the end. Where it takes a proof to see that an index is none,
elements do not follow each other for LLVM; of unsigned numbers there are none. What is seen without
one, the compiler sees as well (`backend.lowering.bounds`).

Vector code is made under a condition: that what the loop writes and what else it touches do not
overlap. LLVM asks that once, for all iterations of the loop around it: never true where that loop
counts down, as it does in adjoint sweeps, and where one of its rows is another one of the accesses.
Of an index that it knows nothing about, it asks in each iteration.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import Dependence, dependence_of
from srcdiff.analysis.indices import Indices
from srcdiff.analysis.linear import Linear
from srcdiff.analysis.loops import additions, independence, writes_apart
from srcdiff.ir.build import Builder, is_constant
from srcdiff.ir.memory import Access, accesses
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Load,
    Operand,
    Statement,
    Value,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import blocks, changing, map_blocks, renewed
from srcdiff.runtime import vecmath
from srcdiff.transform.strips import UNSIGNED
from srcdiff.transform.vectorise import CHOICES, FEWEST, is_below, is_simple
from srcdiff.words import opaque, radd

MORE = CHOICES | frozenset(vecmath.VECTOR.values())


def expose(function: Function) -> Function:
    """Change the indices of the innermost loops of `function` that can be vector code."""
    flow = dataflow(function)
    work = _Exposer(flow, aliases(function), flow.integers, dependence_of(flow))
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Exposer:
    flow: Dataflow
    aliases: Aliases
    integers: Indices
    dependence: Dependence
    found: dict[For, bool] = field(default_factory=dict)
    """Which loops can be vector code."""

    def block(self, block: Block) -> Block:
        return renewed(block, [self.statement(s) for s in block.statements])

    def statement(self, statement: Statement) -> Statement:
        if not blocks(statement):
            return statement
        new = map_blocks(statement, self.block)
        if not isinstance(statement, For):
            return new
        assert isinstance(new, For)
        if self.is_vector_code(statement):
            return self.unsigned(statement)
        inner = (s for s in nearest(statement.body) if self.is_vector_code(s))
        if any(self.hides(statement, s) for s in inner):
            return concealed(new)
        return new

    def is_vector_code(self, loop: For) -> bool:
        """Say whether a loop can be vector code, if LLVM only sees it."""
        if loop not in self.found:
            self.found[loop] = self.can_be_vector_code(loop)
        return self.found[loop]

    def can_be_vector_code(self, loop: For) -> bool:
        if loop.trips is not None or not is_constant(loop.step, 1, -1) or is_below(loop, FEWEST):
            return False
        if not all(is_simple(s, MORE) for s in loop.body.statements):
            return False
        for entry in loop.carried:
            sums = additions(entry.phi, entry.next, self.flow)
            if not sums or any(call.function is not radd for call in sums):
                return False
        if not independence(loop, self.flow, self.aliases).holds:
            return False
        return self.goes_along(loop) or writes_apart(loop, self.flow, self.aliases)

    def goes_along(self, loop: For) -> bool:
        """Say whether an iteration touches what is written at its own place of each row only."""
        places: dict[Value, set[tuple[Value, Linear]]] = {}
        written: dict[Value, None] = {}
        for access in accesses(loop.body):
            root = self.aliases.root(access.ref)
            place = (access.ref, self.dependence.form(access.indices[-1]))
            places.setdefault(root, set()).add(place)
            if not isinstance(access, Load):
                written[root] = None
        found = [places[root] for root in written]
        return all(len(each) == 1 for each in found) and all(
            self.is_own(form, loop) for each in found for _, form in each
        )

    def is_own(self, form: Linear, loop: For) -> bool:
        """Say whether an index is another one in each iteration."""
        factors = {value: factor for (value, _), factor in form.terms}
        return factors.get(loop.index) in (1, -1)

    # ---- indices that do not count from the end ----

    def unsigned(self, loop: For) -> For:
        """Return a loop that casts the indices of which LLVM does not know that they are none."""
        inside = changing(loop)
        found: dict[Operand, None] = {}
        for access in accesses(loop.body):
            if any(self.varies(index, inside) for index in access.indices[:-1]):
                return loop
            index = access.indices[-1]
            if self.varies(index, inside) and not self.integers.is_index(index):
                if not self.dependence.is_natural(index):
                    return loop
                found[index] = None
        return self.cast(loop, list(found)) if found else loop

    def varies(self, index: Operand, inside: set[Value]) -> bool:
        form = self.dependence.form(index)
        return index in inside and any(value in inside for (value, _), _ in form.terms)

    def cast(self, loop: For, found: list[Operand]) -> For:
        body: list[Statement] = []
        at: dict[Operand, Operand] = {}
        for statement in loop.body.statements:
            if isinstance(statement, Access) and statement.indices[-1] in found:
                index = statement.indices[-1]
                if index not in at:
                    builder = Builder(statement.origin)
                    at[index] = builder.cast(index, UNSIGNED, "_at")
                    body += builder.statements
                indices = (*statement.indices[:-1], at[index])
                statement = replace(statement, indices=indices)
            body.append(statement)
        return replace(loop, body=Block(tuple(body)))

    # ---- rows that overlap only if all of them are taken together ----

    def hides(self, outer: For, loop: For) -> bool:
        """Say whether LLVM's question for all iterations of `outer` is surely in vain."""
        if not isinstance(outer.step, Const) or outer.index.type != PYTHON_INT:
            return False
        found = list(accesses(loop.body))
        following = {access for access in found if self.follows(access, outer)}
        pairs = [
            (one, other)
            for one, other in (combinations(found, 2) if following else ())
            if not (isinstance(one, Load) and isinstance(other, Load))
            and (one in following or other in following)
            and (one.ref is not other.ref or self.key(one) != self.key(other))
        ]
        if outer.step.value < 0:
            return bool(pairs)
        return any(self.crosses(one, other, outer) for one, other in pairs)

    def key(self, access: Access) -> object:
        return self.integers.key(access.indices)

    def follows(self, access: Access, outer: For) -> bool:
        """Say whether the row of an access depends on the counter of a loop."""
        return any(self.depends(index, outer) for index in access.indices)

    def depends(self, index: Operand, outer: For) -> bool:
        return any(value is outer.index for (value, _), _ in self.dependence.form(index).terms)

    def crosses(self, one: Access, other: Access, outer: For) -> bool:
        """Say whether an access may be to a row to which another one is in another iteration."""
        if one.ref is not other.ref:
            return False
        for a, b in zip(one.indices[:-1], other.indices[:-1], strict=True):
            # Two that move with the counter change places, though they differ in each iteration.
            moving = self.depends(a, outer) and self.depends(b, outer)
            if not moving and self.integers.differ(a, b):
                return False
        return True


def nearest(block: Block) -> Iterator[For]:
    """Iterate over the loops of a block; those of few iterations are unrolled."""
    for statement in block.statements:
        if isinstance(statement, If) or (
            isinstance(statement, For) and is_below(statement, FEWEST)
        ):
            for inner in blocks(statement):
                yield from nearest(inner)
        elif isinstance(statement, For):
            yield statement


def concealed(loop: For) -> For:
    """Return a loop of whose counter LLVM knows nothing."""
    index = Value(loop.index.name, loop.index.type)
    call = Call(loop.index, opaque, (index,), (), loop.origin)
    return replace(loop, index=index, body=Block((call, *loop.body.statements)))
