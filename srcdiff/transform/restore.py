"""Leave an element of an adjoint alone that is set to zero and then gets its value back.

    t = Load a_bar[i, j]                  t = Load a_bar[i, j]
    Store a_bar[i, j] = 0.0               For k in range(j)
    For k in range(j)             ->          Increment a_bar[i, k] += t * e
        Increment a_bar[i, k] += t * e
    Increment a_bar[i, j] += t

The adjoint of `a[i, j] -= a[i, k] * ...`, summed in a number, has this form. What stands between
must not touch the element, which takes the bounds of counters to know; another value than `t` is
stored. Then a condition that does not change in a loop goes out of it.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.dependence import Access
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Reordering, Touch, is_element_wise, is_flat, touches
from srcdiff.ir.build import is_constant, same
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    If,
    Increment,
    Load,
    Statement,
    Store,
)
from srcdiff.ir.walk import blocks, changing, operands, rewrite, statements


def restore(function: Function) -> Function:
    """Remove zeros that `function` writes for nothing, and turn loops and conditions around."""
    zeros = [s for s in statements(function.body) if isinstance(s, Store) and _is_zero(s)]
    if zeros:
        work = _Restorer(Reordering(dataflow(function), memory(function)), set(zeros))
        work.block(function.body)
        new = work.replaced
        function = replace(function, body=rewrite(function.body, lambda s: new.get(s, (s,))))
    return replace(function, body=rewrite(function.body, _unswitched))


def _is_zero(store: Store) -> bool:
    adjoint = store.origin.sweep == "adjoint"
    return adjoint and bool(store.indices) and is_constant(store.value, 0)


@dataclass(eq=False)
class _Restorer:
    order: Reordering
    zeros: set[Statement]
    replaced: dict[Statement, tuple[Statement, ...]] = field(default_factory=dict)

    def block(self, block: Block) -> None:
        for position, statement in enumerate(block.statements):
            if isinstance(statement, Store) and statement in self.zeros:
                self.zero(block, position, statement)
            for inner in blocks(statement):
                self.block(inner)

    def zero(self, block: Block, position: int, store: Store) -> None:
        """Merge a zero with the increment of its element that follows a loop."""
        looped = False
        for statement in block.statements[position + 1 :]:
            if isinstance(statement, Increment) and self.is_same(statement, store):
                if looped and statement.origin.sweep == "adjoint":
                    self.merge(block, position, store, statement)
                return
            looped |= isinstance(statement, For)
            if not self.passes(block, store, statement):
                return

    def is_same(self, one: Load | Store | Increment, other: Store) -> bool:
        pairs = zip(one.indices, other.indices, strict=False)
        return one.ref is other.ref and all(same(a, b) for a, b in pairs)

    def passes(self, block: Block, store: Store, statement: Statement) -> bool:
        """Say whether a statement surely leaves an element alone."""
        if not (is_flat(statement) if isinstance(statement, For) else is_element_wise(statement)):
            return False
        zero = Touch(store, Access(store.ref, store.indices, block, 0))
        return all(self.order.are_apart(None, zero, o) for o in touches(block, (statement,)))

    def merge(self, block: Block, position: int, store: Store, last: Increment) -> None:
        before = block.statements[:position]
        loads = (s for s in reversed(before) if isinstance(s, Load) and s.out is last.value)
        load = next(loads, None)
        kept = load is not None and self.is_same(load, store)
        if kept and load is not None:
            between = before[before.index(load) + 1 :]
            kept = all(self.passes(block, store, s) for s in between)
        self.replaced[store] = ()
        stored = Store(last.ref, last.indices, last.value, last.origin)
        self.replaced[last] = () if kept else (stored,)


def _unswitched(statement: Statement) -> tuple[Statement, ...]:
    """Return a loop as a condition with a loop in it, if the condition is all that it has."""
    match statement:
        case For(carried=(), leave=None, trips=None) as loop if loop.body.statements:
            *first, branch = loop.body.statements
            if isinstance(branch, If) and not branch.joins and not branch.orelse.statements:
                loops = any(isinstance(s, For) for s in branch.then.statements)
                if loops and all(_is_fixed(s, loop) for s in first):
                    inner = replace(loop, body=branch.then)
                    return (*first, replace(branch, then=Block((inner,))))
    return (statement,)


def _is_fixed(statement: Statement, loop: For) -> bool:
    """Say whether a statement computes a number that is the same in all iterations of a loop."""
    inside = changing(loop)
    fixed = not any(o in inside for o in operands(statement))
    return fixed and isinstance(statement, Call) and is_element_wise(statement)
