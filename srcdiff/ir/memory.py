"""Alias classes, which array references may denote the same memory; and who writes to it."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from srcdiff.ir.nodes import (
    Block,
    Call,
    Derive,
    For,
    Function,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.walk import (
    NESTED,
    blocks,
    definitions,
    inner_definitions,
    operands,
    statements,
    values,
    written_refs,
)

K = TypeVar("K")

Access = Load | Store | Increment
"""What touches an element, or all of them."""


def accesses(block: Block) -> Iterator[Access]:
    """Iterate over the accesses of a block, nested ones left out."""
    return (s for s in block.statements if isinstance(s, Access))


@dataclass(eq=False)
class Classes:
    """A union-find forest over references; views, joins and carried entries connect."""

    _parent: dict[Value, Value] = field(default_factory=dict)

    def of(self, ref: Value) -> Value:
        """Return the representative of the class of `ref`."""
        parent = self._parent
        root = ref
        while root in parent:
            root = parent[root]
        while ref is not root:
            parent[ref], ref = root, parent[ref]
        return root

    def unite(self, a: Operand, b: Operand) -> None:
        """Make one class of two."""
        if is_array(a) and isinstance(a, Value) and isinstance(b, Value):
            first, second = self.of(a), self.of(b)
            if first is not second:
                self._parent[second] = first


def alias_classes(function: Function) -> Classes:
    """Return the alias classes of all references of a function."""
    classes = Classes()
    for statement in statements(function.body):
        if isinstance(statement, View):
            classes.unite(statement.ref, statement.out)
        elif isinstance(statement, NESTED):
            for a, b in _connected(statement):
                classes.unite(a, b)
    return classes


def _connected(statement: If | For | While) -> Iterator[tuple[Operand, Operand]]:
    match statement:
        case If(joins=joins):
            for join in joins:
                yield from ((join.out, join.then), (join.out, join.orelse))
        case For(carried=carried) | While(carried=carried):
            for entry in carried:
                yield from ((entry.phi, side) for side in (entry.init, entry.next, entry.out))


def written(statement: Statement, classes: Classes) -> Iterator[Value]:
    """Iterate over the classes that a statement, or a block in it, writes to."""
    yield from map(classes.of, written_refs(statement))
    for block in blocks(statement):
        for inner in statements(block):
            yield from map(classes.of, written_refs(inner))


class Changes:
    """Where the statements of a block write to memory and give a name to another value.

    Those of nested blocks, which come first, are in `inner`.
    """

    def __init__(self, block: Block, classes: Classes, inner: "dict[Block, Changes]") -> None:
        self._classes = classes
        self._writes: dict[Value, list[int]] = {}
        self._names: dict[str, list[int]] = {}
        self._headers: set[int] = set()
        for place, statement in enumerate(block.statements):
            for ref in written_refs(statement):
                self._writes.setdefault(classes.of(ref), []).append(place)
            self._define(definitions(statement), place)
            if isinstance(statement, NESTED):
                self._define(inner_definitions(statement), place)
                for each in blocks(statement):
                    self._take(inner[each], place)
            if isinstance(statement, For):
                self._headers.add(place)

    def _define(self, defined: tuple[Value, ...], place: int) -> None:
        for value in defined:
            if not is_temporary(value):
                self._names.setdefault(value.name, []).append(place)

    def _take(self, inner: "Changes", place: int) -> None:
        """Note what a nested block changes."""
        for root in inner._writes:
            self._writes.setdefault(root, []).append(place)
        for name in inner._names:
            self._names.setdefault(name, []).append(place)

    def between(self, statement: Statement, place: int, end: int) -> bool:
        """Say whether `statement`, at `place`, would mean or be called something else at `end`."""
        read = [self._classes.of(ref) for ref in _memory(statement)]
        if any(_has(self._writes, name, place, end) for name in read):
            return True
        # The phis of a loop get their first values before its header is read.
        reach = end + 1 if end in self._headers else end
        names = [part.name for part in values(operands(statement))]
        return any(_has(self._names, name, place, reach) for name in names)


def _has(table: dict[K, list[int]], key: K, place: int, end: int) -> bool:
    places = table.get(key, [])
    after = bisect_right(places, place)
    return after < len(places) and places[after] < end


def is_temporary(value: Value) -> bool:
    """Say whether a value has no name in the user's source."""
    return value.name.startswith("_")


def _memory(statement: Statement) -> tuple[Value, ...]:
    """Return the references whose contents `statement` reads."""
    match statement:
        case Load(ref=ref):
            return (ref,)
        case Call() | Derive():
            return tuple(arg for arg in values(operands(statement)) if is_array(arg))
        case _:
            return ()
