"""Which names see memory that was handed to them by a join or a loop, and is written since.

    cur = out                     `cur` shares with `out`
    for q in range(layers):
        state[q] += cur[0]        a write that `cur` does not see: it shares with older rows
        cur = state[q]            `cur` shares with row q of `state`, and not with `out` any more

The function is run on pairs of alias classes that may share memory, with the region of the first
that the second sees. An edge (a join, or an entry that a loop carries) makes pairs, and ends those
of the name that it binds. A write into one class makes the others of its pairs *stale*: as names
with contents of their own they would not have changed. To read what is stale is the conflict;
that a name became stale at all says that it needs memory of its own, for the adjoint may read it
later than the function does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Increment,
    Index,
    Load,
    Operand,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
    is_array,
)

# Where a region lies on an axis of the array of its class: at a number, at the value of an
# operand, at an earlier value of a counter, or anywhere.
Place = int | Value | tuple[str, Value] | None
Region = tuple[Place, ...]
Pair = tuple[Value, Value]
EARLIER = "earlier"
WHOLE: frozenset[Region] = frozenset([()])


@dataclass(eq=False)
class State:
    """The pairs that may share memory, with regions of the first; what is stale, and by whom."""

    pairs: dict[Pair, frozenset[Region]] = field(default_factory=dict)
    stale: dict[Value, Value] = field(default_factory=dict)

    def copy(self) -> "State":
        return State(dict(self.pairs), dict(self.stale))

    def add(self, first: Value, second: Value, regions: Iterable[Region]) -> None:
        found = self.pairs.get((first, second), frozenset())
        self.pairs[first, second] = found.union(regions)

    def join(self, other: "State") -> "State":
        result = self.copy()
        for (first, second), regions in other.pairs.items():
            result.add(first, second, regions)
        result.stale = {**other.stale, **self.stale}
        return result

    def without(self, gone: set[Value]) -> "State":
        pairs = {p: r for p, r in self.pairs.items() if p[0] not in gone and p[1] not in gone}
        return State(pairs, {v: by for v, by in self.stale.items() if v not in gone})

    def equals(self, other: "State") -> bool:
        return self.pairs == other.pairs and self.stale.keys() == other.stale.keys()


@dataclass(eq=False)
class Sharing:
    """What `sharing` finds: names that became stale, and an edge whose name was read then."""

    stale: set[Value] = field(default_factory=set)
    conflict: tuple[Statement, Value] | None = None


def sharing(function: Function, classes: Aliases, flow: Dataflow) -> Sharing:
    """Return what is seen of memory that joins and loops hand on in `function`."""
    run = _Run(classes, flow)
    state = run.block(function.body, State())
    for result in function.results:
        run.read(state, result)
    return run.found


@dataclass(eq=False)
class _Run:
    classes: Aliases
    flow: Dataflow
    found: Sharing = field(default_factory=Sharing)
    made: dict[frozenset[Value], tuple[Statement, Value]] = field(default_factory=dict)

    def block(self, block: Block, state: State) -> State:
        for statement in block.statements:
            state = self.statement(statement, state)
        return state

    def statement(self, statement: Statement, state: State) -> State:
        match statement:
            case Alloc(out=out):
                return state.without({out}) if self.classes.root(out) is out else state
            case Call(out=out, function=function, args=args):
                for arg in args if function.__name__ != "shape" else ():
                    self.read(state, arg)
                return state.without({self.classes.root(out)}) if is_array(out) else state
            case Load(ref=ref):
                self.read(state, ref)
            case Store(ref=ref, indices=indices, value=value):
                self.read(state, value)
                return self.write(state, ref, indices)
            case Increment(ref=ref, indices=indices, value=value):
                self.read(state, value)
                self.read(state, ref)
                return self.write(state, ref, indices)
            case If():
                return self.branch(statement, state)
            case For() | While():
                return self.loop(statement, state)
            case _:
                pass
        return state

    def read(self, state: State, operand: Operand) -> None:
        if not isinstance(operand, Value) or not is_array(operand) or self.found.conflict:
            return
        root = self.classes.root(operand)
        if root in state.stale:
            self.found.conflict = self.made[frozenset((root, state.stale[root]))]

    def write(self, state: State, ref: Value, indices: tuple[Operand, ...]) -> State:
        root, region = self.classes.root(ref), self.region(ref, indices)
        hit = [
            second
            for (first, second), regions in state.pairs.items()
            if first is root and any(may_meet(region, other) for other in regions)
        ]
        if not hit:
            return state
        if self.flow.definitions[root].kind in ("param", "simple"):
            self.found.stale.update(hit)  # other writers get memory of their own
        return State(state.pairs, {**state.stale, **dict.fromkeys(hit, root)})

    # ---- edges ----

    def branch(self, statement: If, state: State) -> State:
        then = self.block(statement.then, state)
        orelse = self.block(statement.orelse, state)
        first = self.bind(statement, then, [(j.out, j.then) for j in statement.joins])
        second = self.bind(statement, orelse, [(j.out, j.orelse) for j in statement.joins])
        return first.join(second).without(self.inside(statement.then, statement.orelse))

    def loop(self, loop: For | While, state: State) -> State:
        inner = (loop.head, loop.body) if isinstance(loop, While) else (loop.body,)
        changed = self.values_in(inner)
        phis = {e.phi for e in loop.carried}
        local = self.inside(*inner) - phis
        state = later(state, changed, None)
        start = self.bind(loop, state, [(e.phi, e.init) for e in loop.carried])
        counter = loop.index if isinstance(loop, For) else None
        while True:
            here = self.block(loop.head, start) if isinstance(loop, While) else start
            end = self.block(loop.body, here)
            end = self.bind(loop, end, [(e.phi, e.next) for e in loop.carried]).without(local)
            end = later(end, changed, counter)
            joined = start.join(end)
            if joined.equals(start):
                break
            start = joined
        after = end if surely_runs(loop) else here.join(start)
        outs = self.bind(loop, after, [(e.out, e.phi) for e in loop.carried])
        return outs.without(local | phis)

    def values_in(self, inner: tuple[Block, ...]) -> set[Value]:
        return {v for v, d in self.flow.definitions.items() if self.is_inside(d.block, inner)}

    def inside(self, *inner: Block) -> set[Value]:
        """Return the classes that are made in these blocks, and that nothing after them knows."""
        return {v for v in self.values_in(inner) if is_array(v) and self.classes.root(v) is v}

    def is_inside(self, block: Block, inner: tuple[Block, ...]) -> bool:
        around = [block, *(outer for outer, _, _ in self.flow.ancestors(block))]
        return any(b is outer for b in around for outer in inner)

    def bind(self, statement: Statement, state: State, edges: list[tuple[Value, Operand]]) -> State:
        """Return the state after names were bound, all at once."""
        pairs = [(d, s) for d, s in edges if is_array(d) and isinstance(s, Value)]
        bound = {self.classes.root(d) for d, _ in pairs}
        result = state.without(bound)
        for value, source in pairs:
            self.bind_one(statement, state, result, (value, source), bound)
        for k, (value, source) in enumerate(pairs):
            for other, its_source in pairs[k + 1 :]:
                if self.meet(state, source, its_source):
                    self.share(statement, result, value, (value, WHOLE), (other, WHOLE))
        return result

    def bind_one(
        self,
        statement: Statement,
        before: State,
        after: State,
        edge: tuple[Value, Value],
        bound: set[Value],
    ) -> None:
        value, source = edge
        root, region = self.classes.root(source), self.region(source)
        new = self.classes.root(value)
        if root in before.stale:
            after.stale[new] = before.stale[root]
            self.made.setdefault(frozenset((new, before.stale[root])), (statement, value))
        if root not in bound:
            self.share(statement, after, value, (root, frozenset([region])), (new, WHOLE))
        whole = all(place is None for place in region)
        for (first, second), regions in before.pairs.items():
            if first is root and second not in bound and any(may_meet(region, r) for r in regions):
                one, other = (before.pairs[second, root], regions) if whole else (WHOLE, WHOLE)
                self.share(statement, after, value, (second, one), (new, other))

    def share(
        self,
        statement: Statement,
        state: State,
        value: Value,
        first: tuple[Value, frozenset[Region]],
        second: tuple[Value, frozenset[Region]],
    ) -> None:
        """Note that two classes share memory, and the regions of each that the other one sees."""
        state.add(first[0], second[0], first[1])
        state.add(second[0], first[0], second[1])
        self.made.setdefault(frozenset((first[0], second[0])), (statement, value))

    def meet(self, state: State, first: Value, second: Value) -> bool:
        """Say whether two references may see the same elements."""
        one, other = self.classes.root(first), self.classes.root(second)
        if one is other:
            return may_meet(self.region(first), self.region(second))
        return any(
            may_meet(self.region(first), region)
            for region in state.pairs.get((one, other), frozenset())
        )

    # ---- regions ----

    def region(self, value: Value, indices: tuple[Operand, ...] = ()) -> Region:
        """Return where `value`, or its element at `indices`, lies in the array of its class."""
        region, axes = self.seen(value)
        places = list(region)
        for axis, index in zip(axes, indices, strict=False):
            if axis is not None:
                places[axis] = place_of(index)
        return tuple(places)

    def seen(self, value: Value) -> tuple[list[Place], list[int | None]]:
        """Return the region of a reference, and the axis of the whole that each axis is."""
        made = self.flow.definitions[value]
        if not isinstance(made.statement, View) or made.statement.out is not value:
            return [None] * len(value.shape), list(range(len(value.shape)))
        region, axes = self.seen(made.statement.ref)
        match made.statement.how:
            case Index(items=items):
                return along(region, axes, items)
            case Transpose(axes=order):
                return region, [axes[k] for k in order]
            case _:
                return region, [None] * len(value.shape)


def surely_runs(loop: For | While) -> bool:
    """Say whether a loop has an iteration, so that its results are never what it started from."""
    match loop:
        case For(start=Const() as start, stop=Const() as stop, step=Const() as step):
            return len(range(start.value, stop.value, step.value)) > 0
        case _:
            return False


def along(
    region: list[Place], axes: list[int | None], items: tuple[object, ...]
) -> tuple[list[Place], list[int | None]]:
    """Return what basic indexing sees of a region."""
    places, kept, rest = list(region), list[int | None](), iter(axes)
    for item in items:
        match item:
            case Value() | Const():
                axis = next(rest)
                if axis is not None:
                    places[axis] = place_of(item)
            case Slice(start=start, stop=stop, step=step):
                axis = next(rest)
                kept.append(axis if start is stop is step is None else None)
            case _:
                kept.append(None)
    return places, kept


def place_of(operand: Operand) -> Place:
    return int(operand.value) if isinstance(operand, Const) else operand


def may_meet(first: Region, second: Region) -> bool:
    """Say whether two regions of an array may have an element in common; `()` is all of it."""
    return not any(are_apart(one, other) for one, other in zip(first, second, strict=False))


def are_apart(first: Place, second: Place) -> bool:
    match first, second:
        case int(), int():
            return first != second and (first < 0) == (second < 0)
        case (_, Value() as counter), Value():
            return counter is second
        case Value(), (_, Value() as counter):
            return counter is first
        case _:
            return False


def later(state: State, changed: set[Value], counter: Value | None) -> State:
    """Return a state in which the values of `changed` are over, and that of `counter` earlier."""

    def place(old: Place) -> Place:
        match old:
            case Value() if old is counter:
                return EARLIER, old
            case Value() if old in changed:
                return None
            case (_, Value() as was) if was in changed and was is not counter:
                return None
            case _:
                return old

    pairs = {
        pair: frozenset(tuple(map(place, region)) for region in regions)
        for pair, regions in state.pairs.items()
    }
    return State(pairs, state.stale)
