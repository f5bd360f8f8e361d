"""Compute tables that are the same in each iteration of a loop once, in front of it.

    For i in range(m)                               p = Alloc (n,)
        p = Alloc (n,)                              If 0 < m
        Store p[0] = 0.0                                Store p[0] = 0.0
        For j in range(1, n)                            For j in range(1, n)
            t = Load p[j - 1]                               Store p[j] = c / (2.0 - p[j - 1])
            Store p[j] = c / (2.0 - t)        ->    For i in range(m)
            Store x[i, j] = p[j] * b[i, j]              For j in range(1, n)
                                                            Store x[i, j] = p[j] * b[i, j]

The factors of a tridiagonal system with constant coefficients are such a table. What writes it
depends on nothing that changes in the loop, and no read of the loop comes before a write of the
same iteration to that element: so each iteration finds what the first one has written. It is done
where the loop runs, and where what the loop checks first holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.coverage import Coverage, Element
from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.dependence import Access
from srcdiff.analysis.linear import Linear
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import is_counted
from srcdiff.ir.build import Builder, mapped
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    For,
    Function,
    Guard,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import (
    asks,
    blocks,
    changing,
    clone,
    definitions,
    has_effect,
    inner_definitions,
    map_blocks,
    operands,
    renewed,
    statements,
)
from srcdiff.transform.eliminate import eliminate


def precompute(function: Function) -> Function:
    """Move tables of `function` out of the loops that fill them with the same in each iteration."""
    found = _round(function)
    while found is not function:
        function = found
        found = _round(function)
    return function


def _round(function: Function) -> Function:
    """Move tables out of one loop around them."""
    work = _Mover(function)
    if not work.tables:
        return function
    body = work.block(function.body)
    return eliminate(replace(function, body=body)) if body is not function.body else function


@dataclass(eq=False)
class _Mover:
    function: Function

    def __post_init__(self) -> None:
        self.memory = memory(self.function)
        self.coverage = Coverage(dataflow(self.function))
        made = (s.out for s in statements(self.function.body) if isinstance(s, Alloc))
        self.tables = {array: found for array in made if (found := self.elements(array))}

    def elements(self, array: Value) -> list[Element]:
        """Return all that is done with an array, if it is just elements of it."""
        root = self.memory.root(array)
        if root in self.memory.bound or root in self.memory.lasting:
            return []
        return self.coverage.elements(array) or []

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            new = map_blocks(statement, self.block)
            if new is statement and isinstance(statement, For):
                result += _Loop(self, statement).parted()
            else:
                result.append(new)
        return renewed(block, result)


@dataclass(eq=False)
class _Loop:
    """One loop, and what of it is the same in each iteration."""

    work: _Mover
    loop: For
    tables: dict[Value, list[Element]] = field(default_factory=dict)
    """What is done in the loop with the arrays that may be tables."""
    private: dict[Value, Alloc] = field(default_factory=dict)
    dirty: set[Value] = field(default_factory=set)
    """The values that may be others in each iteration."""

    def parted(self) -> list[Statement]:
        """Return what takes the place of the loop: tables in front of it, if it has any."""
        for array, elements in self.work.tables.items():
            own = [e for e in elements if self.work.coverage.is_within(e, self.loop.body)]
            if any(not isinstance(e.statement, Load) for e in own):
                self.tables[array] = own
        if not self.tables or not isinstance(self.loop.step, Const):
            return [self.loop]
        self.inside = changing(self.loop)
        self.find_private()
        self.spread()
        while self.tables and self.lost():
            self.spread()
        return self.statements() if self.tables else [self.loop]

    def find_private(self) -> None:
        """Note the tables that each iteration makes, and forget those that are not made alike."""
        for statement in self.loop.body.statements:
            if isinstance(statement, Alloc) and statement.out in self.tables:
                self.private[statement.out] = statement
        for array in list(self.tables):
            made = self.private.get(array)
            needed = [] if made is None else operands(made)
            if (made is None and array in self.inside) or self.inside.intersection(needed):
                del self.tables[array]

    # ---- what changes ----

    def spread(self) -> None:
        """Find the values that change, and forget the tables that are made of them."""
        self.dirty = set(inner_definitions(self.loop))
        known = (-1, -1)
        while known != (len(self.dirty), len(self.tables)):
            known = (len(self.dirty), len(self.tables))
            self.visit(self.loop.body, same=True)

    def visit(self, block: Block, *, same: bool) -> None:
        for statement in block.statements:
            own = self.is_same(statement)
            match statement:
                case Store(ref=ref) | Increment(ref=ref):
                    if ref in self.tables and not (own and same):
                        del self.tables[ref]
                case For(carried=carried) if own:
                    changed = [e for e in carried if self.changes((e.init, e.next))]
                    self.dirty.update(v for e in changed for v in (e.phi, e.out))
                case If(joins=joins) if own:
                    self.dirty.update(j.out for j in joins if self.changes((j.then, j.orelse)))
                case _ if not own:
                    self.dirty |= {*inner_definitions(statement), *definitions(statement)}
            for inner in blocks(statement):
                self.visit(inner, same=own and same)

    def is_same(self, statement: Statement) -> bool:
        """Say whether a statement, but for what is in its blocks, does the same each time."""
        match statement:
            case Load(ref=ref, indices=indices):
                return self.is_fixed(ref) and not self.changes(indices)
            case Call(args=args):
                number = not any(map(is_array, (statement.out, *args)))
                pure = asks(statement) or (number and not has_effect(statement))
                return pure and not self.changes(args)
            case Store() | Increment() | View():
                return not self.changes(operands(statement))
            case For(start=start, stop=stop, step=step):
                return is_counted(statement) and not self.changes((start, stop, step))
            case If(condition=condition):
                return not self.changes((condition,))
            case Alloc(out=out):
                return out in self.tables
        return False

    def changes(self, parts: tuple[Operand, ...]) -> bool:
        return any(part in self.dirty for part in parts)

    def is_fixed(self, ref: Value) -> bool:
        """Say whether each iteration finds the same in an array."""
        if ref in self.tables:
            return True
        known = self.work.memory
        return ref not in self.dirty and known.root(ref) not in known.writes(self.loop)

    # ---- what is read too early ----

    def lost(self) -> bool:
        """Forget the tables that are read before they are written; say whether there are any."""
        moved = self.moved()
        early = [a for a, found in self.tables.items() if self.is_early(a, found, moved)]
        for array in early:
            del self.tables[array]
        return bool(early)

    def is_early(self, array: Value, found: list[Element], moved: set[Statement]) -> bool:
        reads = [e for e in found if self.stays(e, array, moved)]
        writes = [e for e in found if not isinstance(e.statement, Load)]
        ahead = self.work.coverage.is_ahead
        return any(ahead(read, write, self.loop.body) for read in reads for write in writes)

    def stays(self, element: Element, array: Value, moved: set[Statement]) -> bool:
        """Say whether a read sees the whole table, or must see the same in each iteration."""
        if array not in self.private:
            return not isinstance(element.statement, Store)
        if not isinstance(element.statement, Load):
            return False
        uses = self.work.coverage.flow.uses.get(element.statement.out, [])
        return any(use.statement not in moved for use in uses)

    # ---- what moves ----

    def moved(self) -> set[Statement]:
        """Return the statements that fill the tables, and those that they need."""
        result: set[Statement] = set()
        self.needed: set[Operand] = set()
        before = -1
        while before != len(result) + len(self.needed):
            before = len(result) + len(self.needed)
            self.collect(self.loop.body, result)
        return result

    def collect(self, block: Block, result: set[Statement]) -> None:
        for statement in reversed(block.statements):
            for inner in blocks(statement):
                self.collect(inner, result)
            if self.is_needed(statement, result):
                result.add(statement)
                kept = self.reduced(statement)
                self.needed.update(operands(kept))

    def is_needed(self, statement: Statement, result: set[Statement]) -> bool:
        if isinstance(statement, Alloc):
            return False
        if self.fills(statement):
            return True
        given = {*inner_definitions(statement), *definitions(statement)}
        inside = (s for inner in blocks(statement) for s in inner.statements)
        return not self.needed.isdisjoint(given) or not result.isdisjoint(inside)

    def reduced(self, statement: Statement) -> Statement:
        """Return a statement without the entries and joins that the tables do not need."""
        match statement:
            case For(carried=carried):
                own = tuple(e for e in carried if not self.needed.isdisjoint((e.phi, e.out)))
                return replace(statement, carried=own)
            case If(joins=joins):
                return replace(statement, joins=tuple(j for j in joins if j.out in self.needed))
        return statement

    def part(self, block: Block, moved: set[Statement]) -> Block:
        """Return what of a block moves."""
        kept = (self.reduced(s) for s in block.statements if s in moved)
        return Block(tuple(map_blocks(s, lambda inner: self.part(inner, moved)) for s in kept))

    # ---- where it is done ----

    def runs(self) -> Linear:
        """Return what is >= 0 where the loop runs."""
        form = self.work.coverage.dependence.form
        start, stop = form(self.loop.start), form(self.loop.stop)
        return start - stop - 1 if self.is_down() else stop - start - 1

    def is_down(self) -> bool:
        return isinstance(self.loop.step, Const) and self.loop.step.value < 0

    def accesses(self, block: Block, moved: set[Statement]) -> Iterator[Access]:
        """Iterate over the elements that are touched by what moves."""
        for position, statement in enumerate(block.statements):
            if statement in moved:
                if isinstance(statement, Load | Store | Increment):
                    yield Access(statement.ref, statement.indices, block, position)
                for inner in blocks(statement):
                    yield from self.accesses(inner, moved)

    def exists(self, access: Access, index: Operand, extent: Operand, *more: Linear) -> bool:
        """Say whether an index is surely one of its axis."""
        within = self.work.coverage.dependence
        return within.is_within(index, extent, (*within.conditions(access.block), *more))

    def is_checked(self, access: Access) -> bool:
        """Say whether the loop checks that elements exist: those at literals."""
        return any(
            isinstance(index, Const) and not self.exists(access, index, extent, self.runs())
            for index, extent in self.places(access)
        )

    def places(self, access: Access) -> Iterator[tuple[Operand, Operand]]:
        return zip(access.indices, access.ref.shape, strict=False)

    def condition(self, moved: set[Statement], made: Builder) -> Operand | None:
        """Append what says whether the first iteration makes the tables; None: that is unknown."""
        order = np.greater if self.is_down() else np.less
        condition: Operand = made.call(order, self.loop.start, self.loop.stop)
        if not any(map(self.is_checked, self.accesses(self.loop.body, moved))):
            return condition
        if any(isinstance(s, Guard) for s in moved for b in blocks(s) for s in statements(b)):
            return None
        mapping: dict[Value, Operand] = {}
        for statement in self.loop.body.statements:
            if isinstance(statement, Guard) and not self.changes((statement.condition,)):
                calls = self.before(statement.condition)
                if calls is None:
                    return None
                made.statements += clone(Block(tuple(calls)), mapping).statements
                holds = mapped(statement.condition, mapping)
                condition = made.call(np.logical_and, condition, holds)
        return condition

    def before(self, operand: Operand) -> list[Statement] | None:
        """Return the calls in the loop that make a number; None: it is not made of calls alone."""
        if operand not in self.inside or not isinstance(operand, Value):
            return []
        call = self.work.coverage.flow.definitions[operand].statement
        if not isinstance(call, Call):
            return None
        result: list[Statement] = []
        for arg in call.args:
            calls = self.before(arg)
            if calls is None:
                return None
            result += [s for s in calls if s not in result]
        return [*result, call]

    # ---- the new loop ----

    def statements(self) -> list[Statement]:
        """Return the tables, and the loop without what fills them."""
        moved = self.moved()
        made = Builder(self.loop.origin)
        made.statements += [made for a, made in self.private.items() if a in self.tables]
        condition = self.condition(moved, made)
        if condition is None:
            return [self.loop]
        filling = clone(self.part(self.loop.body, moved), {}).statements
        while isinstance(last := filling[-1], If) and _is_alone(last, filling[:-1]):
            made.statements += filling[:-1]
            condition = made.call(np.logical_and, condition, last.condition)
            filling = last.then.statements
        made.append(If(condition, Block(filling), Block(), origin=self.loop.origin))
        return [*made.statements, replace(self.loop, body=self.rest(self.loop.body))]

    def rest(self, block: Block) -> Block:
        """Return what of a block stays."""
        gone = {made for array, made in self.private.items() if array in self.tables}
        kept = [map_blocks(s, self.rest) for s in block.statements if s not in gone]
        return renewed(block, [s for s in kept if not self.fills(s)])

    def fills(self, statement: Statement) -> bool:
        return isinstance(statement, Store | Increment) and statement.ref in self.tables


def _is_alone(branch: If, before: tuple[Statement, ...]) -> bool:
    """Say whether nothing is done but in one side of a branch, whose condition can be asked."""
    compared = all(isinstance(s, Call) and s.out.type.dtype.kind == "b" for s in before)
    return compared and not branch.orelse.statements and not branch.joins
