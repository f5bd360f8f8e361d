"""Value numbering of array elements: what was just written or read is not read again.

    Store x[i] = a                        Increment u_bar[i] += c
    b = Load x[i]                  ->     (b is a)
    Store u_bar[i] = 0.0                  Store x[i] = a
    Increment u_bar[i] += c               Store u_bar[i] = c

In the adjoint sweep, a store that an increment follows is one store, or none if the element gets
back what it was; two increments are one, and an increment whose sum is read right away is done on
the value. What the user wrote keeps its writes, each in its order. Elements of one class surely
differ only as `analysis.indices` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, Roots, is_error, memory
from srcdiff.ir.build import Builder, constant, is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Function,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.walk import blocks, rewrite, substitute_block

Key = tuple[Value, tuple[Any, ...]]
Write = Store | Increment
LIMIT = 32
"""Elements remembered of one class, so that the time stays linear."""


def forward(function: Function) -> Function:
    """Replace reads of known elements of `function`, and merge writes of its adjoint sweep."""
    work = _Forwarder(memory(function), indices(function))
    work.block(function.body, _Scope())
    body = rewrite(function.body, lambda s: work.replaced.get(s, (s,)))
    body = substitute_block(body, work.mapping)
    results = tuple(work.find(result) for result in function.results)
    return replace(function, body=body, results=results)


@dataclass(eq=False)
class _Element:
    """What is known of one element: its value, and the write that nobody has read yet."""

    indices: tuple[Operand, ...]
    value: Operand | None
    pending: Write | None = None
    clock: int = -1
    """When it was read, if it was read and not written."""
    before: Operand | None = None
    """What it was before the pending write."""


@dataclass(eq=False)
class _Scope:
    """The known elements of each class in one block, beginning with those of the block around."""

    outer: "_Scope | None" = None
    hidden: Roots = frozenset()
    tables: dict[Value, dict[Key, _Element]] = field(default_factory=dict)

    def table(self, root: Value) -> dict[Key, _Element]:
        if root not in self.tables:
            seen: dict[Key, _Element] = {}
            if self.outer is not None and root not in self.hidden:
                known = self.outer.table(root)
                seen = {k: replace(e, pending=None) for k, e in known.items() if e.value}
            self.tables[root] = seen
        return self.tables[root]


@dataclass(eq=False)
class _Forwarder:
    memory: Memory
    integers: Indices
    mapping: dict[Value, Operand] = field(default_factory=dict)
    replaced: dict[Statement, Sequence[Statement]] = field(default_factory=dict)
    clock: int = 0
    """The number of writes so far, and of blocks entered."""

    def find(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    def block(self, block: Block, scope: _Scope) -> None:
        for statement in block.statements:
            match statement:
                case Load():
                    self.load(statement, scope)
                case Store() | Increment() if self.is_element(statement):
                    self.write(statement, scope)
                case _:
                    self.other(statement, scope)

    def is_element(self, statement: Write) -> bool:
        return bool(statement.indices) and not is_array(statement.value)

    def other(self, statement: Statement, scope: _Scope) -> None:
        """Treat nested blocks, then forget what the statement writes."""
        reads, writes = self.memory.reads(statement), self.memory.writes(statement)
        hidden = frozenset() if isinstance(statement, If) else writes
        for root in (*reads, *writes):
            self.settle(scope.table(root))
        if is_error(statement):
            for root in self.memory.callers:
                self.settle(scope.table(root))
        self.clock += bool(writes or blocks(statement))
        for block in blocks(statement):
            self.block(block, _Scope(scope, hidden))
            self.clock += 1
        for root in writes:
            scope.tables[root] = {}
        if isinstance(statement, Alloc):
            scope.tables[self.memory.root(statement.out)] = {}

    def settle(self, table: dict[Key, _Element]) -> None:
        """Keep the writes of a table: somebody may have read them."""
        for element in table.values():
            element.pending = None

    # ---- elements ----

    def key(self, ref: Value, place: tuple[Operand, ...]) -> Key:
        return ref, self.integers.key(place)

    def others(self, table: dict[Key, _Element], key: Key, place: tuple[Operand, ...]) -> list[Key]:
        """Return the elements that may be the one with this key, itself left out."""
        return [
            other
            for other, element in table.items()
            if other != key and not (other[0] is key[0] and self.differ(element.indices, place))
        ]

    def differ(self, left: tuple[Operand, ...], right: tuple[Operand, ...]) -> bool:
        return any(map(self.integers.differ, left, right))

    def load(self, load: Load, scope: _Scope) -> None:
        place = tuple(map(self.find, load.indices))
        table = scope.table(self.memory.root(load.ref))
        key = self.key(load.ref, place)
        element = table.get(key)
        if element is not None and element.value is None and element.pending is not None:
            self.read_sum(element)
        if element is not None and element.value is not None and _may_replace(element.value, load):
            if not self.is_plain(element, load):
                self.mapping[load.out] = element.value
                self.replaced[load] = ()
            return
        for other in self.others(table, key, place):
            table[other].pending = None
        _remember(table, key, _Element(place, load.out, None, self.clock))

    def is_plain(self, element: _Element, load: Load) -> bool:
        """Say whether the user reads twice what LLVM sees to be the same: `x[i] * x[i]`."""
        return element.clock == self.clock and load.origin.sweep == "primal"

    def read_sum(self, element: _Element) -> None:
        """Make a pending increment a store, so that the sum is a value."""
        increment = element.pending
        assert isinstance(increment, Increment)
        before = self.replaced.get(increment, (increment,))
        last = before[-1]
        assert isinstance(last, Increment)
        builder = Builder(increment.origin)
        old = builder.load(increment.ref, increment.indices)
        element.value = builder.call(np.add, old, last.value)
        builder.store(increment.ref, increment.indices, element.value)
        self.replaced[increment] = (*before[:-1], *builder.statements)

    def write(self, write: Write, scope: _Scope) -> None:
        self.clock += 1
        place = tuple(map(self.find, write.indices))
        table = scope.table(self.memory.root(write.ref))
        key = self.key(write.ref, place)
        for other in self.others(table, key, place):
            del table[other]
        old = table.get(key)
        value = self.find(write.value)
        pending = write if write.origin.sweep == "adjoint" else None
        before = None if old is None else old.value if old.pending is None else old.before
        if isinstance(write, Store):
            if old is not None and old.pending is not None and pending is not None:
                self.remove(old.pending)
            _remember(table, key, _Element(place, value, pending, before=before))
        elif old is None or old.pending is None or pending is None:
            _remember(table, key, _Element(place, None, pending))
        else:
            self.merge(old.pending, write, value)
            stored = self.stored(write)
            if stored is not None and stored is before:
                self.remove(write)
                pending = before = None
            _remember(table, key, _Element(place, stored, pending, before=before))

    def stored(self, write: Write) -> Operand | None:
        """Return what a write, as it is now, stores."""
        last = self.replaced[write][-1]
        return last.value if isinstance(last, Store) else None

    def remove(self, write: Write) -> None:
        """Drop a write, but not the values computed for it."""
        self.replaced[write] = self.replaced.get(write, (write,))[:-1]

    def merge(self, earlier: Write, write: Increment, value: Operand) -> None:
        """Do two writes at once, at the place of the second."""
        last = self.replaced.get(earlier, (earlier,))[-1]
        assert isinstance(last, Store | Increment)
        self.remove(earlier)
        builder = Builder(write.origin)
        total = _total(builder, self.find(last.value), value)
        kind = Store if isinstance(last, Store) else Increment
        merged = kind(write.ref, write.indices, total, write.origin)
        self.replaced[write] = (*builder.statements, merged)


def _total(builder: Builder, left: Operand, right: Operand) -> Operand:
    """Append the sum of two contributions."""
    if is_constant(left, 0):
        return right
    if left is right:
        return builder.call(np.multiply, constant(2, left.type), left)
    return builder.call(np.add, left, right)


def _may_replace(value: Operand, load: Load) -> bool:
    """A name that the user gave is not lost to a temporary or to another name."""
    name = load.out.name
    if name.startswith("_") or load.origin.sweep == "adjoint":
        return True
    return isinstance(value, Value) and value.name == name


def _remember(table: dict[Key, _Element], key: Key, element: _Element) -> None:
    if key not in table and len(table) >= LIMIT:
        del table[next(iter(table))]
    table[key] = element
