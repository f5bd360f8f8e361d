"""Let names that are rebound to other memory hand on contents instead of references.

    For i, carried A = (A', A0, A1, A)            For i, carried A = (A', A0, A1, A)
        Increment A' += ...                 ->        A'' = Call copy(A')
        A1 = Call tanh(A')                            Increment A'' += ...
                                                      A1 = Call tanh(A'')

A phi, a join or a loop's result that is written gets memory of its own. The program means the same
as long as nobody else uses the memory that was handed on; where somebody does, arrays of one shape
are pooled (`transform.pool`), and all else is refused.
"""

from dataclasses import dataclass, field, replace
from typing import NoReturn

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.sharing import sharing
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.walk import blocks, map_blocks, substitute
from srcdiff.transform.pool import pool


def rebind(function: Function) -> Function:
    """Separate the memory of rebound names; raises `UnsupportedSyntax` where it is shared."""
    joined = aliases(function, through_edges=True)
    if not any(root in joined.written for root in joined.bound):
        return function
    classes, flow = aliases(function), dataflow(function)
    found = sharing(function, classes, flow)
    if found.conflict is not None:
        pooled = pool(function, joined, joined.root(found.conflict[1]))
        if pooled is None:
            _refuse(*found.conflict)
        return rebind(pooled)
    work = _Rebinder(classes, flow, found.stale)
    body = work.block(function.body)
    results = tuple(work.find(result) for result in function.results)
    return replace(function, body=body, results=results)


def _refuse(statement: Statement, value: Value) -> NoReturn:
    raise UnsupportedSyntax(
        f"`{value.name.lstrip('_')}` is rebound to memory that is also used by another name, "
        "and one of them is written.",
        statement.origin.span,
        "Copy the array where it gets its second name: `b = a.copy()`.",
    )


@dataclass(eq=False)
class _Rebinder:
    classes: Aliases
    flow: Dataflow
    stale: set[Value]
    mapping: dict[Value, Operand] = field(default_factory=dict)

    def find(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    def block(self, block: Block, entering: tuple[Value, ...] = ()) -> Block:
        kept: list[Statement] = []
        pending = self.written(entering)
        self.copy(kept, [v for v in pending if not self.is_asked(v)])
        pending = [v for v in pending if self.is_asked(v)]
        for statement in block.statements:
            kept.append(self.nested(statement))
            pending += self.written(self.made_by(statement))
            ready = [v for v in pending if not self.waits(v, block, statement)]
            self.copy(kept, ready)
            pending = [v for v in pending if v not in ready]
        return Block(tuple(kept))

    def nested(self, statement: Statement) -> Statement:
        """Treat the blocks of a statement, then its own operands."""
        inner = blocks(statement)
        if not inner:
            return substitute(statement, self.mapping)
        entering = tuple(e.phi for e in statement.carried) if not isinstance(statement, If) else ()  # type: ignore[union-attr]
        done = [self.block(b, entering if b is inner[0] else ()) for b in inner]
        shell = substitute(map_blocks(statement, lambda _: Block()), self.mapping)
        following = iter(done)
        return map_blocks(shell, lambda _: next(following))

    def made_by(self, statement: Statement) -> tuple[Value, ...]:
        match statement:
            case If(joins=joins):
                return tuple(join.out for join in joins)
            case For(carried=carried) | While(carried=carried):
                return tuple(entry.out for entry in carried)
        return ()

    def written(self, values: tuple[Value, ...]) -> list[Value]:
        changed = self.classes.written | self.stale
        return [v for v in values if is_array(v) and self.classes.root(v) in changed]

    def is_asked(self, value: Value) -> bool:
        return any(self.asks(extent, value) for extent in value.shape)

    def asks(self, extent: Operand, value: Value) -> bool:
        if not isinstance(extent, Value):
            return False
        statement = self.flow.definitions[extent].statement
        return isinstance(statement, Call) and statement.args == (value,)

    def waits(self, value: Value, block: Block, statement: Statement) -> bool:
        """Say whether an extent of `value` is defined by a statement that comes later."""
        position = block.statements.index(statement)
        later = block.statements[position + 1 :]
        return any(
            isinstance(s, Call) and s.out in value.shape and s.args == (value,) for s in later
        )

    def copy(self, kept: list[Statement], values: list[Value]) -> None:
        for value in values:
            builder = Builder()
            self.mapping[value] = builder.copy(value, value.name)
            kept += builder.statements
