"""A run of deferred array statements: what depends on what, and which share a loop nest.

`level(v) = max(level(args))`, one more where the argument is a reduction, has another domain, or is
read at other elements than it was made; memory that is read and written counts alike. Statements
of one level and one domain are a group. A value that crosses from one group to another is stored,
unless it is cheaper to compute it again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from srcdiff.analysis.aliasing import Aliases
from srcdiff.ir.nodes import Call, Increment, Operand, Store, Value, View, is_array
from srcdiff.transform.fusion.access import (
    Access,
    Extents,
    Loops,
    aligned,
    own_pattern,
    resolve,
)
from srcdiff.transform.fusion.scalars import CHEAP

Kind = Literal["map", "sum", "write", "scalar"]
MOST_OPERATIONS = 8
WIDTH = 128


@dataclass(eq=False)
class Node:
    """A deferred statement; the fields below `kind` are known when the run ends."""

    statement: Call | Store | Increment
    kind: Kind
    loops: Loops = ()
    numbers: tuple[int | None, ...] = ()
    reads: list[Access] = field(default_factory=list)
    target: Access | None = None
    level: int = 0

    @property
    def shape(self) -> tuple[Operand, ...]:
        """Return the shape of the nest that the statement needs."""
        match self.statement:
            case Call(out=out, args=args):
                array = args[0] if self.kind == "sum" else out
                return array.shape if isinstance(array, Value) else ()
            case Store(ref=ref) | Increment(ref=ref):
                return ref.shape

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Return what an iteration reads, one element of each array."""
        match self.statement:
            case Call(args=args):
                return args
            case Store(value=value) | Increment(value=value):
                return (value,)


@dataclass(eq=False)
class Group:
    """Nodes that share a nest. `body` holds those that it runs, in order, others' included."""

    nodes: list[Node]
    body: list[Node] = field(default_factory=list)
    stored: set[Value] = field(default_factory=set)


