"""Leave out the columns of tangents that are 0.

    For k in range(width)                                   For k in range(min(8, width))
        Store p_dot[v, k] = a * r_dot[k] + b * m_dot[k]  ->     Store p_dot[v, k] = a * r_dot[k]
                                                            For k in range(8, width)
                                                                Store p_dot[v, k] = b * m_dot[k]

where `r_dot` comes of the first eight numbers that a Jacobian is by, and `m_dot` of the others
(`analysis.columns`). What no loop reads of the columns of an array is not written either.
"""

import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.columns import ALL, END, NONE, Columns, Span, columns_of, meet, union
from srcdiff.ir.build import Builder, constant, integer, is_constant
from srcdiff.ir.nodes import (
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
)
from srcdiff.ir.walk import clone, operands, rewrite, substitute
from srcdiff.words import WIDTH, radd

SUMS = frozenset({np.add, np.subtract, radd})
MOST = 3
"""Loops that take the place of one, at most."""
SHORT = 2 * WIDTH
"""Columns that are not worth two loops."""


def narrow(function: Function) -> Function:
    """Let the loops of `function` over columns leave out what is 0."""
    found = columns_of(function)
    if found is None:
        return function
    plan = _Plan(found)
    changed = {
        loop: pieces for loop, pieces in plan.pieces().items() if not _is_whole(pieces, loop)
    }
    if not changed:
        return function
    return _Writer(plan, changed).function(function)


@dataclass(frozen=True, eq=False)
class _Piece:
    """Some of the columns of a loop, and the statements that these need."""

    span: Span
    needed: frozenset[Statement]


def _is_whole(pieces: Sequence[_Piece], loop: For) -> bool:
    """Say whether a loop stays as it is."""
    same = len(pieces) == 1 and pieces[0].span == ALL
    return same and pieces[0].needed.issuperset(loop.body.statements)


@dataclass(eq=False)
class _Plan:
    """What is needed of each loop."""

    columns: Columns
    read: dict[Value, Span] = field(default_factory=dict)
    """The columns of each array that are read."""

    def pieces(self) -> dict[For, list[_Piece]]:
        """Return the parts of all loops; what is not read is not needed, until nothing changes."""
        everything = dict.fromkeys(self.columns.spans, ALL)
        self.read = everything
        while True:
            result = {loop: self.of_loop(loop) for loop in self.columns.loops}
            read = self.reads(result)
            if self.grow(read):
                self.read = everything
            elif read == self.read:
                return result
            else:
                self.read = read

    def grow(self, read: dict[Value, Span]) -> bool:
        """Let arrays have all columns that are read, if any: a part may be more than it needs."""
        spans = self.columns.spans
        wider = {root: union(spans[root], span) for root, span in read.items() if span != NONE}
        found = {root: span for root, span in wider.items() if span != spans[root]}
        found = {root: span for root, span in found.items() if root not in self.columns.units}
        spans.update(found)
        return bool(found)

    def reads(self, plan: dict[For, list[_Piece]]) -> dict[Value, Span]:
        columns = self.columns
        found = {root: ALL if root in columns.open else NONE for root in columns.spans}
        for piece in (piece for pieces in plan.values() for piece in pieces):
            for statement in piece.needed:
                root = columns.aliases.root(statement.ref) if isinstance(statement, Load) else None
                if root in found:
                    found[root] = union(found[root], piece.span)
        return found

    def of_loop(self, loop: For) -> list[_Piece]:
        spans = self.columns.pieces(loop)
        pieces = _alike(_Piece(span, self.needed(loop, span)) for span in spans)
        joined: list[_Piece] = []
        for piece in pieces:
            if joined and piece.span[1] - joined[-1].span[0] <= SHORT:
                piece = self.joined(loop, joined.pop(), piece)
            joined.append(piece)
        if len(joined) > MOST:
            return [self.joined(loop, joined[0], joined[-1])]
        return joined

    def joined(self, loop: For, first: _Piece, last: _Piece) -> _Piece:
        """Return a part from the beginning of one to the end of another."""
        span = union(first.span, last.span)
        return _Piece(span, self.needed(loop, span))

    def needed(self, loop: For, span: Span) -> frozenset[Statement]:
        """Return the statements of a loop that some columns need."""
        zeros = self.columns.zeros(loop, span)
        found: set[Statement] = set()
        wanted: set[Operand] = set()
        for statement in reversed(loop.body.statements):
            match statement:
                case Store() | Increment():
                    if not self.is_kept(statement, span, zeros):
                        continue
                case Load(out=out) | Call(out=out):
                    if out not in wanted or out in zeros:
                        continue
            found.add(statement)
            wanted.update(operands(statement))
        return frozenset(found)

    def is_kept(self, access: Store | Increment, span: Span, zeros: set[Value]) -> bool:
        root = self.columns.aliases.root(access.ref)
        if isinstance(access, Increment) and (access.value in zeros):
            return False
        if root not in self.columns.spans:
            return True
        return meet(span, self.columns.spans[root]) and meet(span, self.read[root])


