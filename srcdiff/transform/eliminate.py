"""Remove what nobody needs: dead values, dead carried entries and joins, writes nobody reads.

    For i, carried k = (k', 0, i, k)          For i, carried s = ...
        y = Call exp(x)                 ->        s' = ...
        s' = ...

Mark from the results: a live value marks its definition's operands, the control around it, and, if
it refers to memory, every write into its class. Guards are always live, and so are
calls that do something besides what they give.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.ir.nodes import (
    Block,
    Derive,
    For,
    Function,
    Guard,
    If,
    Operand,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.updates import updated
from srcdiff.ir.walk import (
    NESTED,
    WRITING,
    blocks,
    definitions,
    has_effect,
    inner_definitions,
    map_blocks,
    operands,
    renewed,
    written_refs,
)


@lru_cache(maxsize=1)
def eliminate(function: Function) -> Function:
    """Remove dead statements, entries and joins from `function`."""
    marker = _Marker(function, aliases(function, through_edges=True))
    marker.run()
    return updated(function, body=_sweep(function.body, marker))


@dataclass(eq=False)
class _Marker:
    function: Function
    aliases: Aliases
    live: set[Value] = field(default_factory=set)
    needed: set[Statement] = field(default_factory=set)
    pending: list[Value] = field(default_factory=list)
    writes: dict[Value, list[Statement]] = field(default_factory=dict)
    effects: list[Statement] = field(default_factory=list)
    """What is done for itself: guards, and calls that do something besides what they give."""
    origins: dict[Value, Statement] = field(default_factory=dict)
    """What defines each value that is no parameter."""
    around: dict[Statement, Statement] = field(default_factory=dict)
    """The statement in which each one is nested."""

    def run(self) -> None:
        self.place(self.function.body, None)
        # Not before all is placed: what is written later is read in the next iteration.
        for statement in self.effects:
            self.need(statement)
        for result in self.function.results:
            self.mark(result)
        for param in self.function.params:
            self.mark(param)
        while self.pending:
            self.define(self.pending.pop())

    def place(self, block: Block, around: Statement | None) -> None:
        """Note where each statement stands, what it defines, writes, and does besides."""
        for statement in block.statements:
            if around is not None:
                self.around[statement] = around
            for value in definitions(statement):
                self.origins[value] = statement
            if isinstance(statement, NESTED):
                for value in inner_definitions(statement):
                    self.origins[value] = statement
                for nested in blocks(statement):
                    self.place(nested, statement)
            elif isinstance(statement, WRITING):
                for ref in written_refs(statement):
                    self.writes.setdefault(self.aliases.root(ref), []).append(statement)
            elif isinstance(statement, Guard) or has_effect(statement):
                self.effects.append(statement)

    def mark(self, operand: Operand) -> None:
        if isinstance(operand, Value) and operand not in self.live:
            self.live.add(operand)
            self.pending.append(operand)
            for extent in operand.shape:
                self.mark(extent)
            if is_array(operand):
                for statement in self.writes.pop(self.aliases.root(operand), ()):
                    self.need(statement)

    def need(self, statement: Statement) -> None:
        """Mark a statement that has an effect, and the control around it."""
        if statement in self.needed:
            return
        self.needed.add(statement)
        if not isinstance(statement, NESTED):
            for operand in operands(statement):
                self.mark(operand)
            if isinstance(statement, Derive):
                self.extents(statement)
        self.control(statement)

    def extents(self, derive: Derive) -> None:
        """Mark the extents of all that a call gives: it is asked for it though it is not read."""
        for out in derive.outs:
            for extent in out.shape:
                self.mark(extent)

    def control(self, statement: Statement) -> None:
        """Mark what decides whether a statement runs."""
        around = self.around.get(statement)
        while around is not None and around not in self.needed:
            self.needed.add(around)
            for operand in _control(around):
                self.mark(operand)
            around = self.around.get(around)

    def define(self, value: Value) -> None:
        """Mark what the definition of a live value needs."""
        statement = self.origins.get(value)
        if statement is None:
            return
        if not isinstance(statement, NESTED):
            self.need(statement)
            return
        self.enter(statement)
        self.sources(value, statement)

    def enter(self, statement: Statement) -> None:
        if statement not in self.needed:
            self.needed.add(statement)
            for operand in _control(statement):
                self.mark(operand)
            self.control(statement)

    def sources(self, value: Value, statement: Statement) -> None:
        match statement:
            case If(joins=joins):
                for join in joins:
                    if join.out is value:
                        self.mark(join.then)
                        self.mark(join.orelse)
            case For(carried=carried) | While(carried=carried):
                for entry in carried:
                    if value in (entry.phi, entry.out):
                        for operand in (entry.phi, entry.init, entry.next, entry.out):
                            self.mark(operand)


def _control(statement: Statement) -> tuple[Operand, ...]:
    """Return the operands that decide whether and how often a statement's blocks run."""
    match statement:
        case If(condition=condition):
            return (condition,)
        case For(start=start, stop=stop, step=step, leave=leave):
            return (start, stop, step) if leave is None else (start, stop, step, leave)
        case While(condition=condition, leave=leave):
            return (condition,) if leave is None else (condition, leave)
    return ()


def _sweep(block: Block, marker: _Marker) -> Block:
    kept: list[Statement] = []
    for statement in block.statements:
        if statement not in marker.needed:
            continue
        if isinstance(statement, If):
            kept.append(_joins(statement, marker))
        elif isinstance(statement, For | While):
            kept.append(_entries(statement, marker))
        else:
            kept.append(statement)
    return renewed(block, kept)


def _joins(statement: If, marker: _Marker) -> If:
    result = map_blocks(statement, lambda inner: _sweep(inner, marker))
    joins = tuple(join for join in statement.joins if join.out in marker.live)
    return result if len(joins) == len(statement.joins) else replace(result, joins=joins)


def _entries(loop: For | While, marker: _Marker) -> For | While:
    result = map_blocks(loop, lambda inner: _sweep(inner, marker))
    carried = tuple(e for e in loop.carried if e.phi in marker.live)
    trips = loop.trips if loop.trips in marker.live else None
    if len(carried) == len(loop.carried) and trips is loop.trips:
        return result
    return replace(result, carried=carried, trips=trips)
