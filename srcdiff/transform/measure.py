"""Turn a function into one that tells how large the arrays are that it makes.

    s_saved = Alloc (n,)                 n1 = max(0, n)
    For i                         ->     For i, carried m = (m', 0, m'', m)
        t = Call copy(x)                     m'' = max(m', extent of x)
    return ...                           return n1, n1, m, m

Of arrays that are made again in each iteration, and of those that grow, the largest counts. What
does not decide extents is removed, so that for most functions no loop is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    Function,
    If,
    Join,
    Operand,
    Statement,
    Value,
    While,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.transform.dead_writes import dead_writes
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.simplify import simplify

State = dict[int, Operand]
"""For each number that is returned, what it is so far."""


def measure(function: Function, places: Mapping[Statement, int]) -> Function:
    """Return a function that gives, for each place from 0 on, a size and the extents.

    `places` are the statements that make arrays; those at one place make arrays of one rank.
    """
    work = _Measurer(dataflow(function), _columns(places))
    state: State = dict.fromkeys(range(sum(widths(places))), integer(0))
    body = Block(tuple(work.block(function.body, state)))
    results = tuple(state[k] for k in sorted(state))
    function = replace(function, body=body, results=results, doc="", notes=())
    for each in (simplify, eliminate, dead_writes, eliminate, simplify, eliminate):
        function = each(function)
    return function


def widths(places: Mapping[Statement, int]) -> list[int]:
    """Return how many numbers belong to each place: the size, then the extents."""
    ranks = {place: len(_out(each).shape) for each, place in places.items()}
    return [1 + ranks[place] for place in sorted(ranks)]


def _columns(places: Mapping[Statement, int]) -> dict[Statement, tuple[int, int]]:
    """Return for each statement the first of its numbers, and how many they are."""
    counts = widths(places)
    starts = [sum(counts[:place]) for place in range(len(counts))]
    return {each: (starts[place], counts[place]) for each, place in places.items()}


def _out(statement: Statement) -> Value:
    assert isinstance(statement, Alloc | Call)
    return statement.out


@dataclass(frozen=True, eq=False)
class _Measurer:
    flow: Dataflow
    columns: dict[Statement, tuple[int, int]]

    def block(self, block: Block, state: State) -> list[Statement]:
        """Return the statements of a block, with what measures; `state` is that at its end."""
        builder = Builder()
        waiting: list[Statement] = []
        for statement in block.statements:
            match statement:
                case If():
                    self.branch(builder, statement, state)
                case For() | While():
                    self.loop(builder, statement, state)
                case _:
                    builder.append(statement)
                    waiting += [statement] if statement in self.columns else []
            ready = [s for s in waiting if not self.is_asked(_out(s), block, statement)]
            for each in ready:
                self.note(builder, each, state)
            waiting = [s for s in waiting if s not in ready]
        return builder.statements

    def note(self, builder: Builder, statement: Statement, state: State) -> None:
        """Append what measures an array whose extents are known."""
        out, (first, _) = _out(statement), self.columns[statement]
        size: Operand = integer(1)
        for extent in out.shape:
            size = builder.fold(np.multiply, size, extent)
        for k, number in enumerate((size, *out.shape), first):
            state[k] = builder.fold(max, state[k], number)

    def is_asked(self, array: Value, block: Block, position: Statement) -> bool:
        """Say whether an array is asked for an extent after a statement of the block."""
        definitions = [self.flow.definitions[e] for e in array.shape if isinstance(e, Value)]
        place = block.statements.index(position)
        return any(d.block is block and d.position > place for d in definitions)

    def inside(self, statement: Statement) -> list[int]:
        """Return the numbers that a statement with blocks changes."""
        found = [s for s in self.columns if self.is_in(s, statement)]
        return sorted({k for s in found for k in range(self.columns[s][0], sum(self.columns[s]))})

    def is_in(self, inner: Statement, outer: Statement) -> bool:
        block = self.flow.definitions[_out(inner)].block
        return any(around is outer for _, _, around in self.flow.ancestors(block))

    def branch(self, builder: Builder, branch: If, state: State) -> None:
        then, orelse = dict(state), dict(state)
        sides = [
            Block(tuple(self.block(block, ends)))
            for block, ends in ((branch.then, then), (branch.orelse, orelse))
        ]
        joins = list(branch.joins)
        for k in self.inside(branch):
            out = Value("_n", PYTHON_INT)
            joins.append(Join(out, then[k], orelse[k]))
            state[k] = out
        builder.append(replace(branch, then=sides[0], orelse=sides[1], joins=tuple(joins)))

    def loop(self, builder: Builder, loop: For | While, state: State) -> None:
        numbers = self.inside(loop)
        phis = {k: Value("_n", PYTHON_INT) for k in numbers}
        ends: State = {**state, **phis}
        if isinstance(loop, While):
            head = Block(tuple(self.block(loop.head, ends)))
            loop = replace(loop, head=head)
        body = Block(tuple(self.block(loop.body, ends)))
        entries = list(loop.carried)
        for k, phi in phis.items():
            out = Value("_n", PYTHON_INT)
            entries.append(Carried(phi, state[k], ends[k], out))
            state[k] = out
        builder.append(replace(loop, body=body, carried=tuple(entries)))
