"""Move work arrays into the loop whose iterations write them whole before they read them.

    diff = Alloc (d,)                       For i
    For i                                       diff = Alloc (d,)
        For a in range(d)             ->        For a in range(d)
            Store diff[a] = ...                     Store diff[a] = ...

People make such arrays once, outside of the loop; made inside, nothing of them is carried from one
iteration to the next, and the iterations can be independent. Where several loops fill one array
anew, each gets an array of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.coverage import Coverage
from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.loops import is_private, touches
from srcdiff.ir.nodes import Alloc, Block, For, Function, Statement, Value
from srcdiff.ir.updates import updated
from srcdiff.ir.walk import map_blocks, renewed, substitute


def sink(function: Function) -> Function:
    """Move each private work array of `function` as deep as it can go."""
    parter = _Parter(_Private(function))
    function = updated(function, body=parter.block(function.body))
    work = _Sinker(_Private(function))
    return updated(function, body=work.block(function.body))


@dataclass(eq=False)
class _Private:
    """Which arrays iterations have for themselves."""

    function: Function

    def __post_init__(self) -> None:
        self.aliases = aliases(self.function)
        self.coverage = Coverage(dataflow(self.function))
        ends = (r for r in self.function.results if isinstance(r, Value))
        self.fixed = set(map(self.aliases.root, ends))

    def is_free(self, array: Value) -> bool:
        """Say whether an array is neither a result nor bound to other names."""
        return self.aliases.root(array) not in self.fixed and not self.aliases.is_bound(array)

    def holds(self, block: Block, array: Value) -> bool:
        """Say whether a block, or each loop in it, fills an array before it reads any of it."""
        if is_private(block, array, self.aliases) or self.coverage.fills(block, array):
            return True
        loops = self.loops(block.statements, array)
        return bool(loops) and all(self.holds(loop.body, array) for loop in loops)

    def loops(self, statements: Sequence[Statement], array: Value) -> list[For]:
        """Return the loops that touch an array; none, if something else does, too."""
        root = self.aliases.root(array)
        users = [s for s in statements if touches(s, root, self.aliases)]
        loops = [s for s in users if isinstance(s, For)]
        return loops if len(loops) == len(users) else []

    def wholes(self, alloc: Alloc, following: Sequence[Statement]) -> list[For]:
        """Return the loops that use an array, if each iteration of each fills it."""
        loops = self.loops(following, alloc.out) if self.is_free(alloc.out) else []
        return loops if all(self.holds(loop.body, alloc.out) for loop in loops) else []


@dataclass(eq=False)
class _Parter:
    """Gives each of several loops that fill an array an array of its own."""

    private: _Private
    wanted: dict[Statement, list[Alloc]] = field(default_factory=dict)

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for position, statement in enumerate(block.statements):
            if isinstance(statement, Alloc) and self.parts(statement, block, position):
                continue
            new = map_blocks(statement, self.block)
            for alloc in self.wanted.get(statement, []):
                new = self.with_own(new, alloc)
            result.append(new)
        return renewed(block, result)

    def parts(self, alloc: Alloc, block: Block, position: int) -> bool:
        """Note the loops that get an array of their own in place of one; say whether there are."""
        loops = self.private.wholes(alloc, block.statements[position + 1 :])
        while len(loops) == 1:
            loops = self.private.wholes(alloc, loops[0].body.statements)
        for loop in loops:
            self.wanted.setdefault(loop, []).append(alloc)
        return bool(loops)

    def with_own(self, loop: Statement, alloc: Alloc) -> Statement:
        """Return a loop whose body makes an array anew."""
        own = replace(alloc.out)
        loop = substitute(loop, {alloc.out: own})
        assert isinstance(loop, For)
        made = replace(alloc, out=own, fill=None)
        return replace(loop, body=Block((made, *loop.body.statements)))


@dataclass(eq=False)
class _Sinker:
    private: _Private
    moved: dict[Block, list[Alloc]] = field(default_factory=dict)

    def block(self, block: Block) -> Block:
        kept: list[Statement] = []
        arriving = self.moved.pop(block, [])
        statements = _place(block, arriving, self.private.aliases)
        for position, statement in enumerate(statements):
            if isinstance(statement, Alloc):
                loops = self.private.wholes(statement, statements[position + 1 :])
                if len(loops) == 1:
                    made = replace(statement, fill=None)
                    self.moved.setdefault(loops[0].body, []).append(made)
                    continue
            kept.append(map_blocks(statement, self.block))
        return renewed(block, kept)


def _place(block: Block, arriving: list[Alloc], classes: Aliases) -> list[Statement]:
    """Put arriving arrays right before the statement that touches them first."""
    result = list(block.statements)
    for alloc in arriving:
        root = classes.root(alloc.out)
        first = next(k for k, s in enumerate(result) if touches(s, root, classes))
        result.insert(first, alloc)
    return result