def _alike(pieces: Iterator[_Piece]) -> list[_Piece]:
    """Return pieces that need something, as one where neighbours need the same."""
    result: list[_Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if last is not None and last.needed == piece.needed and last.span[1] == piece.span[0]:
            result[-1] = replace(last, span=union(last.span, piece.span))
        else:
            result.append(piece)
    return [piece for piece in result if piece.needed]


@dataclass(eq=False)
class _Writer:
    """Writes the loops anew."""

    plan: _Plan
    pieces: dict[For, list[_Piece]]
    ends: dict[tuple[Operand, int], Value] = field(default_factory=dict)
    """min(width, end), by width and end."""

    def function(self, function: Function) -> Function:
        body = rewrite(function.body, self.changed)
        statements: list[Statement] = []
        for statement in body.statements:
            statements.append(statement)
            if isinstance(statement, Call):
                statements += self.bounds(statement.out)
        return replace(function, body=Block(tuple(statements)))

    def bounds(self, width: Value) -> list[Statement]:
        return [
            Call(value, builtins.min, (width, integer(end)))
            for (of, end), value in self.ends.items()
            if of is width
        ]

    def changed(self, statement: Statement) -> list[Statement]:
        if not isinstance(statement, For) or statement not in self.pieces:
            return [statement]
        return [self.loop(statement, piece) for piece in self.pieces[statement]]

    def loop(self, loop: For, piece: _Piece) -> For:
        zeros = self.plan.columns.zeros(loop, piece.span)
        body = Builder(loop.origin)
        mapping: dict[Value, Operand] = {v: constant(0, v.type) for v in zeros}
        for statement in loop.body.statements:
            if statement in piece.needed:
                _append(body, statement, mapping)
        first, last = piece.span
        new = replace(loop, start=integer(first), stop=self.end(loop.stop, last), body=body.block())
        (copy,) = clone(Block((new,)), {}).statements
        assert isinstance(copy, For)
        return copy

    def end(self, width: Operand, end: int) -> Operand:
        if end == END:
            return width
        assert isinstance(width, Value)
        if (width, end) not in self.ends:
            self.ends[width, end] = Value("_end", width.type)
        return self.ends[width, end]


def _append(body: Builder, statement: Statement, mapping: dict[Value, Operand]) -> None:
    """Append a statement, without what it adds if that is 0."""
    statement = substitute(statement, mapping)
    if isinstance(statement, Call) and statement.function in SUMS:
        left, right = statement.args
        zero, other = (left, right) if is_constant(left, 0) else (right, left)
        if is_constant(zero, 0) and other.type == statement.out.type:
            minus = statement.function is np.subtract and zero is left
            name = statement.out.name
            mapping[statement.out] = body.call(np.negative, other, name=name) if minus else other
            return
    body.append(statement)
