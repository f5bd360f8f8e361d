"""Move work arrays into the loop whose iterations write them whole before they read them.

    diff = Alloc (d,)                       For i
    For i                                       diff = Alloc (d,)
        For a in range(d)             ->        For a in range(d)
            Store diff[a] = ...                     Store diff[a] = ...

People make such arrays once, outside of the loop; made inside, nothing of them is carried from one
iteration to the next, and the iterations can be independent.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.loops import is_private, touches
from srcdiff.ir.nodes import Alloc, Block, For, Function, Statement, Value
from srcdiff.ir.walk import map_blocks, renewed


def sink(function: Function) -> Function:
    """Move each private work array of `function` as deep as it can go."""
    work = _Sinker(aliases(function))
    fixed = {work.aliases.root(r) for r in function.results if isinstance(r, Value)}
    return replace(function, body=work.block(function.body, fixed))


@dataclass(eq=False)
class _Sinker:
    aliases: Aliases
    moved: dict[Block, list[Alloc]] = field(default_factory=dict)

    def block(self, block: Block, fixed: set[Value]) -> Block:
        kept: list[Statement] = []
        arriving = self.moved.pop(block, [])
        statements = _place(block, arriving, self.aliases)
        for position, statement in enumerate(statements):
            if isinstance(statement, Alloc) and self.aliases.root(statement.out) not in fixed:
                target = self.target(statement, statements[position + 1 :])
                if target is not None:
                    self.moved.setdefault(target, []).append(replace(statement, fill=None))
                    continue
            kept.append(map_blocks(statement, lambda inner: self.block(inner, fixed)))
        return renewed(block, kept)

    def target(self, alloc: Alloc, following: list[Statement]) -> Block | None:
        """Return the body of the only loop that uses an array, if each iteration covers it."""
        root = self.aliases.root(alloc.out)
        users = [s for s in following if touches(s, root, self.aliases)]
        if len(users) != 1 or self.aliases.is_bound(root):
            return None
        match users[0]:
            case For(body=body) if is_private(body, alloc.out, self.aliases):
                return body
        return None


def _place(block: Block, arriving: list[Alloc], classes: Aliases) -> list[Statement]:
    """Put arriving arrays right before the statement that touches them first."""
    result = list(block.statements)
    for alloc in arriving:
        root = classes.root(alloc.out)
        first = next(k for k, s in enumerate(result) if touches(s, root, classes))
        result.insert(first, alloc)
    return result
