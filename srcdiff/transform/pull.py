"""Let adjoints of stencils pull what comes from neighbours, where they are taken and made anew.

    For _ in range(steps)                   For i in range(1, n - 1)
        For i in range(1, n - 1)                Store inside[i] = a_bar[i]
            s = Load a_bar[i]               For _ in range(steps)
            Store a_bar[i] = 0.0                For i in range(1, n - 1)
            t = Call divide(s, 3.0)                 s' = inside[i - 1] + inside[i] + inside[i + 1]
            Increment b_bar[i - 1] += t     ->      Store inside_1[i] = divide(s', 3.0)
            Increment b_bar[i] += t             For i in range(1, min(2, n - 1))
            Increment b_bar[i + 1] += t             Increment b_bar[i - 1] += divide(inside[i], 3.0)
        ...                                     ...

What a round takes from inside of an array, and what is made there, is in an array of its own,
between zeros. It is assigned, as it was 0 before, and nothing is set to 0 or read again; where it
is not set to 0, it is added to. What goes to the border, outside of what is taken, is added there
as before. The round must do nothing else with these arrays, and end where it takes from: `b_bar`
is taken in the same way, and added to `a_bar`, or all of it is. In the latter case there are two
arrays of what is inside, which change places.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import Memory, memory
from srcdiff.analysis.spreads import Offsets, Spread, chain, hands_over, looks_like_one, spread
from srcdiff.ir.build import Builder, is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    Statement,
    Value,
    While,
)
from srcdiff.ir.walk import all_definitions, blocks, map_blocks, renewed
from srcdiff.transform.pulled import Inside, border, copied, pulled, rest


def pull(function: Function) -> Function:
    """Change the stencils in the loops of `function` that add up in arrays of their own."""
    return replace(function, body=_Search(function).block(function.body))


@dataclass(eq=False)
class Link:
    """A nest of a round, the array that what it makes ends in, and what hands it over there."""

    spread: Spread
    home: Value
    place: int
    fresh: Alloc | None = None
    handing: Statement | None = None


@dataclass(eq=False)
class _Search:
    function: Function

    @cached_property
    def flow(self) -> Dataflow:
        return dataflow(self.function)

    @cached_property
    def memory(self) -> Memory:
        return memory(self.function)

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            result += self.statement(statement, block)
        return renewed(block, result)

    def statement(self, statement: Statement, around: Block) -> list[Statement]:
        if isinstance(statement, For | While) and _is_worth(statement):
            ring = self.ring(statement)
            if ring and self.is_legal(statement, around, ring):
                return _Change(statement, ring).statements()
        return [map_blocks(statement, self.block)] if blocks(statement) else [statement]

    def ring(self, loop: For | While) -> list[Link]:
        """Return the links of a loop that take from each other, and from nothing else."""
        links = {link.spread.source: link for link in self.links(loop)}
        while True:
            homes = {link.home for link in links.values()}
            kept = {s: link for s, link in links.items() if link.home in links and s in homes}
            if len(kept) == len(links):
                break
            links = kept
        once = len({link.home for link in links.values()}) == len(links)
        return list(links.values()) if once else []

    def links(self, loop: For | While) -> Iterator[Link]:
        statements = loop.body.statements
        fresh = {s.out: s for s in statements if isinstance(s, Alloc)}
        handed = {pair[0]: (pair[1], s) for s in statements for pair in self.handing(s)}
        for place, statement in enumerate(statements):
            if not looks_like_one(statement):
                continue
            found = spread(statement, self.flow.integers, self.memory)
            if found is None:
                continue
            made = fresh.get(found.target)
            if made is None:
                yield Link(found, found.target, place)
            elif is_constant(made.fill or made.out, 0) and found.target in handed:
                home, last = handed[found.target]
                if home is found.source and statements.index(last) > place:
                    yield Link(found, home, place, made, last)

    def handing(self, statement: Statement) -> list[tuple[Value, Value]]:
        pair = hands_over(statement, self.flow.integers) if isinstance(statement, For) else None
        return [] if pair is None else [pair]

    # ---- what must hold ----

    def is_legal(self, loop: For | While, around: Block, ring: list[Link]) -> bool:
        inner = set(all_definitions(Block((loop,))))
        arrays = [link.home for link in ring]
        return (
            all(self.is_own(array, inner) for array in arrays)
            and len({self.memory.root(array) for array in arrays}) == len(arrays)
            and all(self.is_alone(loop, link, ring) for link in ring)
            and all(each.stop not in inner for link in ring for each in link.spread.loops)
            and all(self.has_box(link, ring) for link in ring)
            and all(self.is_ready(loop, around, link, ring) for link in ring)
        )

    def is_own(self, array: Value, inner: set[Value]) -> bool:
        """Say whether an array is made outside of the loop, and has one name."""
        root = self.memory.root(array)
        made = self.flow.definitions[array].statement
        plain = isinstance(made, Alloc | Call) and array not in inner
        return plain and root not in self.memory.bound | self.memory.callers

    def is_alone(self, loop: For | While, link: Link, ring: list[Link]) -> bool:
        """Say whether a round touches the arrays of a link only where links of the ring do."""
        allowed = {link.spread.loops[0], *(_last(o) for o in ring if o.home is link.spread.source)}
        root = self.memory.root(link.spread.source)
        inner = [s for block in blocks(loop) for s in block.statements if s not in allowed]
        if any(root in self.memory.reads(s) | self.memory.writes(s) for s in inner):
            return False
        if link.handing is None:
            return True
        ends = {*(share for _, share in link.spread.shares), *chain(link.handing)[1]}
        return all(use.statement in ends for use in self.flow.uses[link.spread.target])

    def has_box(self, link: Link, ring: list[Link]) -> bool:
        """Say whether what a nest takes is as large as what is taken of the array it adds to."""
        other = _taken(link.home, ring)
        if len(other.loops) != len(link.spread.loops):
            return False
        affine = self.flow.integers.affine
        for one, two in zip(link.spread.loops, other.loops, strict=True):
            (base, last), (other_base, other_last) = affine(one.stop), affine(two.stop)
            first, other_first = affine(one.start)[1], affine(two.start)[1]
            if base is not other_base or last - first != other_last - other_first:
                return False
        return True

    def is_ready(self, loop: For | While, around: Block, link: Link, ring: list[Link]) -> bool:
        """Say whether the inside of the array that a link adds to is 0, or is added to as well."""
        taking = next(each for each in ring if each.spread.source is link.home)
        if _lives(loop, taking, ring):
            return True
        made = self.flow.definitions[link.home]
        if made.block is not around or not isinstance(made.statement, Alloc):
            return False
        between = around.statements[made.position + 1 : around.statements.index(loop)]
        root = self.memory.root(link.home)
        zero = is_constant(made.statement.fill or link.home, 0)
        return zero and not any(root in self.memory.writes(each) for each in between)


def _is_worth(loop: For | While) -> bool:
    """Say whether a loop may have many rounds, and stencils in them."""
    bounds = (loop.start, loop.stop) if isinstance(loop, For) else ()
    few = bool(bounds) and all(isinstance(bound, Const) for bound in bounds)
    return not few and any(map(looks_like_one, loop.body.statements))


def _last(link: Link) -> Statement:
    return link.spread.loops[0] if link.handing is None else link.handing


def _lives(loop: For | While, link: Link, ring: list[Link]) -> bool:
    """Say whether a link takes what was there before its round."""
    making = next(each for each in ring if each.home is link.spread.source)
    first = loop.body.statements.index(_last(making))
    return link.spread.kill is None or first >= link.place


def _taken(array: Value, ring: list[Link]) -> Spread:
    return next(link.spread for link in ring if link.spread.source is array)


# ---- what comes of it ----


@dataclass(eq=False)
class _Change:
    """A loop whose links are changed, with what goes in front of it and behind it."""

    loop: For | While
    ring: list[Link]
    before: Builder = field(default_factory=Builder)
    after: Builder = field(default_factory=Builder)
    insides: dict[Value, Inside] = field(default_factory=dict)
    new: dict[Statement | None, list[Statement]] = field(default_factory=dict)
    carried: list[Carried] = field(default_factory=list)

    def statements(self) -> list[Statement]:
        for link in self.ring:
            self.before.origin = link.spread.load.origin
            inside = Inside.made(link.spread, self.margin(link), self.before)
            self.insides[link.spread.source] = inside
        for link in self.ring:
            if _lives(self.loop, link, self.ring):
                inside = self.insides[link.spread.source]
                self.before.append(copied(inside, into=True))
            self.link(link)
        body = [s for each in self.loop.body.statements for s in self.new.get(each, [each])]
        carried = (*self.loop.carried, *self.carried)
        loop = replace(self.loop, body=Block(tuple(body)), carried=carried)
        return [*self.before.statements, loop, *self.after.statements]

    def link(self, link: Link) -> None:
        inside, home = self.insides[link.spread.source], self.insides[link.home]
        added = _taken(link.home, self.ring).kill is None
        last = inside
        if link.handing is not None:
            self.new[link.fresh] = self.new[link.handing] = []
            inside, home, last = self.taking_turns(inside)
        relative = self.relative(link)
        self.new[link.spread.loops[0]] = [
            *rest(inside),
            pulled(inside, home, relative, added=added),
            *border(inside, link.home, relative, self.before),
        ]
        if _lives(self.loop, link, self.ring):
            self.after.append(copied(last, into=False))

    def taking_turns(self, inside: Inside) -> tuple[Inside, Inside, Inside]:
        """Return what a round takes from and makes, which change places, and the last one made."""
        first, second = inside.array, inside.another(self.before).array
        phis = [Value(v.name, v.type, v.shape) for v in (first, second)]
        outs = [Value(v.name, v.type, v.shape) for v in (first, second)]
        self.carried.append(Carried(phis[0], first, phis[1], outs[0]))
        self.carried.append(Carried(phis[1], second, phis[0], outs[1]))
        now, then, last = (replace(inside, array=array) for array in (*phis, outs[0]))
        return now, then, last

    def relative(self, link: Link) -> list[Offsets]:
        """Return how far from what is taken each share goes, in the array where it ends."""
        spread, taking = link.spread, _taken(link.home, self.ring)
        lows = zip(spread.starts, taking.starts, taking.shift, strict=True)
        moved = [start - other - shift for start, other, shift in lows]
        return [
            tuple(step + by for step, by in zip(offset, moved, strict=True))
            for offset, _ in spread.shares
        ]

    def margin(self, link: Link) -> Offsets:
        """Return how many zeros are read beside what is taken, along each axis."""
        return tuple(max(map(abs, along)) for along in zip(*self.relative(link), strict=True))
