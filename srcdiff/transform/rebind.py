"""Let names that are rebound to other memory hand on contents instead of references.

    For i, carried A = (A', A0, A1, A)            For i, carried A = (A', A0, A1, A)
        Increment A' += ...                 ->        A'' = Call copy(A')
        A1 = Call tanh(A')                            Increment A'' += ...
                                                      A1 = Call tanh(A'')

A phi, a join or a loop's result that is written gets memory of its own. The program means the same
as long as nobody else uses the memory that was handed on; where somebody does, it is refused.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.aliasing import Aliases, aliases, edges
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    If,
    Increment,
    Operand,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.walk import blocks, map_blocks, statements, substitute


def rebind(function: Function) -> Function:
    """Separate the memory of rebound names; raises `UnsupportedSyntax` where it is shared."""
    joined = aliases(function, through_edges=True)
    if not any(root in joined.written for root in joined.bound):
        return function
    work = _Rebinder(function, joined, aliases(function), dataflow(function))
    work.check()
    body = work.block(function.body)
    results = tuple(work.find(result) for result in function.results)
    return replace(function, body=body, results=results)


@dataclass(eq=False)
class _Rebinder:
    function: Function
    joined: Aliases
    classes: Aliases
    flow: Dataflow
    mapping: dict[Value, Operand] = field(default_factory=dict)
    order: dict[Statement, int] = field(default_factory=dict)
    members: dict[Value, list[Value]] = field(default_factory=dict)

    def find(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    # ---- is anybody else using what is handed on? ----

    def check(self) -> None:
        for position, statement in enumerate(statements(self.function.body)):
            self.order[statement] = position
        for value in self.flow.definitions:
            if is_array(value):
                self.members.setdefault(self.classes.root(value), []).append(value)
        for statement in self.order:
            self.check_edges(statement)

    def check_edges(self, statement: Statement) -> None:
        pairs = [
            (value, source)
            for value, source in edges(statement)
            if is_array(value)
            and isinstance(source, Value)
            and self.joined.root(value) in self.joined.written
            and not (isinstance(statement, For | While) and self.is_own(statement, value, source))
        ]
        handed: dict[Value, Value] = {}
        for value, source in pairs:
            root = self.classes.root(source)
            other = handed.setdefault(root, value)
            if other is not value and self.is_written_later(statement, source, value):
                self.refuse(statement, value)
        for value, source in pairs:
            root = self.classes.root(source)
            if self.is_used_later(statement, source, root) and self.is_written_later(
                statement, source, value
            ):
                self.refuse(statement, value)

    def is_own(self, loop: For | While, value: Value, source: Value) -> bool:
        """A loop's result is its phi, or a phi that the body leaves as it is."""
        return any(
            (value is e.out and source is e.phi) or (value is e.phi and source is e.phi)
            for e in loop.carried
        )

    def is_used_later(self, statement: Statement, source: Value, root: Value) -> bool:
        """Say whether memory is used by another way after it was handed on."""
        for member in self.members.get(root, []):
            for use in self.flow.uses.get(member, []):
                if use.statement is statement and member is source:
                    continue
                if self.is_extent(use.statement):
                    continue
                if self.follows(statement, source, use.statement):
                    return True
        return any(
            isinstance(r, Value) and is_array(r) and self.classes.root(r) is root
            for r in self.function.results
        )

    def is_extent(self, statement: Statement) -> bool:
        return isinstance(statement, Call) and statement.function.__name__ == "shape"

    def follows(self, statement: Statement, source: Value, use: Statement) -> bool:
        """Say whether `use` can run after `source` was handed on by `statement`."""
        last = self.last_of(statement)
        inits = [e.init for e in statement.carried] if isinstance(statement, For | While) else []
        first = self.order[statement] if source in inits else last
        if self.order[use] > first and not self.inside_branch(statement, use):
            return True
        block = self.flow.definitions[source].block
        around = [s for b, _, s in self.flow.ancestors(self.block_of(statement))]
        if isinstance(statement, For | While):
            around = [statement, *around]
        outer = [
            s
            for s in around
            if isinstance(s, For | While) and block not in (*blocks(s), *self.inner_blocks(s))
        ]
        return any(self.order[s] < self.order[use] <= self.last_of(s) for s in outer)

    def inside_branch(self, statement: Statement, use: Statement) -> bool:
        inside = self.order[statement] < self.order[use] <= self.last_of(statement)
        return isinstance(statement, If) and inside

    def inner_blocks(self, statement: Statement) -> list[Block]:
        return [b for outer in blocks(statement) for s in statements(outer) for b in blocks(s)]

    def block_of(self, statement: Statement) -> Block:
        for block, _, around in self.flow.parents.values():
            if around is statement:
                return block
        for other in statements(self.function.body):
            for block in blocks(other):
                if statement in block.statements:
                    return block
        return self.function.body

    def last_of(self, statement: Statement) -> int:
        inner = [s for block in blocks(statement) for s in statements(block)]
        return max([self.order[statement], *(self.order[s] for s in inner)])

    def is_written_later(self, statement: Statement, source: Value, value: Value) -> bool:
        """Say whether the rebound name, or the memory handed to it, is written from here on."""
        root = self.joined.root(value)
        return any(
            self.follows(statement, source, write)
            for write in self.order
            if isinstance(write, Store | Increment) and self.joined.root(write.ref) is root
        )

    def refuse(self, statement: Statement, value: Value) -> None:
        raise UnsupportedSyntax(
            f"`{value.name.lstrip('_')}` is rebound to memory that is also used by another name, "
            "and one of them is written.",
            statement.origin.span,
            "Copy the array where it gets its second name: `b = a.copy()`.",
        )

    # ---- memory of its own ----

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
        return [v for v in values if is_array(v) and self.classes.root(v) in self.classes.written]

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
