"""Go over a matrix once for all its products with vectors.

    r = Call matmul(a, x)                   For i, carried nothing
    s = Call matmul(u, a)           ->          For j, carried r_i
                                                    r_i' = Call radd(r_i, a[i, j] * x[j])
                                                    Increment s[j] += u[i] * a[i, j]
                                                Store r[i] = r_i

A matrix is large and each of its elements is used once for a product, so that reading it is what
takes the time: one such loop takes as long as one call of BLAS. A product with the result of
another one, `(a @ x) @ a`, needs of it what the row at hand has given: it joins as a second inner
loop. What computes vectors that are needed earlier then, and guards, move ahead of the loop.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeGuard

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    Function,
    Guard,
    Statement,
    Value,
    View,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import definitions, has_effect, map_blocks, operands, statements, values
from srcdiff.transform.factor import untransposed
from srcdiff.words import radd


def one_pass(function: Function) -> Function:
    """Merge the products of a matrix with vectors, where there are several."""
    if sum(map(_multiplies, statements(function.body))) < 2:
        return function
    work = _Merger(dataflow(function), aliases(function, through_edges=True), memory(function))
    return replace(function, body=work.block(function.body))


def _multiplies(statement: Statement) -> TypeGuard[Call]:
    return isinstance(statement, Call) and statement.function is np.matmul


@dataclass(frozen=True, eq=False)
class Product:
    """A product of `matrix` and `vector`; `by_row`: a sum for each row, else for each column."""

    call: Call
    matrix: Value
    vector: Value
    by_row: bool


@dataclass(eq=False)
class _Merger:
    flow: Dataflow
    aliases: Aliases
    memory: Memory

    def block(self, block: Block) -> Block:
        statements = [map_blocks(s, self.block) for s in block.statements]
        merged = True
        while merged:
            merged = False
            for group in self.groups(statements):
                new = _Merge(self, statements, group).result()
                if new is not None:
                    statements, merged = new, True
                    break
        return block if statements == [*block.statements] else Block(tuple(statements))

    def groups(self, statements: list[Statement]) -> Iterator[list[Product]]:
        """Iterate over the products of each matrix in a block, where there are several."""
        found: dict[Value, list[Product]] = {}
        for statement in statements:
            product = self.product(statement)
            if product is not None:
                found.setdefault(product.matrix, []).append(product)
        yield from (group for group in found.values() if len(group) > 1)

    def product(self, statement: Statement) -> Product | None:
        if not _multiplies(statement):
            return None
        left, right = statement.args
        assert isinstance(left, Value) and isinstance(right, Value)
        if {len(left.shape), len(right.shape)} != {1, 2}:
            return None
        by_row = len(left.shape) == 2
        matrix, vector = (left, right) if by_row else (right, left)
        matrix, flipped = untransposed(self.flow, matrix)
        type = matrix.type
        if not isinstance(type, Array) or type.layout != "C" or type.dtype.kind != "f":
            return None
        if self.aliases.is_memory(matrix) or vector.type.dtype != type.dtype:
            return None
        return Product(statement, matrix, vector, by_row != flipped)


@dataclass(eq=False)
class _Merge:
    """Products of one matrix in one block become one nest, where the first of them stands."""

    merger: _Merger
    statements: list[Statement]
    group: list[Product]
    early: dict[Statement, None] = field(default_factory=dict)
    """What moves ahead of the nest."""

    def result(self) -> list[Statement] | None:
        """Return the statements with the nest in them; None: there is nothing to merge."""
        self.first = self.statements.index(self.group[0].call)
        self.made = {v: k for k, s in enumerate(self.statements) for v in definitions(s)}
        self.calls = {product.call.out: product for product in self.group}
        members = self.members()
        if len(members) < 2:
            return None
        taken = {product.call for product in members}
        ahead = [s for s in self.statements if s in self.early]
        rest = [s for s in self.statements[self.first :] if s not in self.early and s not in taken]
        nest = _Nest(members).statements()
        return [*self.statements[: self.first], *ahead, *nest, *rest]

    def members(self) -> list[Product]:
        """Return the products that can be done at the place of the first one."""
        rows: dict[Value, Product] = {}
        members: list[Product] = []
        wanted = {product.call: product for product in self.group}
        for statement in self.statements[self.first :]:
            if self.is_barrier(statement):
                break
            if isinstance(statement, Guard) and not self.advance([statement]):
                break
            product = wanted.get(statement) if isinstance(statement, Call) else None
            if product is None:
                continue
            known = values(product.call.out.shape)
            follows = product.vector in rows and not product.by_row
            needed = known if follows else (product.vector, *known)
            moves = product is not self.group[0]
            changes = moves and self.merger.aliases.is_memory(product.vector)
            if not changes and self.needs(needed):
                members.append(product)
                if product.by_row and not self.merger.aliases.is_memory(product.call.out):
                    rows[product.call.out] = product
        return members

    def is_barrier(self, statement: Statement) -> bool:
        """Say whether a guard must not be done before this statement."""
        writes = self.merger.memory.writes(statement)
        return has_effect(statement) or bool(writes & self.merger.memory.callers)

    def needs(self, wanted: Iterable[Value]) -> bool:
        """Say whether values are known before the nest, or can be; then they will be."""
        places = {self.made[value] for value in wanted if value in self.made}
        return self.advance([self.statements[k] for k in places if k >= self.first])

    def advance(self, wanted: list[Statement]) -> bool:
        """Move statements, and what they need, ahead of the nest, if that can be done."""
        found: dict[Statement, None] = {}
        while wanted:
            statement = wanted.pop()
            if statement in found or statement in self.early:
                continue
            if not self.may_move(statement):
                return False
            found[statement] = None
            shapes = [e for value in definitions(statement) for e in value.shape]
            for value in values([*operands(statement), *shapes]):
                place = self.made.get(value, -1)
                if place >= self.first:
                    wanted.append(self.statements[place])
        self.early.update(found)
        return True

    def may_move(self, statement: Statement) -> bool:
        match statement:
            case Guard():
                return True
            case Call(out=out, args=args):
                memory = any(map(self.merger.aliases.is_memory, (out, *args)))
                return out not in self.calls and not has_effect(statement) and not memory
            case View(ref=ref):
                return not self.merger.aliases.is_memory(ref)
        return False


@dataclass(eq=False)
class _Nest:
    """The loops that give the results of some products."""

    products: list[Product]

    def statements(self) -> list[Statement]:
        origin = self.products[0].call.origin
        matrix = self.products[0].matrix
        self.builder = Builder(origin)
        self.row, self.results = Value("_i", PYTHON_INT), {p.call.out for p in self.products}
        sums = [product for product in self.products if product.by_row]
        later = [p for p in self.products if not p.by_row and p.vector in self.results]
        now = [p for p in self.products if not p.by_row and p not in later]
        for product in self.products:
            zero = None if product.by_row else constant(0, product.matrix.type)
            self.builder.append(Alloc(product.call.out, zero, product.call.origin))
        outer = Builder(origin)
        factors = {p: outer.load(p.vector, (self.row,), p.vector.name) for p in now}
        ends = self.columns(outer, matrix, sums, factors)
        for product, end in ends.items():
            outer.store(product.call.out, (self.row,), end)
        if later:
            totals = {product.call.out: end for product, end in ends.items()}
            self.columns(outer, matrix, [], {p: totals[p.vector] for p in later})
        rows = matrix.shape[0]
        zero, one = integer(0), integer(1)
        self.builder.append(For(self.row, zero, rows, one, (), outer.block(), origin=origin))
        return self.builder.statements

    def columns(
        self, outer: Builder, matrix: Value, sums: list[Product], factors: dict[Product, Value]
    ) -> dict[Product, Value]:
        """Append the loop over a row; return the sums that it gives."""
        column = Value("_j", PYTHON_INT)
        inner = Builder(outer.origin)
        element = inner.load(matrix, (self.row, column), matrix.name)
        carried: list[Carried] = []
        for product in sums:
            type = Scalar(matrix.type.dtype)
            phi, following, out = (Value(product.call.out.name, type) for _ in range(3))
            factor = inner.load(product.vector, (column,), product.vector.name)
            term = inner.call(np.multiply, element, factor)
            inner.append(Call(following, radd, (phi, term), (), outer.origin))
            carried.append(Carried(phi, constant(0, type), following, out))
        for product, known in factors.items():
            term = inner.call(np.multiply, known, element)
            inner.increment(product.call.out, (column,), term)
        zero, one, size = integer(0), integer(1), matrix.shape[1]
        entries = tuple(carried)
        outer.append(For(column, zero, size, one, entries, inner.block(), origin=outer.origin))
        return {p: entry.out for p, entry in zip(sums, carried, strict=True)}
