"""Read what was kept where it is kept, instead of putting it back first.

    For i                                 For i
        t = Load a_saved[k, i]
        Store a[i] = t
        ...                                   ...
    For i                         ->      For i
        e = Load a[i]                         e = Load a_saved[k, i]

Each read of the array either follows in a loop over the same elements, with no write between, or
surely meets none of the elements that were put back, which bounds of counters show.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import Access, dependence_of
from srcdiff.analysis.linear import Linear
from srcdiff.analysis.memory import Memory, memory
from srcdiff.analysis.reorder import is_counted
from srcdiff.ir.build import is_constant, same
from srcdiff.ir.nodes import (
    Block,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
)
from srcdiff.ir.walk import blocks, changing, rewrite, statements

Place = tuple[Block, int]
"""A block, and a position in it."""


def bypass(function: Function) -> Function:
    """Remove stores of `function` that only put back what can be read elsewhere."""
    copies = _copies(function.body)
    if not copies:
        return function
    work = _Bypass(function, dataflow(function), memory(function))
    for store, load in copies.items():
        work.copy(store, load)
    if not work.replaced:
        return function
    return replace(function, body=rewrite(function.body, lambda s: work.replaced.get(s, (s,))))


def _copies(block: Block) -> dict[Store, Load]:
    """Return the stores of the adjoint sweep that copy an element of another array."""
    loads: dict[Operand, Load] = {}
    found: dict[Store, Load] = {}
    for statement in block.statements:
        match statement:
            case Load(out=out):
                loads[out] = statement
            case Store(indices=indices, value=value) if indices and value in loads:
                if statement.origin.sweep == "adjoint":
                    found[statement] = loads[value]
        for inner in blocks(statement):
            found |= _copies(inner)
    return found


@dataclass(eq=False)
class _Bypass:
    function: Function
    flow: Dataflow
    memory: Memory
    replaced: dict[Statement, tuple[Statement, ...]] = field(default_factory=dict)
    places: dict[Statement, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dependence = dependence_of(self.flow)
        self.note(self.function.body)

    def note(self, block: Block) -> None:
        for position, statement in enumerate(block.statements):
            self.places[statement] = (block, position)
            for inner in blocks(statement):
                self.note(inner)

    def copy(self, store: Store, kept: Load) -> None:
        """Let the readers of what a store puts back read it where it comes from, if all can."""
        root, source = self.memory.root(store.ref), self.memory.root(kept.ref)
        around = self.around(store)
        if root is source or {root, source} & self.memory.bound or root in self.memory.lasting:
            return
        if not around or source in self.memory.writes(around[-1][2]):
            return
        behind = self.function.body.statements[around[-1][1] + 1 :]
        if any(root in self.memory.reads(s) for s in behind):
            return
        found: dict[Statement, tuple[Statement, ...]] = {}
        for reader in statements(around[-1][2].body):
            if reader is store or blocks(reader) or root not in self.memory.reads(reader):
                continue
            new = self.instead(store, kept, reader)
            if new is not None:
                found[reader] = (new,)
            elif not self.never_follows(reader, store):
                return
        if found:
            unused = len(self.flow.uses.get(kept.out, [])) == 1
            self.replaced |= found | {store: ()}
            if unused:
                self.replaced[kept] = ()

    def around(self, statement: Statement) -> list[tuple[Block, int, For]]:
        """Return the counted loops around a statement, inside out; none if else is around it."""
        ways = self.flow.ancestors(self.places[statement][0])
        loops = [(b, p, s) for b, p, s in ways if isinstance(s, For) and is_counted(s)]
        return loops if len(loops) == len(ways) else []

    def never_follows(self, reader: Statement, store: Store) -> bool:
        """Say whether a statement surely reads no element that a store has put there before."""
        if not isinstance(reader, Load | Increment):
            return False
        first, second = (self.access(s) for s in (store, reader))
        loops = self.dependence.loops(first.block)
        common = [loop for loop in self.dependence.loops(second.block) if loop in loops]
        return not any(self.dependence.meet(first, second, c) for c in (None, *common))

    def access(self, statement: Load | Store | Increment) -> Access:
        return Access(statement.ref, statement.indices, *self.places[statement])

    # ---- what a store puts back for a reader ----

    def instead(self, store: Store, kept: Load, reader: Statement) -> Load | None:
        """Return a load of the same element from where it comes from."""
        if not isinstance(reader, Load) or reader.ref is not store.ref:
            return None
        pairs = self.side_by_side(store, reader)
        if not pairs:
            return None
        turned: dict[Operand, Operand] = {one.index: other.index for one, other in pairs}
        own = changing(pairs[-1][0])
        if not set(turned) <= set(store.indices):
            return None  # several iterations may put back one element
        for index, other in zip(store.indices, reader.indices, strict=True):
            if not (turned[index] is other if index in turned else same(index, other)):
                return None
        if any(o in own and o not in turned for o in (*store.indices, *kept.indices)):
            return None
        place = tuple(turned.get(index, index) for index in kept.indices)
        return replace(reader, ref=kept.ref, indices=place)

    def side_by_side(self, store: Store, reader: Load) -> list[tuple[For, For]]:
        """Return the loops around a store and a later reader that go over the same elements.

        Nothing writes the array from the loops of the store to the end of those of the reader.
        """
        ours, theirs = self.around(store), self.around(reader)
        blocks_around = {block: position for block, position, _ in theirs}
        depth = next((k for k, each in enumerate(ours) if each[0] in blocks_around), None)
        if depth is None:
            return []
        block, start, _ = ours[depth]
        end = blocks_around[block]
        below = next(k for k, each in enumerate(theirs) if each[0] is block)
        if start >= end or depth != below:
            return []
        root = self.memory.root(store.ref)
        between = statements(Block(block.statements[start : end + 1]))
        writes = [s for s in between if not blocks(s) and root in self.memory.writes(s)]
        pairs = [(one[2], other[2]) for one, other in zip(ours, theirs, strict=False)][: depth + 1]
        alike = all(self.range(one) == self.range(other) for one, other in pairs)
        return pairs if alike and writes == [store] else []

    def range(self, loop: For) -> tuple[Linear, Linear]:
        """Return the least and the largest value of a counter."""
        start, stop = self.dependence.form(loop.start), self.dependence.form(loop.stop)
        return (stop + 1, start) if is_constant(loop.step, -1) else (start, stop + -1)
