"""Which references may denote the same memory, and which memory is written.

References that a View connects are one class (union-find). The contents of a class that nobody
writes never change: its arrays are values like scalars.

Joins and carried entries connect classes as well, `through_edges`. After `transform.rebind` they
hand on contents and not references: what they define is not written, and what they take is not
written any more, so that the classes on both sides are apart.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from srcdiff.ir.nodes import (
    Block,
    Broadcast,
    For,
    Function,
    Guard,
    If,
    Operand,
    Statement,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.walk import NESTED, WRITING, asks, blocks, operands, statements, written_refs

NONE: frozenset[Value] = frozenset()


@dataclass(eq=False)
class Aliases:
    """The alias classes of a function."""

    body: Block
    parents: dict[Value, Value] = field(default_factory=dict)
    written: set[Value] = field(default_factory=set)
    bound: set[Value] = field(default_factory=set)

    @cached_property
    def writes(self) -> dict[Statement, frozenset[Value]]:
        """The classes that each statement writes, nested ones included."""
        found: dict[Statement, frozenset[Value]] = {}
        _writes(self.body, self, found)
        return found

    _touched: dict[Statement, tuple[Value, ...]] = field(default_factory=dict)
    _named: dict[Statement, frozenset[Value]] = field(default_factory=dict)

    def named(self, statement: Statement) -> frozenset[Value]:
        """Return the classes that a statement, or one nested in it, refers to.

        One that only asks for extents does not.
        """
        if statement not in self._named:
            self._named[statement] = self._find_named(statement)
        return self._named[statement]

    def _find_named(self, statement: Statement) -> frozenset[Value]:
        if asks(statement):
            return NONE
        arrays = [o for o in operands(statement) if is_array(o) and isinstance(o, Value)]
        if isinstance(statement, View):
            arrays.append(statement.out)
        found = frozenset(map(self.root, arrays)) if arrays else NONE
        inner = [self.named(s) for block in blocks(statement) for s in block.statements]
        return found.union(*inner) if inner else found

    def touched(self, statement: Statement) -> tuple[Value, ...]:
        """Return the classes whose contents a statement itself touches, or that it passes on."""
        if statement not in self._touched:
            self._touched[statement] = self._find_touched(statement)
        return self._touched[statement]

    def _find_touched(self, statement: Statement) -> tuple[Value, ...]:
        if isinstance(statement, View | Guard) or asks(statement):
            return ()
        arrays = (o for o in operands(statement) if is_array(o) and isinstance(o, Value))
        return tuple(dict.fromkeys(map(self.root, arrays)))

    def root(self, value: Value) -> Value:
        """Return the representative of the class of `value`."""
        while value in self.parents:
            value = self.parents[value]
        return value

    def unite(self, left: Value, right: Value) -> None:
        left, right = self.root(left), self.root(right)
        if left is not right:
            self.parents[left] = right

    def is_memory(self, operand: Operand) -> bool:
        """Say whether `operand` is an array whose contents change."""
        return (
            isinstance(operand, Value) and is_array(operand) and self.root(operand) in self.written
        )

    def is_bound(self, value: Value) -> bool:
        """Say whether a join or a carried entry may rebind references of the class of `value`."""
        return self.root(value) in self.bound


def edges(statement: Statement) -> list[tuple[Value, Operand]]:
    """Return the pairs (defined, source) of joins and carried entries."""
    match statement:
        case If(joins=joins):
            return [(j.out, side) for j in joins for side in (j.then, j.orelse)]
        case For(carried=carried) | While(carried=carried):
            return [
                pair for e in carried for pair in ((e.phi, e.init), (e.phi, e.next), (e.out, e.phi))
            ]
    return []


@lru_cache(maxsize=4)
def aliases(function: Function, *, through_edges: bool = False) -> Aliases:
    """Return the alias classes of `function`."""
    result = Aliases(function.body)
    joined: list[Value] = []
    written: set[Value] = set()
    for statement in statements(function.body):
        if isinstance(statement, View):
            result.unite(statement.out, statement.ref)
        elif isinstance(statement, WRITING):
            written.update(written_refs(statement))
        elif through_edges and isinstance(statement, NESTED):
            for value, source in edges(statement):
                if is_array(value) and isinstance(source, Value):
                    result.unite(value, source)
                    joined.append(value)
    result.bound = {result.root(value) for value in joined}
    result.written = {result.root(value) for value in written}
    return result


def _writes(
    block: Block, classes: Aliases, found: dict[Statement, frozenset[Value]]
) -> frozenset[Value]:
    total: set[Value] = set()
    for statement in block.statements:
        refs, nested = written_refs(statement), blocks(statement)
        written = frozenset(map(classes.root, refs)) if refs else NONE
        if nested:
            written = written.union(*(_writes(inner, classes, found) for inner in nested))
        found[statement] = written
        total |= written
    return frozenset(total)


def shared_results(function: Function) -> set[int]:
    """Return the numbers of the results that may share memory with a parameter or another one.

    A loop that does not run, or a branch, may hand on a parameter.
    """
    classes = aliases(function, through_edges=True)
    seen = {classes.root(param) for param in function.params if is_array(param)}
    broadcast = {
        each.out
        for each in statements(function.body)
        if isinstance(each, View) and isinstance(each.how, Broadcast)
    }
    shared = set()
    for k, result in enumerate(function.results):
        if isinstance(result, Value) and is_array(result):
            if classes.root(result) in seen or result in broadcast:
                shared.add(k)
            seen.add(classes.root(result))
    return shared