@dataclass(eq=False)
class Region:
    """The nodes of a run, in order, with what is known where the run ends."""

    nodes: list[Node]
    views: dict[Value, View]
    extents: Extents
    aliases: Aliases
    is_external: Callable[[Value], bool]
    made: dict[Value, Node] = field(default_factory=dict)
    home: dict[Node, Group] = field(default_factory=dict)
    written: dict[Value, list[Node]] = field(default_factory=dict)
    place: dict[Node, int] = field(default_factory=dict)

    def analyse(self) -> list[list[Node] | Group]:
        """Return, in the order in which they run, lists of scalar calls, and groups."""
        for node in self.nodes:
            self._accesses(node)
            if isinstance(node.statement, Call):
                self.made[node.statement.out] = node
            elif node.target is not None:
                self.written.setdefault(self.root(node.target), []).append(node)
        self.place = {node: place for place, node in enumerate(self.nodes)}
        for place, node in enumerate(self.nodes):
            node.level = self._level(place, node)
        order = list(self._groups())
        for item in reversed(order):
            if isinstance(item, Group):
                self._demand(item)
        return order

    def root(self, access: Access) -> Value:
        return self.aliases.root(access.base)

    def _accesses(self, node: Node) -> None:
        if node.kind == "scalar":
            return
        node.loops, node.numbers = self.extents.loops(node.shape)
        node.reads = [self.access(node, o) for o in node.operands if is_array(o)]
        if isinstance(node.statement, Store | Increment):
            node.target = self.access(node, node.statement.ref)

    def access(self, node: Node, array: Operand) -> Access:
        """Return where `node` touches `array`."""
        assert isinstance(array, Value)
        pattern = aligned(array.shape, node.numbers, self.extents)
        return resolve(Access(array, pattern), self.views, self.extents)

    # ---- levels ----

    def _level(self, place: int, node: Node) -> int:
        level = 0
        for operand in node.operands:
            maker = self.made.get(operand) if isinstance(operand, Value) else None
            if maker is not None and not is_array(operand):
                level = max(level, maker.level + (maker.kind != "scalar"))
        for read in node.reads:
            maker = self.made.get(read.base)
            if maker is not None:
                level = max(level, maker.level + (not self.is_same_element(maker, node, read)))
        for earlier in self.nodes[:place]:
            delay = self._order(earlier, node)
            if delay is not None:
                level = max(level, earlier.level + delay)
        return level

    def is_same_element(self, maker: Node, user: Node, read: Access) -> bool:
        """Say whether an iteration of `user` reads what the same iteration of `maker` makes."""
        own = Access(read.base, own_pattern(maker.numbers))
        return maker.kind == "map" and maker.loops == user.loops and own.key == read.key

    def _order(self, earlier: Node, later: Node) -> int | None:
        """Return 0 or 1 if `later` must not run before `earlier`, 1 if not in its nest either."""
        result = None
        for one, other in self._conflicts(earlier, later):
            if one.is_apart(other) or _commute(earlier, later, one, other):
                continue
            if earlier.loops != later.loops or not one.keeps_step_with(other, len(later.loops)):
                return 1
            result = 0
        return result

    def _conflicts(self, earlier: Node, later: Node) -> Iterator[tuple[Access, Access]]:
        """Iterate over the pairs of accesses to one class of which one at least writes."""
        if later.target is not None:
            for one in (*earlier.reads, *([earlier.target] if earlier.target else [])):
                if self.root(one) is self.root(later.target):
                    yield one, later.target
        if earlier.target is not None:
            for other in later.reads:
                if self.root(other) is self.root(earlier.target):
                    yield earlier.target, other

    # ---- groups ----

    def _groups(self) -> Iterator[list[Node] | Group]:
        for level in range(max((node.level for node in self.nodes), default=-1) + 1):
            now = [node for node in self.nodes if node.level == level]
            scalars = [node for node in now if node.kind == "scalar"]
            if scalars:
                yield scalars
            domains: dict[Loops, list[Node]] = {}
            for node in now:
                if node.kind != "scalar":
                    domains.setdefault(node.loops, []).append(node)
            for members in domains.values():
                yield from self._split(members)

    def _split(self, nodes: list[Node]) -> Iterator[Group]:
        """Part a group at the width up to which LLVM makes vector code."""
        group, loads, stores = Group([]), set[object](), 0
        for node in nodes:
            more = {read.key for read in node.reads if read.base not in self.made}
            store = node.target is not None or self._leaves(node)
            width = (stores + store) * len(loads | more) + stores * (stores + store) // 2
            if group.nodes and width > WIDTH:
                yield group
                group, loads, stores = Group([]), set[object](), 0
            group.nodes.append(node)
            self.home[node] = group
            loads |= more
            stores += store
        yield group

    def _leaves(self, node: Node) -> bool:
        out = node.statement.out if isinstance(node.statement, Call) else None
        return out is not None and is_array(out) and self.is_external(out)

    # ---- what each group runs ----

    def _demand(self, group: Group) -> None:
        """Find the nodes that `group` runs; the groups that run later are done."""
        wanted: set[Node] = set()
        for node in group.nodes:
            out = node.statement.out if isinstance(node.statement, Call) else None
            if node.kind == "map" and out is not None and self.is_external(out):
                group.stored.add(out)
            if node.kind != "map" or out in group.stored:
                self._want(node, group, wanted)
        group.body = [node for node in self.nodes if node in wanted]

    def _want(self, node: Node, group: Group, wanted: set[Node]) -> None:
        if node in wanted:
            return
        wanted.add(node)
        for read in node.reads:
            maker = self.made.get(read.base)
            if maker is None or maker.kind != "map":
                continue
            if self.is_same_element(maker, node, read) and (
                self.home[maker] is group or self._is_light(maker)
            ):
                self._want(maker, group, wanted)
            else:
                self.home[maker].stored.add(read.base)

    def _is_light(self, node: Node) -> bool:
        """Say whether it is cheaper to compute a value again than to store and load it."""
        counted: set[Node] = set()
        leaves: set[Value] = set()
        return self._weigh(node, counted, leaves) and len(leaves) <= 1

    def _weigh(self, node: Node, counted: set[Node], leaves: set[Value]) -> bool:
        """Count what it takes to make `node` again; say whether that is possible."""
        if node in counted:
            return True
        counted.add(node)
        assert isinstance(node.statement, Call)
        if node.statement.function not in CHEAP or len(counted) > MOST_OPERATIONS:
            return False
        for read in node.reads:
            if self.is_overwritten(read, node):
                return False
            maker = self.made.get(read.base)
            if maker is None or maker.kind != "map":
                continue
            same = self.is_same_element(maker, node, read)
            if not (
                same
                and maker.statement.function in CHEAP  # type: ignore[union-attr]
                and self._weigh(maker, counted, leaves)
            ):
                leaves.add(read.base)
        return True

    def is_overwritten(self, read: Access, node: Node) -> bool:
        """Say whether what `node` reads may be something else behind it."""
        return any(
            self.place[each] > self.place[node]
            and (each.target is None or not read.is_apart(each.target))
            for each in self.written.get(self.root(read), ())
        )


def _commute(earlier: Node, later: Node, one: Access, other: Access) -> bool:
    """Say whether two accesses add to neighbours, which wait in one nest (`transform.gather`)."""
    if one is not earlier.target or other is not later.target or earlier.loops != later.loops:
        return False
    both = (earlier.statement, later.statement)
    added = all(isinstance(s, Increment) and s.origin.sweep == "adjoint" for s in both)
    return added and one.is_neighbour(other, len(later.loops))


def axes_of_sum(call: Call) -> tuple[tuple[int, ...], bool]:
    """Return the axes that a sum runs over, and whether it keeps them."""
    static = dict(call.static)
    array = call.args[0]
    assert isinstance(array, Value) and call.function is np.sum
    axis = static.get("axis")
    axes = tuple(range(len(array.shape))) if axis is None else axis
    return axes, bool(static.get("keepdims", False))
