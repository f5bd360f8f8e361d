"""Compute the elements of an array where they are read, if that is cheap, and store none.

    For i in range(n + 1)                       For i in range(n)
        Store f[i] = x[i + 1] - x[i]                right = x[i + 2] - x[i + 1]
    For i in range(n)                   ->          left = x[i + 1] - x[i]
        s' = s + c[i] * (f[i + 1] - f[i])           s' = s + c[i] * (right - left)

The fluxes of a finite volume scheme are such arrays. The adjoint would read and write them, and
adjoints of their own, once more; without them what one iteration needs is there. Each read must
be of an element that the nest has stored, and what that was made of must still be the same.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.coverage import Coverage, Element
from srcdiff.analysis.dataflow import Definition, dataflow
from srcdiff.analysis.memory import Memory, memory
from srcdiff.analysis.reorder import is_counted, is_element_wise
from srcdiff.ir.build import Builder, integer, mapped
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    While,
)
from srcdiff.ir.walk import (
    all_definitions,
    blocks,
    clone,
    definitions,
    map_blocks,
    operands,
    renewed,
    statements,
    substitute_block,
)
from srcdiff.transform.eliminate import eliminate
from srcdiff.words import cast

CHEAP = frozenset(
    {np.add, np.subtract, np.multiply, np.negative, np.positive, np.absolute, np.where}
    | {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.shape}
    | {np.logical_and, np.logical_or, np.logical_not, np.maximum, np.minimum, max, min, cast}
)
READS = 2
"""Places that may read an array."""
MOST = 12
"""Operations, loads among them, that an element may take."""
ROUNDS = 4
"""Arrays that are made of each other follow one after another."""


def absorb(function: Function) -> Function:
    """Do without the arrays of `function` whose elements are cheap to compute again."""
    for _ in range(ROUNDS):
        found = _candidates(function)
        if not found:
            break
        work = _Absorber(found)
        body = substitute_block(work.block(function.body), work.mapping)
        function = eliminate(replace(function, body=body))
    return function


def _candidates(function: Function) -> list["_Source"]:
    """Return the arrays to do without, none of which is made of another one."""
    inside = statements(function.body)
    stores = Counter(s.ref for s in inside if isinstance(s, Store))
    loads = Counter(s.ref for s in inside if isinstance(s, Load))
    made = [s for s in inside if isinstance(s, Alloc)]
    made = [s for s in made if stores[s.out] == 1 and 1 <= loads[s.out] <= READS]
    if not made:
        return []
    coverage, known = Coverage(dataflow(function)), memory(function)
    found: list[_Source] = []
    for alloc in made:
        source = _Source(coverage, known, alloc)
        if source.holds() and not any(source.array in each.refs for each in found):
            found.append(source)
    arrays = {source.array for source in found}
    return [source for source in found if arrays.isdisjoint(source.refs)]


@dataclass(eq=False)
class _Source:
    """An array that one nest fills, and what its elements are made of."""

    coverage: Coverage
    memory: Memory
    alloc: Alloc
    loops: list[For] = field(default_factory=list)
    made: list[Statement] = field(default_factory=list)
    """The statements that an element is made by, in their order."""
    refs: set[Value] = field(default_factory=set)
    reads: list[Element] = field(default_factory=list)

    @property
    def array(self) -> Value:
        return self.alloc.out

    def holds(self) -> bool:
        """Say whether each read can compute its element itself, and that is cheap."""
        root = self.memory.root(self.array)
        if root in self.memory.lasting or root in self.memory.bound:
            return False
        uses = self.coverage.flow.uses.get(self.array, [])
        if not 2 <= len(uses) <= READS + 1:
            return False
        found = self.coverage.elements(self.array)
        stores = [e for e in found or () if isinstance(e.statement, Store)]
        self.reads = [e for e in found or () if isinstance(e.statement, Load)]
        if len(stores) != 1 or len(self.reads) + 1 != len(uses):
            return False
        (self.store,) = stores
        cheap = self.is_plain() and self.is_cheap()
        return cheap and all(map(self.serves, self.reads)) and self.stays()

    # ---- the nest ----

    def is_plain(self) -> bool:
        """Say whether a nest stores each element once, made of numbers and elements alone."""
        home = self.coverage.flow.definitions[self.array].block
        around = self.nest(self.store, home)
        if around is None or self.coverage.box(self.store, home) is None:
            return False
        self.home, self.loops = home, around
        bases = [base for base, _ in self.places()]
        if len(around) != len(bases) or {loop.index for loop in around} != set(bases):
            return False
        assert isinstance(self.store.statement, Store)
        needed: set[Statement] = set()
        if not self.collect(self.store.statement.value, needed):
            return False
        self.made = [s for s in statements(around[-1].body) if s in needed]
        loads = (s for each in self.made for s in (each, *_inside(each)) if isinstance(s, Load))
        self.refs = {s.ref for s in loads}
        return True

    def places(self) -> Sequence[tuple[Value | None, int]]:
        return [self.coverage.flow.integers.affine(i) for i in self.store.access.indices]

    def nest(self, element: Element, home: Block) -> list[For] | None:
        """Return the loops around an access, inside out; None: something else is there, too."""
        around = self.coverage.around(element.access.block, home)
        loops = [s for s in around if isinstance(s, For) and is_counted(s)]
        return loops if loops and len(loops) == len(around) else None

    def collect(self, operand: Operand, needed: set[Statement]) -> bool:
        """Note what an operand is made by in the nest; say whether it is numbers and elements."""
        definition = self.definition(operand)
        if definition is None or definition.kind == "index":
            return True
        statement = definition.statement
        if statement in needed:
            return True
        if not isinstance(statement, Call | Load | If) or not _is_pure(statement):
            return False
        needed.add(statement)
        parts = [*operands(statement), *(o for s in _inside(statement) for o in operands(s))]
        own = {*definitions(statement), *(v for b in blocks(statement) for v in all_definitions(b))}
        return all(part in own or self.collect(part, needed) for part in parts)

    def definition(self, operand: Operand) -> Definition | None:
        """Return where an operand is defined; None: outside of the nest."""
        if isinstance(operand, Const):
            return None
        found, nest = self.coverage.flow.definitions[operand], self.loops[-1]
        return found if self.coverage.dependence.is_inside(operand, nest) else None

    # ---- whether it pays ----

    def is_cheap(self) -> bool:
        """Say whether an element takes a few plain operations."""
        inside = [s for each in self.made for s in (each, *_inside(each))]
        work = [s for s in inside if not (isinstance(s, Call) and s.out.type.dtype.kind == "i")]
        plain = all(s.function in CHEAP for s in inside if isinstance(s, Call))
        return plain and len(work) <= MOST

    # ---- the reads ----

    def stays(self) -> bool:
        """Say whether what the elements are made of is not written up to the last read."""
        roots = {self.memory.root(ref) for ref in self.refs}
        around = [self.coverage.around(e.access.block, self.home) for e in self.reads]
        last = max(self.position(each[-1]) for each in around)
        following = self.home.statements[self.position(self.loops[-1]) : last + 1]
        return not any(roots & self.memory.writes(s) for s in following)

    def position(self, statement: Statement) -> int:
        return self.home.statements.index(statement)

    def serves(self, read: Element) -> bool:
        """Say whether a read, of another nest, is of an element that the nest has stored."""
        if not self.coverage.is_within(read, self.home):
            return False
        around = self.coverage.around(read.access.block, self.home)
        if not around or self.position(around[-1]) <= self.position(self.loops[-1]):
            return False
        loops = [s for s in around if isinstance(s, For | While)]
        indices = self.coverage.flow.integers
        bases = [indices.affine(index)[0] for index in read.access.indices]
        counters = [loop.index for loop in loops if isinstance(loop, For)]
        if len(counters) != len(loops) or len(counters) != len(bases) or set(bases) != {*counters}:
            return False
        return self.coverage.is_covered(read, [self.store, *self.reads], self.home)

    def computed(self, load: Load) -> tuple[list[Statement], Operand]:
        """Return what computes the element that a load reads, and the element."""
        builder = Builder(load.origin)
        mapping = dict(self.counted(builder, load))
        rest = Block(tuple(s for s in self.made if not mapping.keys() & {*definitions(s)}))
        own = clone(rest, mapping)
        assert isinstance(self.store.statement, Store)
        value = mapped(self.store.statement.value, mapping)
        return [*builder.statements, *own.statements], value

    def counted(self, builder: Builder, load: Load) -> Iterator[tuple[Value, Operand]]:
        """Iterate over the counters, and what is beside them, with what they are at a read."""
        affine = self.coverage.flow.integers.affine
        here = {
            base: (other, at - offset)
            for (base, offset), (other, at) in zip(
                self.places(), map(affine, load.indices), strict=True
            )
        }
        counters = [loop.index for loop in self.loops]
        beside = [s.out for s in self.made if isinstance(s, Call)]
        for value in (*counters, *beside):
            base, offset = affine(value)
            if base in here:
                other, at = here[base]
                start = integer(0) if other is None else other
                yield value, builder.fold(np.add, start, integer(at + offset))


def _is_pure(statement: Statement) -> bool:
    """Say whether a statement is made of numbers and elements, and writes nothing."""
    inside = [statement, *_inside(statement)]
    return is_element_wise(statement) and all(isinstance(s, Call | Load | If) for s in inside)


def _inside(statement: Statement) -> Iterator[Statement]:
    for block in blocks(statement):
        yield from statements(block)


class _Absorber:
    """Puts what computes an element in the place of what reads it."""

    def __init__(self, found: Sequence[_Source]) -> None:
        self.sources = {source.array: source for source in found}
        self.gone = {source.store.statement for source in found}
        self.mapping: dict[Value, Operand] = {}

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            result += self.statement(statement)
        return renewed(block, result)

    def statement(self, statement: Statement) -> list[Statement]:
        if statement in self.gone:
            return []
        if isinstance(statement, Load) and statement.ref in self.sources:
            made, self.mapping[statement.out] = self.sources[statement.ref].computed(statement)
            return made
        return [map_blocks(statement, self.block)]
