"""To be recorded: which writes must save what they overwrite.

The adjoint sweep reads elements as they were just before some statement. Going forward,

    needed after a statement = needed before | what is read as it is there
    a write saves            iff it may meet something needed, as `analysis.dependence` tells
    a write of a whole array ends the need: what it saved restores everything older
    where an array is made, nothing older of it is needed

Loops are repeated until the need at their entry includes that at their end; but nothing is carried
from one iteration of a merged loop to the next, whose adjoint sweep ends before that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dependence import Access, Dependence
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

Need = frozenset[Access]


def record(
    function: Function,
    reads: Iterable[Access],
    aliases: Aliases,
    dependence: Dependence,
    merged: Iterable[For],
) -> "Record":
    """Return which writes must save what they overwrite, and how often."""
    work = Record(aliases, dependence, frozenset(merged))
    different = {(read.ref, read.indices, read.block, read.position): read for read in reads}
    for read in different.values():
        work.reads.setdefault(read.block, {}).setdefault(read.position, set()).add(read)
    work.block(function.body, frozenset())
    return work


@dataclass(eq=False)
class Record:
    """What is found out going forward. `saves` are the writes that must save."""

    aliases: Aliases
    facts: Dependence
    merged: frozenset[For]
    reads: dict[Block, dict[int, set[Access]]] = field(default_factory=dict)
    saves: set[Statement] = field(default_factory=set)
    writes: dict[Statement, Access] = field(default_factory=dict)
    at_risk: dict[Statement, set[Access]] = field(default_factory=dict)
    met: dict[tuple[Access, Access], bool] = field(default_factory=dict)

    def block(self, block: Block, needed: Need) -> Need:
        at = self.reads.get(block, {})
        for position, statement in enumerate(block.statements):
            needed |= at.get(position, set())
            if isinstance(statement, Store | Increment) and statement not in self.writes:
                access = Access(statement.ref, statement.indices, block, position)
                self.writes[statement] = access
            needed = self.statement(statement, needed)
        return needed | at.get(len(block.statements), set())

    def statement(self, statement: Statement, needed: Need) -> Need:
        match statement:
            case Store() | Increment():
                return self.write(statement, needed)
            case Alloc(out=out) | Call(out=out) if out in self.aliases.written:
                return self.without(out, needed)
            case If(then=then, orelse=orelse):
                return self.block(then, needed) | self.block(orelse, needed)
            case For(body=body) if statement in self.merged:
                self.block(body, needed)
            case For(body=body):
                return self.loop((body,), needed)
            case While(head=head, body=body):
                return self.loop((head, body), needed)
        return needed

    def loop(self, blocks: tuple[Block, ...], needed: Need) -> Need:
        while True:
            after = needed
            for block in blocks:
                after = self.block(block, after)
            if after <= needed:
                return needed
            needed |= after

    def write(self, write: Store | Increment, needed: Need) -> Need:
        root = self.aliases.root(write.ref)
        at_risk = [read for read in needed if self.aliases.root(read.ref) is root]
        self.at_risk.setdefault(write, set()).update(at_risk)
        if any(self.follows(self.writes[write], read) for read in at_risk):
            self.saves.add(write)
            if isinstance(write, Store) and not write.indices and write.ref is root:
                return self.without(root, needed)
        return needed

    def without(self, root: Value, needed: Need) -> Need:
        return frozenset(read for read in needed if self.aliases.root(read.ref) is not root)

    def follows(self, write: Access, read: Access) -> bool:
        """Say whether a write may overwrite what was read before."""
        if (write, read) not in self.met:
            at_once = self.facts.precedes(read, write) and self.facts.meet(read, write, None)
            self.met[write, read] = at_once or any(
                self.facts.meet(read, write, loop) for loop in self.carriers(write, read)
            )
        return self.met[write, read]

    def carriers(self, write: Access, read: Access) -> list[For | While]:
        """Return the loops of which both have iterations of their own, in the same memory."""
        root = self.aliases.root(write.ref)
        made = self.facts.loops(self.facts.flow.definitions[root].block)
        common = [s for s in self.facts.loops(write.block) if s in self.facts.loops(read.block)]
        return [loop for loop in common if loop not in made and loop not in self.merged]

    def once_for(self, write: Statement, loop: For) -> bool:
        """Say whether a write could save before `loop`, and no read in there comes before it."""
        return not any(
            self.overtakes(self.writes[write], read, loop)
            for read in self.at_risk.get(write, ())
            if loop in self.facts.loops(read.block)
        )

    def overtakes(self, write: Access, read: Access, loop: For) -> bool:
        """Say whether a write may follow a read of the same element within one run of `loop`."""
        if self.facts.precedes(read, write) and self.facts.meet(read, write, None):
            return True
        around = self.facts.loops(write.block)
        inside = around[: around.index(loop) + 1]
        return any(
            self.facts.meet(read, write, each)
            for each in self.carriers(write, read)
            if each in inside
        )
