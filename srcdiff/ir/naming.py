"""Out of SSA form: which values share a name, and which name.

    s_2 = phi(s_1, s_3)          s = 0.0
    s_3 = s_2 + e                s += e

Values that a loop or a branch connects become one web if they are never needed at the same time:
then the copy between them vanishes. Values with different names in the user's source keep them.
Webs that wish the same name share it under the same condition, if they have one type.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcdiff.ir.memory import is_temporary
from srcdiff.ir.nesting import Nesting
from srcdiff.ir.nodes import Block, For, Function, If, Operand, Value, While
from srcdiff.ir.ranges import Segment, live_ranges
from srcdiff.ir.symbols import unused
from srcdiff.ir.types import Array, Type
from srcdiff.ir.walk import statements


@dataclass(eq=False)
class _Web:
    """Values that have one name."""

    values: list[Value]
    segments: list[Segment]
    blocks: set[Block]
    wish: str
    kind: tuple[object, ...]
    temporary: bool
    pinned: bool = False

    def meets(self, other: "_Web") -> bool:
        """Say whether the two are ever needed at the same point."""
        few, many = sorted((self.segments, other.segments), key=len)
        return any(_overlaps(segment, many) for segment in few)

    def absorb(self, other: "_Web") -> None:
        self.values += other.values
        self.blocks |= other.blocks
        few, many = sorted((other.segments, self.segments), key=len)
        for segment in few:
            insort(many, segment)
        self.segments = many
        if (other.pinned, not other.temporary) > (self.pinned, not self.temporary):
            self.wish, self.temporary, self.pinned = other.wish, other.temporary, other.pinned


def _overlaps(segment: Segment, others: list[Segment]) -> bool:
    after = bisect_left(others, (segment[1] + 1,))
    return after > 0 and others[after - 1][1] >= segment[0]


def assign_names(function: Function, nesting: Nesting, taken: frozenset[str]) -> dict[Value, str]:
    """Return the name of each value that has a line of its own."""
    webs = _coalesce(function, nesting)
    named = [web for web in webs if not web.temporary]
    temporary = [web for web in webs if web.temporary]
    used = {param.name: param for param in function.params}
    wishes = {web.wish for web in named}
    names = _Names(set(taken) | set(used), wishes)
    result: dict[Value, str] = {}
    for slot, name in (*names.of_variables(named), *names.of_temporaries(temporary)):
        result.update((value, name) for value in slot.values)
    return result


def _coalesce(function: Function, nesting: Nesting) -> list[_Web]:
    ranges = live_ranges(function, nesting)
    params = set(function.params)
    web_of = {
        value: _Web(
            [value],
            segments,
            {ranges.home[value]},
            wish=value.name if value in params else _identifier(value.name),
            kind=_kind(value.type),
            temporary=is_temporary(value) and value not in params,
            pinned=value in params,
        )
        for value, segments in ranges.segments.items()
    }
    for a, b in _affinities(function):
        if isinstance(a, Value) and isinstance(b, Value) and a in web_of and b in web_of:
            _join(web_of, a, b)
    webs = dict.fromkeys(web_of.values())
    return sorted(webs, key=lambda web: (not web.pinned, web.segments[0]))


def _affinities(function: Function) -> Iterator[tuple[Operand, Operand]]:
    """Iterate over the copies that should vanish, those that loops repeat first."""
    loops = [s for s in statements(function.body) if isinstance(s, For | While)]
    for loop in loops:
        yield from ((entry.phi, entry.next) for entry in loop.carried)
    for statement in statements(function.body):
        if isinstance(statement, If):
            for join in statement.joins:
                yield from ((join.out, join.then), (join.out, join.orelse))
    for loop in loops:
        yield from ((entry.phi, entry.out) for entry in loop.carried)
        yield from ((entry.phi, entry.init) for entry in loop.carried)


def _join(web_of: dict[Value, _Web], a: Value, b: Value) -> None:
    first, second = web_of[a], web_of[b]
    both_named = not first.temporary and not second.temporary
    if (
        first is second
        or first.kind != second.kind
        or (both_named and first.wish != second.wish)
        or first.meets(second)
    ):
        return
    if len(first.values) < len(second.values):
        first, second = second, first
    first.absorb(second)
    web_of.update((value, first) for value in second.values)


def _kind(type: Type) -> tuple[object, ...]:
    """Return what Numba tells apart; a Python number and a NumPy scalar are one type to it."""
    return (type.dtype, type.ndim, type.layout) if isinstance(type, Array) else (type.dtype,)


def _identifier(wish: str) -> str:
    letters = wish.lstrip("_")
    if not letters.isidentifier():
        letters = "".join(c if c.isalnum() or c == "_" else "_" for c in letters)
    return letters if letters.isidentifier() else f"t{letters}"


@dataclass(eq=False)
class _Names:
    """Hands out names; `wishes` are the names of the user's variables."""

    taken: set[str]
    wishes: set[str]

    def of_variables(self, webs: Iterable[_Web]) -> list[tuple[_Web, str]]:
        """Name webs after the user's variables, `x_1` where two of one name meet."""
        slots: dict[str, list[tuple[_Web, str]]] = {}
        for web in webs:
            group = slots.setdefault(web.wish, [])
            slot = next((s for s, _ in group if s.kind == web.kind and not s.meets(web)), None)
            if slot is None or web.pinned:
                group.append((web, self._variable(web)))
            else:
                slot.absorb(web)
        return [pair for group in slots.values() for pair in group]

    def _variable(self, web: _Web) -> str:
        if web.pinned:
            return web.wish
        others = self.taken | (self.wishes - {web.wish})
        return self._take(unused(web.wish, others))

    def of_temporaries(self, webs: Iterable[_Web]) -> list[tuple[_Web, str]]:
        """Number temporaries; only those of separate blocks share a name."""
        slots: dict[str, list[_Web]] = {}
        for web in webs:
            group = slots.setdefault(web.wish, [])
            slot = next((s for s in group if self._shares(s, web)), None)
            if slot is None:
                group.append(web)
            else:
                slot.absorb(web)
        return [pair for wish, group in slots.items() for pair in self._number(wish, group)]

    def _shares(self, slot: _Web, web: _Web) -> bool:
        same = slot.kind == web.kind and slot.blocks.isdisjoint(web.blocks)
        return same and not slot.meets(web)

    def _number(self, wish: str, group: list[_Web]) -> Iterator[tuple[_Web, str]]:
        others = self.taken | self.wishes
        if len(group) > 1:
            others = others | {wish}
        for web in group:
            name = unused(wish, others)
            others.add(self._take(name))
            yield web, name

    def _take(self, name: str) -> str:
        self.taken.add(name)
        return name
