"""Remove writes into memory that is not read before it is made anew or overwritten whole.

    For j                                 For j
        p = Alloc (n,) of zeros               p = Alloc (n,) of zeros
        For a                                 For a
            Increment p[a] += e       ->          Increment p[a] += e
        For a                                 For a
            t = Load p[a]                         t = Load p[a]
            Store p[a] = 0.0

Liveness of classes, backwards: `before = gen | (after - kill)`. An Alloc and a store of every
element kill. At the end of a loop's body is live what is live after the loop, and what the next
iteration reads, but for classes of which each iteration touches elements of its own. An increment
reads what it adds to only for itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from typing_extensions import assert_never

from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, Roots, memory
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Derive,
    For,
    Function,
    Guard,
    If,
    Increment,
    Load,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.walk import NESTED, blocks, map_blocks, statements

Summary = tuple[Roots, Roots]
NOTHING: Summary = (frozenset(), frozenset())


def dead_writes(function: Function) -> Function:
    """Remove the writes of `function` that nobody can notice."""
    work = _Liveness(memory(function), indices(function))
    inner = list(statements(function.body))
    work.arrays = {s.out for s in inner if isinstance(s, Alloc)}
    work.views = {s.out for s in inner if isinstance(s, View)}
    for statement in function.body.statements:
        work.summarise(statement)
    body = work.block(function.body, set(work.memory.lasting))
    return replace(function, body=body)


@dataclass(eq=False)
class _Liveness:
    memory: Memory
    integers: Indices
    arrays: set[Value] = field(default_factory=set)
    views: set[Value] = field(default_factory=set)
    summaries: dict[Statement, Summary] = field(default_factory=dict)
    touching: dict[For, dict[Value, list[Statement]]] = field(default_factory=dict)
    """What in a loop touches each class."""

    # ---- what statements read first, and what they make anew ----

    def summarise(self, statement: Statement) -> Summary:
        """Return (gen, kill) of a statement, and note those of nested statements."""
        match statement:
            case If(then=then, orelse=orelse):
                first, second = self.sequence(then), self.sequence(orelse)
                result = (first[0] | second[0], first[1] & second[1])
            case For(body=body):
                gen, _ = self.sequence(body)
                killed = self.overwritten(statement)
                result = (gen - killed, killed)
            case While(head=head, body=body):
                first, second = self.sequence(head), self.sequence(body)
                result = (first[0] | (second[0] - first[1]), first[1])
            case _:
                return self.simple(statement)
        self.summaries[statement] = result
        return result

    def sequence(self, block: Block) -> Summary:
        gen: Roots = frozenset()
        kill: Roots = frozenset()
        for statement in block.statements:
            reads, makes = self.summarise(statement)
            gen, kill = gen | (reads - kill), kill | makes
        return gen, kill

    def simple(self, statement: Statement) -> Summary:
        match statement:
            case Alloc(out=out) if self.is_own(out):
                return frozenset(), frozenset({self.memory.root(out)})
            case Store(ref=ref, indices=(), value=value) if ref in self.arrays and self.is_own(ref):
                reads = self.memory.reads(statement)
                return reads, frozenset({self.memory.root(ref)}) - reads
            case Increment(value=value):
                if isinstance(value, Value) and is_array(value):
                    return frozenset({self.memory.root(value)}), frozenset()
                return NOTHING
            case Load() | Store() | Call() | View() | Guard() | Alloc() | Derive():
                return self.memory.reads(statement), frozenset()
            case If() | For() | While():
                return self.summaries[statement]
            case _:
                assert_never(statement)

    def is_own(self, ref: Value) -> bool:
        """Say whether all of the class is what one Alloc makes."""
        root = self.memory.root(ref)
        return root not in self.memory.bound and root not in self.memory.callers

    def overwritten(self, loop: For) -> Roots:
        """Return the classes that a nest of loops stores whole before it reads them."""
        return frozenset(self.memory.root(ref) for ref in self.stored(loop, []))

    def stored(self, loop: For, around: list[For]) -> Iterator[Value]:
        nest = [*around, loop]
        seen: set[Value] = set()
        for statement in loop.body.statements:
            reads = self.memory.reads(statement)
            match statement:
                case Store(ref=ref) if self.memory.root(ref) not in seen | reads:
                    if ref in self.arrays and self.is_own(ref) and self.is_all(nest, statement):
                        yield ref
                case For():
                    inner = self.stored(statement, nest)
                    yield from (ref for ref in inner if self.memory.root(ref) not in seen)
            seen |= reads | self.memory.writes(statement)

    def is_all(self, nest: list[For], store: Store) -> bool:
        """Say whether a store meets each element once, and all else in the nest stays with it."""
        if len(nest) != len(store.indices):
            return False
        meets = all(
            place is loop.index and self.integers.covers(loop, extent)
            for place, loop, extent in zip(store.indices, nest, store.ref.shape, strict=True)
        )
        return meets and self.stays(nest[0], store)

    def stays(self, loop: For, store: Store) -> bool:
        """Say whether a loop touches the class of a store only at the indices of the store."""
        root = self.memory.root(store.ref)
        return all(
            isinstance(s, Access) and s.ref is store.ref and s.indices == store.indices
            for s in self.accesses(loop, root)
        )

    def accesses(self, loop: For, root: Value) -> list[Statement]:
        """Return what in a loop touches a class."""
        if loop not in self.touching:
            found = self.touching[loop] = {}
            for statement in statements(loop.body):
                if not isinstance(statement, NESTED):
                    for each in self.memory.reads(statement) | self.memory.writes(statement):
                        found.setdefault(each, []).append(statement)
        return self.touching[loop].get(root, [])

    # ---- liveness ----

    def block(self, block: Block, live: set[Value]) -> Block:
        """Return a block without its dead writes; `live` becomes what is live before it."""
        kept: list[Statement] = []
        for statement in reversed(block.statements):
            match statement:
                case Store(ref=ref) | Increment(ref=ref) if self.memory.root(ref) not in live:
                    continue
                case If() | For() | While():
                    new = self.nested(statement, live)
                case _:
                    new = statement
            kept.append(new)
            gen, kill = self.simple(statement)
            live -= kill
            live |= gen
        if len(kept) == len(block.statements):
            if all(a is b for a, b in zip(reversed(kept), block.statements, strict=True)):
                return block
        return Block(tuple(reversed(kept)))

    def nested(self, statement: If | For | While, live: set[Value]) -> Statement:
        """Treat the blocks of a statement after which `live` is live."""
        end = set(live)
        if isinstance(statement, For):
            end |= self.carried(statement)
        if isinstance(statement, While):
            end |= self.simple(statement)[0] | self.sequence_of(statement)
        return map_blocks(statement, lambda inner: self.block(inner, set(end)))

    def sequence_of(self, loop: While) -> Roots:
        """Return what the blocks of a loop read; both can follow each other."""
        parts = [self.simple(s)[0] for block in blocks(loop) for s in block.statements]
        return frozenset[Value]().union(*parts)

    def carried(self, loop: For) -> Roots:
        """Return the classes that an iteration leaves to the next ones."""
        gen: Roots = frozenset()
        kill: Roots = frozenset()
        for statement in loop.body.statements:
            reads, makes = self.simple(statement)
            gen, kill = gen | (reads - kill), kill | makes
        return frozenset(root for root in gen if not self.is_sliced(loop, root))

    def is_sliced(self, loop: For, root: Value) -> bool:
        """Say whether each iteration touches elements of its own."""
        if not self.integers.is_index(loop.index) or root in self.memory.bound:
            return False
        axes: set[int] | None = None
        refs: set[Value] = set()
        for statement in self.accesses(loop, root):
            if not isinstance(statement, Access) or not statement.indices:
                return False
            if any(is_array(o) for o in self.values(statement)):
                return False
            refs.add(statement.ref)
            own = {k for k, index in enumerate(statement.indices) if index is loop.index}
            axes = own if axes is None else axes & own
        return bool(axes) and len(refs) == 1 and not refs & self.views

    def values(self, statement: Access) -> tuple[Value, ...]:
        if isinstance(statement, Load) or not isinstance(statement.value, Value):
            return ()
        return (statement.value,)
