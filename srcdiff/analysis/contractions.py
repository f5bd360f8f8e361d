"""Three nested loops that multiply matrices.

    For i, For s, For j                           For i, For j
        Increment c[i, j] += x[i, s] * y[s, j]        For s, carried t from 0
                                                          t' = Call add(t, x[i, s] * y[s, j])

Each factor depends on the row or the column and on the index of the sum; it may be any number that
is made of elements, or an element itself. A term may be the sum of two such products. The order of
the loops does not matter, and one of them may begin or end at the index of another one: a triangle.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.loops import additions
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Call,
    Carried,
    For,
    Increment,
    Load,
    Operand,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.walk import asks, changing, definitions, operands
from srcdiff.words import EFFECTS

Path = tuple[For, For, For]
Pair = tuple[Operand, Operand]


@dataclass(frozen=True, eq=False)
class Bound:
    """Where a loop begins or ends relative to the index of another loop."""

    loop: For
    is_start: bool
    other: For
    offset: int


@dataclass(frozen=True, eq=False)
class Contraction:
    """Products `left @ right`, of `row` and `over`, and of `over` and `column`: one or two."""

    statement: Increment | For
    row: For
    column: For
    over: For
    pairs: tuple[Pair, ...]
    is_negative: bool
    slope: Bound | None
    parts: tuple[Statement, ...]
    """The statements in the nest that its factors are made of, in order."""
    made: frozenset[Statement]
    """Those, and what makes a sum of the factors."""

    @property
    def out(self) -> Value:
        """Return the number that a loop over the sum gives."""
        assert isinstance(self.statement, For)
        return self.statement.carried[0].out


@dataclass(eq=False)
class Nest:
    """What is known about the values in a nest of loops."""

    flow: Dataflow
    loop: For
    inside: set[Value] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.inside = changing(self.loop)

    def contractions(self) -> Iterator[Contraction]:
        """Iterate over the products of matrices in the nest."""
        for path in _paths((self.loop,)):
            for found in self.of_path(path):
                if found is not None:
                    yield found

    def of_path(self, path: Path) -> Iterator[Contraction | None]:
        slopes = self.slopes(path)
        if slopes is None or len(slopes) > 1 or not all(map(self.is_plain, path)):
            return
        slope = slopes[0] if slopes else None
        for statement in path[2].body.statements:
            if isinstance(statement, Increment) and len(statement.indices) == 2:
                yield self.of_increment(path, statement, slope)
        if len(path[2].carried) == 1:
            yield self.of_sum(path, path[2].carried[0], slope)

    def of_increment(
        self, path: Path, statement: Increment, slope: Bound | None
    ) -> Contraction | None:
        """Return the contraction that an increment of an element is the innermost part of."""
        by_index = {loop.index: loop for loop in path}
        ends = [by_index.get(i) if isinstance(i, Value) else None for i in statement.indices]
        row, column = ends
        if row is None or column is None or row is column or statement.ref in self.inside:
            return None
        return self.factored(path, statement, (row, column), statement.value, slope)

    def of_sum(self, path: Path, entry: Carried, slope: Bound | None) -> Contraction | None:
        """Return the contraction that the innermost loop carries the sum of."""
        simple = all(isinstance(s, Load | Call) for s in path[2].body.statements)
        found = additions(entry.phi, entry.next, self.flow) or []
        if not simple or not is_constant(entry.init, 0) or len(found) != 1:
            return None
        (call,) = found
        terms = [arg for arg in call.args if arg is not entry.phi]
        if call.function not in (np.add, np.subtract) or len(terms) != 1:
            return None
        negative = call.function is np.subtract
        return self.factored(path, path[2], path[:2], terms[0], slope, is_negative=negative)

    def factored(
        self,
        path: Path,
        statement: Increment | For,
        ends: tuple[For, For],
        term: Operand,
        slope: Bound | None,
        *,
        is_negative: bool = False,
    ) -> Contraction | None:
        """Return a contraction whose terms are products of a factor for each end and the sum."""
        row, column = ends
        over = next(loop for loop in path if loop not in ends)
        call = self.call(term)
        made = {statement, call}
        if call is not None and call.function is np.negative:
            is_negative = not is_negative
            call = self.call(call.args[0])
            made.add(call)
        if call is None:
            return None
        calls = list(map(self.call, call.args)) if call.function is np.add else [call]
        found = [self.pair(each, (row, column), over, path) for each in calls]
        pairs = tuple(pair for pair in found if pair is not None)
        if len(pairs) != len(found):
            return None
        needed = {s for _, made_of in pairs for s in made_of}
        parts = tuple(s for loop in path for s in loop.body.statements if s in needed)
        everything = frozenset(s for s in (*made, *calls, *parts) if s is not None)
        if len({s.origin.constant for s in everything}) > 1:
            return None
        factors = tuple(pair for pair, _ in pairs)
        return Contraction(
            statement, row, column, over, factors, is_negative, slope, parts, everything
        )

    def pair(
        self, call: Call | None, ends: tuple[For, For], over: For, path: Path
    ) -> tuple[Pair, set[Statement]] | None:
        """Return the factors of a product, one for each end and the sum, and what makes them."""
        row, column = ends
        if call is None or call.function is not np.multiply or call.out.type.dtype.kind != "f":
            return None
        for left, right in (call.args, call.args[::-1]):
            first = self.of_loops(left, {row, over}, path)
            second = self.of_loops(right, {over, column}, path)
            if first is not None and second is not None:
                return (left, right), first | second
        return None

    def call(self, operand: Operand) -> Call | None:
        if operand not in self.inside or not isinstance(operand, Value):
            return None
        statement = self.flow.definitions[operand].statement
        return statement if isinstance(statement, Call) and statement.out is operand else None

    def of_loops(self, operand: Operand, loops: set[For], path: Path) -> set[Statement] | None:
        """Return what makes an operand that depends on both loops, and on no other one."""
        met: set[Value] = set()
        made = self.of_path_alone(operand, path, met)
        return made if made is not None and met == {loop.index for loop in loops} else None

    def of_path_alone(self, operand: Operand, path: Path, met: set[Value]) -> set[Statement] | None:
        """Return the statements that make an operand; `met` is extended by the indices in it."""
        if operand not in self.inside or not isinstance(operand, Value):
            return set()
        if any(operand is loop.index for loop in path):
            met.add(operand)
            return set()
        definition = self.flow.definitions[operand]
        statement = definition.statement
        if not any(definition.block is loop.body for loop in path):
            return None
        if not isinstance(statement, Load | Call) or not _is_pure(statement):
            return None
        if isinstance(statement, Load) and statement.ref in self.inside:
            return None
        result: set[Statement] = {statement}
        for each in operands(statement):
            needed = self.of_path_alone(each, path, met) if not is_array(each) else set()
            if needed is None:
                return None
            result |= needed
        return result

    # ---- bounds ----

    def is_plain(self, loop: For) -> bool:
        """Say whether a loop counts up by 1 from 0, or from another index, to its end.

        Rows and columns that are not gone through may be infinite, and are not to be read.
        """
        known = loop.start in self.inside or is_constant(loop.start, 0)
        return known and is_constant(loop.step, 1) and loop.leave is None and loop.trips is None

    def slopes(self, path: Path) -> list[Bound] | None:
        """Return the bounds that depend on another loop; None: one is made of something else."""
        result: list[Bound] = []
        for loop in path:
            for bound, is_start in ((loop.start, True), (loop.stop, False)):
                if bound not in self.inside:
                    continue
                base, offset = self.flow.integers.affine(bound)
                others = [each for each in path if each.index is base]
                if not others or (is_start and offset < 0):
                    return None
                result.append(Bound(loop, is_start, others[0], offset))
        return result


def _paths(around: tuple[For, ...]) -> Iterator[Path]:
    """Iterate over the loops that are three deep, each with those around it."""
    for statement in around[-1].body.statements:
        if isinstance(statement, For):
            path = (*around, statement)
            if len(path) == 3:
                yield path
            else:
                yield from _paths(path)


def _is_pure(statement: Load | Call) -> bool:
    if isinstance(statement, Load):
        return True
    arrays = any(is_array(o) for o in (*operands(statement), *definitions(statement)))
    return not asks(statement) and not arrays and statement.function not in EFFECTS
