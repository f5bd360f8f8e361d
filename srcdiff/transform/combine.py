"""Write a matrix in the loops that read one of its size.

    For i in range(n)                               For i in range(n)
        For j in range(m), carried s                    For j in range(m), carried s
            s' = Call radd(s, a[i, j] * x[j])               s' = Call radd(s, a[i, j] * x[j])
        Store y[i] = s                      ->              Store a_bar[i, j] = w[i] * x[j]
    For i in range(n)                                   Store y[i] = s
        For j in range(m)
            Store a_bar[i, j] = w[i] * x[j]

What takes time is the way of a matrix from memory or to it: less, if one is read while another is
written. The loops have the same bounds where guards say so.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    For,
    Function,
    Guard,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.walk import (
    blocks,
    definitions,
    free_values,
    map_blocks,
    statements,
    substitute_block,
)

WIDEST = 128
"""The most pairs of a store and a load in one loop: LLVM asks of each whether they overlap."""


def combine(function: Function) -> Function:
    """Move loops of `function` that fill a new matrix into loops that read one."""
    if sum(nest_of(s) is not None for s in statements(function.body)) < 2:
        return function
    work = _Combiner(memory(function))
    return replace(function, body=work.block(function.body))


@dataclass(frozen=True, eq=False)
class Nest:
    """A loop over rows, with one loop over a row in it: `before`, that, `after`."""

    outer: For
    inner: For
    before: tuple[Statement, ...]
    after: tuple[Statement, ...]

    @property
    def pair(self) -> tuple[Operand, Operand]:
        return self.outer.index, self.inner.index


@dataclass(eq=False)
class Equal:
    """Which integers are surely equal: extents of one axis, and what guards have compared."""

    parents: dict[object, object] = field(default_factory=dict)
    compared: dict[Value, tuple[Operand, Operand]] = field(default_factory=dict)

    def learn(self, statement: Statement) -> None:
        match statement:
            case Call(out=out, function=np.shape, args=(Value() as array,), static=static):
                self.unite(out, (array, static))
            case Call(out=out, function=np.equal, args=(left, right)):
                self.compared[out] = (left, right)
            case Guard(condition=Value() as condition) if condition in self.compared:
                self.unite(*map(_key, self.compared[condition]))

    def unite(self, left: object, right: object) -> None:
        left, right = self.root(left), self.root(right)
        if left != right:
            self.parents[left] = right

    def root(self, item: object) -> object:
        while item in self.parents:
            item = self.parents[item]
        return item

    def holds(self, left: Operand, right: Operand) -> bool:
        return self.root(_key(left)) == self.root(_key(right))


def _key(operand: Operand) -> object:
    return operand.value if isinstance(operand, Const) else operand


@dataclass(eq=False)
class _Combiner:
    memory: Memory

    def block(self, block: Block) -> Block:
        old = [map_blocks(s, self.block) for s in block.statements]
        if sum(nest_of(s) is not None for s in old) < 2:
            return block if old == [*block.statements] else Block(tuple(old))
        result: list[Statement] = []
        readers: list[tuple[Nest, int]] = []
        for statement in old:
            nest = nest_of(statement)
            if nest is not None and self.fills(nest) and self.moved(nest, readers, result):
                continue
            if nest is not None and self.reads_matrix(nest):
                readers.append((nest, len(result)))
            result.append(statement)
        return Block(tuple(result))

    def moved(
        self,
        nest: Nest,
        readers: list[tuple[Nest, int]],
        result: list[Statement],
    ) -> bool:
        """Move a nest into an earlier one, if there is one that can take it."""
        for number, (reader, place) in reversed([*enumerate(readers)]):
            earlier = result[:place]
            if not (_same_bounds(nest, reader, _known(earlier)) and _is_narrow(nest, reader)):
                continue
            targets = [
                s for s in result[place:] if isinstance(s, Alloc) and self.is_target(s, nest)
            ]
            if not self.can_move(nest, targets, earlier, result[place:]):
                continue
            new = _both(reader, nest)
            rest = [s for s in result[place + 1 :] if s not in targets]
            result[:] = [*earlier, *targets, new.outer, *rest]
            readers[:] = [
                (r, p) if k < number else (r, result.index(r.outer))
                for k, (r, p) in enumerate(readers)
                if k != number
            ]
            readers.append((new, place + len(targets)))
            return True
        return False

    # ---- which nests ----

    def fills(self, nest: Nest) -> bool:
        """Say whether a nest only fills matrices, with what vectors give."""
        if nest.outer.carried or nest.inner.carried or nest.after:
            return False
        inside = [*nest.before, *nest.inner.body.statements]
        stores = [s for s in inside if isinstance(s, Store | Increment)]
        filled = all(isinstance(s, Store) and s.indices == nest.pair for s in stores)
        lines = all(len(s.indices) == 1 for s in inside if isinstance(s, Load))
        return filled and lines and bool(stores)

    def reads_matrix(self, nest: Nest) -> bool:
        """Say whether a nest reads what fills the way from memory."""
        loads = (s for s in nest.inner.body.statements if isinstance(s, Load))
        return any(s.indices == nest.pair for s in loads)

    # ---- whether it can move ----

    def is_target(self, alloc: Alloc, nest: Nest) -> bool:
        stores = (s for s in nest.inner.body.statements if isinstance(s, Store))
        return any(s.ref is alloc.out for s in stores)

    def can_move(
        self,
        nest: Nest,
        targets: list[Alloc],
        earlier: list[Statement],
        crossed: list[Statement],
    ) -> bool:
        """Say whether a nest, and what makes its arrays, can be done ahead of other statements."""
        late = {v for s in crossed for v in definitions(s)} - {s.out for s in targets}
        used = free_values(nest.outer.body, (nest.outer.stop,), (nest.outer.index,))
        shapes = [e for s in targets for e in (*s.out.shape, *([s.fill] if s.fill else []))]
        if any(value in late for value in (*used, *shapes)):
            return False
        reads, writes = self.memory.reads(nest.outer), self.memory.writes(nest.outer)
        made = {self.memory.root(s.out) for s in targets}
        if not writes <= made or writes & (self.memory.bound | self.memory.callers):
            return False
        for statement in crossed:
            others = self.memory.writes(statement)
            if others & (reads | writes) or self.memory.reads(statement) & writes:
                return False
        return True


def nest_of(statement: Statement) -> Nest | None:
    """Return a loop that goes over rows, and in them over elements, without anything else."""
    if not isinstance(statement, For) or not _is_whole(statement):
        return None
    body = statement.body.statements
    inner = [s for s in body if blocks(s)]
    if len(inner) != 1 or not isinstance(inner[0], For) or not _is_whole(inner[0]):
        return None
    place = body.index(inner[0])
    nest = Nest(statement, inner[0], body[:place], body[place + 1 :])
    rest = (*nest.before, *nest.after, *inner[0].body.statements)
    return nest if all(isinstance(s, Load | Store | Increment | Call) for s in rest) else None


def _is_whole(loop: For) -> bool:
    plain = loop.leave is None and loop.trips is None
    return plain and is_constant(loop.start, 0) and is_constant(loop.step, 1)


def _known(earlier: list[Statement]) -> Equal:
    """Return what is known in front of a nest."""
    result = Equal()
    for statement in earlier:
        result.learn(statement)
    return result


def _same_bounds(nest: Nest, reader: Nest, equal: Equal) -> bool:
    rows = equal.holds(nest.outer.stop, reader.outer.stop)
    return rows and equal.holds(nest.inner.stop, reader.inner.stop)


def _is_narrow(*nests: Nest) -> bool:
    inside = [s for nest in nests for s in nest.inner.body.statements]
    stores = sum(isinstance(s, Store | Increment) for s in inside)
    return stores * sum(isinstance(s, Load | Increment) for s in inside) <= WIDEST


def _both(reader: Nest, nest: Nest) -> Nest:
    """Return a nest that does what two do."""
    mapping: dict[Value, Operand] = dict(
        zip((nest.outer.index, nest.inner.index), reader.pair, strict=True)
    )
    before = substitute_block(Block(nest.before), mapping).statements
    body = substitute_block(nest.inner.body, mapping).statements
    inner = replace(reader.inner, body=Block((*reader.inner.body.statements, *body)))
    before = (*reader.before, *before)
    outer = replace(reader.outer, body=Block((*before, inner, *reader.after)))
    return Nest(outer, inner, before, reader.after)
