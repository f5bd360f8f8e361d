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
from srcdiff.analysis.spreads import (
    Offsets,
    Spread,
    chain,
    hands_over,
    looks_like_one,
    spread,
    waist,
)
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
from srcdiff.transform.pulled import Inside, border, copied, filled, pulled, pulled_back, rest


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
            links = list(self.links(statement))
            ring = _ring(links)
            if ring and self.is_legal(statement, around, ring):
                return _Change(statement, ring).statements()
            near = [link for link in links if self.is_near(statement, link)]
            if near:
                return _Change(statement, near, alone=False).statements()
        return [map_blocks(statement, self.block)] if blocks(statement) else [statement]

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

    def is_near(self, loop: For | While, link: Link) -> bool:
        """Say whether all that a nest adds is handed back before anybody sees the arrays."""
        if link.handing is None:
            return False
        statements = loop.body.statements
        between = statements[link.place + 1 : statements.index(link.handing)]
        root = self.memory.root(link.home)
        seen = any(root in self.memory.reads(s) | self.memory.writes(s) for s in between)
        inner = set(all_definitions(Block((loop,))))
        fixed = all(each.stop not in inner for each in link.spread.loops)
        return fixed and not seen and root not in self.memory.callers and self.is_fresh(link)

    def is_fresh(self, link: Link) -> bool:
        """Say whether a new array is only added to, and then handed on."""
        if link.handing is None:
            return True
        ends = {*(share for _, share in link.spread.shares), *chain(link.handing)[1]}
        return all(use.statement in ends for use in self.flow.uses[link.spread.target])

    def is_legal(self, loop: For | While, around: Block, ring: list[Link]) -> bool:
        inner = set(all_definitions(Block((loop,))))
        arrays = [link.home for link in ring]
        return (
            all(self.is_own(array, inner) for array in arrays)
            and len({self.memory.root(array) for array in arrays}) == len(arrays)
            and all(self.is_alone(loop, link, ring) for link in ring)
            and all(each.stop not in inner for link in ring for each in link.spread.loops)
            and all(self.has_box(link, ring) and not link.spread.rings for link in ring)
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
        return self.is_fresh(link)

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


def _ring(links: list[Link]) -> list[Link]:
    """Return the links that take from each other, and from nothing else."""
    known = {link.spread.source: link for link in links}
    while True:
        homes = {link.home for link in known.values()}
        kept = {s: link for s, link in known.items() if link.home in known and s in homes}
        if len(kept) == len(known):
            break
        known = kept
    once = len({link.home for link in known.values()}) == len(known)
    return list(known.values()) if once else []


def relative(spread: Spread, taking: Spread) -> list[Offsets]:
    """Return how far from what is taken each share goes, in the array where it ends."""
    lows = zip(spread.starts, taking.starts, taking.shift, strict=True)
    moved = [start - other - shift for start, other, shift in lows]
    return [
        tuple(step + by for step, by in zip(offset, moved, strict=True))
        for offset, _ in spread.shares
    ]


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
    alone: bool = True
    """Whether the round does nothing else with the arrays."""
    before: Builder = field(default_factory=Builder)
    after: Builder = field(default_factory=Builder)
    insides: dict[Value, Inside] = field(default_factory=dict)
    new: dict[Statement | None, list[Statement]] = field(default_factory=dict)
    carried: list[Carried] = field(default_factory=list)

    def statements(self) -> list[Statement]:
        for link in self.ring if self.alone else []:
            self.insides[link.spread.source] = self.inside(link, _taken(link.home, self.ring))
        for link in self.ring:
            (self.link if self.alone else self.near)(link)
        body = [s for each in self.loop.body.statements for s in self.new.get(each, [each])]
        carried = (*self.loop.carried, *self.carried)
        loop = replace(self.loop, body=Block(tuple(body)), carried=carried)
        return [*self.before.statements, loop, *self.after.statements]

    def inside(self, link: Link, taking: Spread) -> Inside:
        """Return an array of what a link takes, which is as large as what `taking` takes."""
        self.before.origin = link.spread.load.origin
        along = zip(*relative(link.spread, taking), strict=True)
        margin = tuple(max(map(abs, steps)) for steps in along)
        return Inside.made(link.spread, margin, self.before)

    def link(self, link: Link) -> None:
        inside, home = self.insides[link.spread.source], self.insides[link.home]
        taking, last = _taken(link.home, self.ring), inside
        lives = _lives(self.loop, link, self.ring)
        if lives:
            self.before.append(copied(inside, into=True))
        if link.handing is not None:
            self.new[link.fresh] = self.new[link.handing] = []
            inside, home, last = self.taking_turns(inside)
        steps = relative(link.spread, taking)
        self.new[link.spread.loops[0]] = [
            *rest(inside),
            pulled(inside, home, steps, added=taking.kill is None),
            *border(inside, link.home, steps, self.before),
        ]
        if lives:
            self.after.append(copied(last, into=False))

    def near(self, link: Link) -> None:
        """Take what is inside, and make it anew, in each round."""
        self.new[link.fresh] = self.new[link.handing] = []
        inside = self.inside(link, link.spread)
        inside = replace(inside, value=waist(link.spread))
        steps = relative(link.spread, link.spread)
        self.new[link.spread.loops[0]] = [
            *filled(inside),
            pulled_back(inside, steps),
            *border(inside, link.home, steps, self.before),
        ]

    def taking_turns(self, inside: Inside) -> tuple[Inside, Inside, Inside]:
        """Return what a round takes from and makes, which change places, and the last one made."""
        first, second = inside.array, inside.another(self.before).array
        phis = [Value(v.name, v.type, v.shape) for v in (first, second)]
        outs = [Value(v.name, v.type, v.shape) for v in (first, second)]
        self.carried.append(Carried(phis[0], first, phis[1], outs[0]))
        self.carried.append(Carried(phis[1], second, phis[0], outs[1]))
        now, then, last = (replace(inside, array=array) for array in (*phis, outs[0]))
        return now, then, last
