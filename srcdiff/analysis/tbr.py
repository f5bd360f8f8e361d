"""To be recorded: which writes must save what they overwrite.

The adjoint sweep reads a class as it was just before some statement. Going forward,

    needed after a statement = needed before | classes read as they are there
    a write saves            iff its class is needed when it runs
    a write of a whole array ends the need: what it saved restores everything older
    where an array is made, nothing older of it is needed

Loops are repeated until the need at their entry includes that at their end; but nothing is carried
from one iteration of a merged loop to the next, which undoes its writes before it ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from srcdiff.analysis.aliasing import Aliases
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    For,
    Function,
    If,
    Increment,
    Statement,
    Store,
    Value,
    While,
)


@dataclass(frozen=True, eq=False)
class Read:
    """The adjoint sweep reads class `root` as it is before statement `position` of `block`."""

    root: Value
    block: Block
    position: int


def writes_to_save(
    function: Function, reads: Iterable[Read], aliases: Aliases, merged: Iterable[For]
) -> set[Statement]:
    """Return the writes that must save what they overwrite."""
    work = _Recorder(aliases, frozenset(merged))
    for read in reads:
        work.reads.setdefault(read.block, {}).setdefault(read.position, set()).add(read.root)
    work.block(function.body, frozenset())
    return work.saves


@dataclass(eq=False)
class _Recorder:
    aliases: Aliases
    merged: frozenset[For]
    reads: dict[Block, dict[int, set[Value]]] = field(default_factory=dict)
    saves: set[Statement] = field(default_factory=set)

    def block(self, block: Block, needed: frozenset[Value]) -> frozenset[Value]:
        at = self.reads.get(block, {})
        for position, statement in enumerate(block.statements):
            needed |= at.get(position, set())
            needed = self.statement(statement, needed)
        return needed | at.get(len(block.statements), set())

    def statement(self, statement: Statement, needed: frozenset[Value]) -> frozenset[Value]:
        match statement:
            case Store(ref=ref) | Increment(ref=ref):
                root = self.aliases.root(ref)
                if root in needed:
                    self.saves.add(statement)
                    if isinstance(statement, Store) and not statement.indices and ref is root:
                        return needed - {root}
            case Alloc(out=out) | Call(out=out) if out in self.aliases.written:
                return needed - {out}
            case If(then=then, orelse=orelse):
                return self.block(then, needed) | self.block(orelse, needed)
            case For(body=body) if statement in self.merged:
                self.block(body, frozenset())
            case For(body=body):
                return self.loop((body,), needed)
            case While(head=head, body=body):
                return self.loop((head, body), needed)
        return needed

    def loop(self, blocks: tuple[Block, ...], needed: frozenset[Value]) -> frozenset[Value]:
        while True:
            after = needed
            for block in blocks:
                after = self.block(block, after)
            if after <= needed:
                return needed
            needed |= after
