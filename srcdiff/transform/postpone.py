"""Let increments wait, so that an element is assigned what is added to it after it was set.

    Store b[i, j] = 0.0
    Increment b[k, j] += t                Store b[i, j] = u
    Increment b[i, j] += u        ->      Increment b[k, j] += t

In the adjoint sweep, where sums have no order. Nothing may read the array in between: then it does
not matter whether k is i. `transform.forward` has done so where the elements surely differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np

from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, is_error, memory
from srcdiff.ir.build import Builder, is_constant
from srcdiff.ir.nodes import Block, Function, Increment, Statement, Store, is_array
from srcdiff.ir.walk import map_blocks, renewed, statements


def postpone(function: Function) -> Function:
    """Merge stores of `function` with later increments of the same element."""
    plain = [s for s in statements(function.body) if _is_plain(s)]
    stored, added = ({s.ref for s in plain if isinstance(s, kind)} for kind in (Store, Increment))
    if not stored & added:
        return function
    work = _Postponer(memory(function), indices(function))
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Postponer:
    memory: Memory
    integers: Indices

    def block(self, block: Block) -> Block:
        statements = [map_blocks(s, self.block) for s in block.statements]
        position = 0
        while position < len(statements):
            store = statements[position]
            found = self.span(store, statements[position + 1 :])
            if found is None:
                position += 1
            else:
                assert isinstance(store, Store)
                end = position + 1 + len(found)
                statements[position:end] = self.merged(store, found)
        return renewed(block, statements)

    def span(self, store: Statement, following: list[Statement]) -> list[Statement] | None:
        """Return what follows a store up to the increment of its element, if that can wait."""
        if not _is_plain(store) or not isinstance(store, Store):
            return None
        root = self.memory.root(store.ref)
        for position, statement in enumerate(following):
            if is_error(statement) and root in self.memory.callers:
                return None
            if root not in self.memory.reads(statement) | self.memory.writes(statement):
                continue
            if not _is_plain(statement) or not isinstance(statement, Increment):
                return None
            if self.is_same(store, statement):
                return following[: position + 1]
        return None

    def is_same(self, store: Store, increment: Increment) -> bool:
        key = self.integers.key
        return store.ref is increment.ref and key(store.indices) == key(increment.indices)

    def merged(self, store: Store, span: list[Statement]) -> Iterator[Statement]:
        """Iterate over what takes the place of a store and what follows it."""
        *between, last = span
        assert isinstance(last, Increment)
        root = self.memory.root(store.ref)
        waiting = [
            s for s in between if isinstance(s, Increment) and self.memory.root(s.ref) is root
        ]
        yield from (s for s in between if s not in waiting)
        builder = Builder(last.origin)
        value = last.value
        if not is_constant(store.value, 0):
            value = builder.call(np.add, store.value, value)
        yield from builder.statements
        yield Store(last.ref, last.indices, value, last.origin)
        yield from waiting


def _is_plain(statement: Statement) -> TypeGuard[Store | Increment]:
    """Say whether a statement changes one element in the adjoint sweep."""
    if not isinstance(statement, Store | Increment) or statement.origin.sweep != "adjoint":
        return False
    return bool(statement.indices) and not is_array(statement.value)
