"""Turn whole-array statements into loops over numbers, as few as the dependences allow.

    r = Call multiply(w, x)               For i, carried b_bar = (p, 0.0, q, b_bar)
    w_bar = Call multiply(x, r)    ->         r = Call multiply(w[i], x[i])
    b_bar = Call sum(r)                       Store w_bar[i] = x[i] * r
                                              q = Call radd(p, r)

Array statements are deferred until something needs them: an opaque call, a loop, a branch, a write
of one element, the end of the block. Then those that wait become loop nests (`fusion.region`,
`fusion.nests`). A statement that touches nothing that waits passes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.build import extents as shape_of
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Broadcast,
    Call,
    Function,
    Increment,
    Operand,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    is_array,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import blocks, has_effect, map_blocks, operands, renewed, values
from srcdiff.transform.fusion.access import Access, Extents, aligned, own_pattern, resolve
from srcdiff.transform.fusion.nests import nest
from srcdiff.transform.fusion.region import Node, Region
from srcdiff.transform.fusion.scalars import is_elementwise


def fuse(function: Function) -> Function:
    """Return `function` with loops in place of the array statements that a loop can do."""
    classes = aliases(function, through_edges=True)
    facts = _Facts(classes, dataflow(function), set(values(function.results)))
    return replace(function, body=_Run(facts, Extents()).block(function.body))


@dataclass(eq=False)
class _Facts:
    """What holds for the whole function. `views` are those that can be looked through."""

    aliases: Aliases
    flow: Dataflow
    results: set[Value]
    views: dict[Value, View] = field(default_factory=dict)


def _reads_elements(statement: Statement, array: Value) -> bool:
    """Say whether a loop over the elements can do a statement that uses `array`."""
    match statement:
        case Call(function=function):
            return is_elementwise(function)
        case Store(indices=(), value=value) | Increment(indices=(), value=value):
            return value is array
    return False


@dataclass(frozen=True, eq=False)
class _Footprint:
    """The values that a statement and its blocks use, the classes that it reads and writes."""

    used: frozenset[Value]
    touched: frozenset[Value]
    written: frozenset[Value]


@dataclass(eq=False)
class _Run:
    """The statements of one block: those that are done, and those that wait."""

    facts: _Facts
    extents: Extents
    done: list[Statement] = field(default_factory=list)
    waiting: list[Node | View] = field(default_factory=list)
    inside: set[Statement] = field(default_factory=set)
    made: set[Value] = field(default_factory=set)
    read: set[Value] = field(default_factory=set)
    written: set[Value] = field(default_factory=set)

    def block(self, block: Block) -> Block:
        for statement in block.statements:
            self.statement(statement)
        self.flush()
        return renewed(block, self.done)

    def statement(self, statement: Statement) -> None:
        self.learn(statement)
        node = self.node(statement)
        if node is not None:
            self.defer(node)
            self.inside.add(statement)
            return
        if isinstance(statement, View) and statement.ref in self.made and self.passes(statement):
            self.inside.add(statement)
            self.facts.views[statement.out] = statement
            self.waiting.append(statement)
            self.made.add(statement.out)
            return
        if self.waiting and self.meets(_footprint(statement, self.facts.aliases)):
            self.flush()
        if isinstance(statement, View):
            self.facts.views[statement.out] = statement
        self.done.append(map_blocks(statement, self.nested))

    def nested(self, block: Block) -> Block:
        return _Run(self.facts, self.extents.copy()).block(block)

    def learn(self, statement: Statement) -> None:
        """Take note of extents that are equal from here on."""
        match statement:
            case Call(function=function, args=args, out=out) if is_elementwise(function):
                for arg in args:
                    self.extents.broadcast(shape_of(arg), out.shape)
            case (
                Store(indices=(), ref=ref, value=value)
                | Increment(indices=(), ref=ref, value=value)
            ):
                self.extents.broadcast(shape_of(value), ref.shape)
            case View(how=Broadcast(), ref=ref, out=out):
                self.extents.broadcast(ref.shape, out.shape)
            case View(how=Transpose(axes=axes), ref=ref, out=out):
                for axis, extent in zip(axes, out.shape, strict=True):
                    self.extents.unite(ref.shape[axis], extent)

    # ---- what is deferred ----

    def node(self, statement: Statement) -> Node | None:
        """Return what a loop can do, or what follows from it, None for other statements."""
        if has_effect(statement):
            return None
        match statement:
            case Call(function=function, args=args, out=out):
                if function is np.sum and is_array(args[0]):
                    return Node(statement, "sum")
                if function is np.copy and self.is_passing(out):
                    return Node(statement, "map")
                if function is np.copy and args[0] not in self.made:
                    return None  # NumPy's copy is as fast as a loop, and shorter to read
                if is_array(out) and is_elementwise(function):
                    return None if self.tells_its_shape(out) else Node(statement, "map")
                if not any(map(is_array, args)) and not is_array(out) and self.waits(args):
                    return Node(statement, "scalar")
            case Store(indices=()) | Increment(indices=()):
                return Node(statement, "write")
        return None

    def is_passing(self, array: Value) -> bool:
        """Say whether a copy is there only to be read, element by element, in its block."""
        flow = self.facts.flow
        block = flow.definitions[array].block
        if self.facts.aliases.is_memory(array) or array in self.facts.results:
            return False
        return all(
            use.block is block and _reads_elements(use.statement, array)
            for use in flow.uses.get(array, ())
        )

    def tells_its_shape(self, array: Value) -> bool:
        """Say whether extents of an array are read off the array itself, once it is there."""
        known = self.facts.flow.definitions
        makers = [known[extent].statement for extent in values(array.shape)]
        return any(isinstance(maker, Call) and array in maker.args for maker in makers)

    def waits(self, parts: tuple[Operand, ...]) -> bool:
        return any(part in self.made for part in values(parts))

    def defer(self, node: Node) -> None:
        statement = node.statement
        match statement:
            case Call(out=out) if is_array(out) and self.facts.aliases.is_memory(out):
                self.own(node, out)
                return
            case Store(value=value) | Increment(value=value) if self.overlaps(statement, value):
                value = self.copied(statement, value)
                node = Node(replace(statement, value=value), "write")
        refs = (node.statement.ref,) if isinstance(node.statement, Store | Increment) else ()
        if self.waits((*node.shape, *refs)):
            self.flush()
        self.add(node)

    def own(self, node: Node, out: Value) -> None:
        """Part the making of an array that is written later from its first contents."""
        assert isinstance(node.statement, Call) and isinstance(out.type, Array)
        if self.waits(out.shape):
            self.flush()
        first = Value(f"_{out.name.lstrip('_')}", out.type, out.shape)
        self.done.append(Alloc(out, None, node.statement.origin))
        self.defer(Node(replace(node.statement, out=first), node.kind))
        self.add(Node(Store(out, (), first, node.statement.origin), "write"))

    def overlaps(self, statement: Store | Increment, value: Operand) -> bool:
        if not isinstance(value, Value) or not is_array(value):
            return False
        aliases = self.facts.aliases
        if aliases.root(value) is not aliases.root(statement.ref):
            return False
        loops, numbers = self.extents.loops(statement.ref.shape)
        read, written = (
            resolve(
                Access(array, aligned(array.shape, numbers, self.extents)),
                self.facts.views,
                self.extents,
            )
            for array in (value, statement.ref)
        )
        return not read.keeps_step_with(written, len(loops))

    def copied(self, statement: Store | Increment, value: Operand) -> Value:
        """Read the right side before the left side is written."""
        assert isinstance(value, Value) and isinstance(value.type, Array)
        type = Array(value.type.dtype, value.type.ndim)
        out = Value("_t", type, value.shape)
        self.add(Node(Call(out, np.copy, (value,), (), statement.origin), "map"))
        return out

    def add(self, node: Node) -> None:
        root = self.facts.aliases.root
        self.waiting.append(node)
        match node.statement:
            case Call(out=out):
                self.made.add(out)
            case Store(ref=ref) | Increment(ref=ref):
                self.written.add(root(ref))
                self.read.add(root(ref))
        self.read.update(root(array) for array in values(node.operands) if is_array(array))

    def passes(self, view: View) -> bool:
        """Say whether a view of what waits can be looked through."""
        if self.waits(tuple(part for part in operands(view) if part is not view.ref)):
            return False
        if self.tells_its_shape(view.out):
            return False
        pattern = own_pattern(range(len(view.out.shape)))
        views = {**self.facts.views, view.out: view}
        base = resolve(Access(view.out, pattern), views, self.extents).base
        return base not in views

    # ---- what runs ----

    def meets(self, foot: _Footprint) -> bool:
        """Say whether a statement must not pass what waits."""
        return not (
            self.made.isdisjoint(foot.used)
            and self.written.isdisjoint(foot.touched)
            and self.read.isdisjoint(foot.written)
        )

    def flush(self) -> None:
        """Run all that waits."""
        if not self.waiting:
            return
        nodes = [item for item in self.waiting if isinstance(item, Node)]
        views = [item for item in self.waiting if isinstance(item, View)]
        external = self.external(views)
        region = Region(
            nodes, self.facts.views, self.extents, self.facts.aliases, external.__contains__
        )
        for item in region.analyse():
            if isinstance(item, list):
                self.done.extend(node.statement for node in item)
            else:
                self.done.extend(nest(region, item))
        self.done.extend(view for view in views if view.out in external)
        self.waiting.clear()
        self.inside.clear()
        for seen in (self.made, self.read, self.written):
            seen.clear()

    def external(self, views: list[View]) -> set[Value]:
        """Return the values that wait and that other statements use."""
        found: set[Value] = set()
        for value in self.made:
            uses = self.facts.flow.uses.get(value, ())
            if value in self.facts.results or any(u.statement not in self.inside for u in uses):
                found.add(value)
        for view in reversed(views):
            if view.out in found:
                found.add(view.ref)
        return found


def _footprint(statement: Statement, aliases: Aliases) -> _Footprint:
    used: set[Value] = set()
    touched: set[Value] = set()
    for each in _all(statement):
        parts = values(operands(each))
        used.update(parts)
        is_extent = isinstance(each, Call) and each.function is np.shape
        if not is_extent and not isinstance(each, View):
            touched.update(aliases.root(part) for part in parts if is_array(part))
    return _Footprint(frozenset(used), frozenset(touched), aliases.writes[statement])


def _all(statement: Statement) -> Iterator[Statement]:
    yield statement
    for block in blocks(statement):
        for inner in block.statements:
            yield from _all(inner)
