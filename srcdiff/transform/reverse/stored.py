"""Numbers that the primal sweep stores anyway, so that the adjoint sweep reads them there.

a[i, k] = z                a[i, k] = z          z was a quotient, whose partials mention it
...                  ->    ...
                           z = a[i, k]
"""

from srcdiff.analysis.dataflow import Definition, Use
from srcdiff.ir.nodes import (
    Alloc,
    For,
    Increment,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.transform.reverse.plan import Frame, Plan
from srcdiff.transform.reverse.rooms import around


def left(plan: Plan, value: Value, definition: Definition, frame: Frame) -> Store | None:
    """Return a store of a number behind which it can be read: nothing around it writes there.

    The store itself must not be undone, since that may come first.
    """
    if is_array(value) or definition.block is not frame.block:
        return None
    if frame.position < definition.position:
        return None
    for use in plan.flow.uses.get(value, []):
        store = use.statement
        if use.block is not definition.block or not isinstance(store, Store):
            continue
        if store.value is not value or not store.indices:
            continue
        if store.ref.type.dtype == value.type.dtype and _is_there(plan, store, use, frame):
            return store
    return None


def _is_there(plan: Plan, store: Store, use: Use, frame: Frame) -> bool:
    """Say whether what a store of this block leaves is still there, or there again."""
    if plan.final and store in plan.saves:
        return False
    first, last = sorted((frame.position, use.position))
    near = [s for s in use.block.statements[first : last + 1] if s is not store]
    root = plan.aliases.root(store.ref)
    return not any(root in plan.aliases.writes[s] for s in near)


def stored(plan: Plan, value: Value, definition: Definition, depth: int) -> Store | None:
    """Return a store that keeps a number anyway: each time to another element, and for good."""
    if is_array(value):
        return None
    region = plan.stack[plan.region_of(depth)]
    loops = [s for s in around(plan, definition.block, region) if isinstance(s, For | While)]
    for use in plan.flow.uses.get(value, []):
        store = use.statement
        if use.block is not definition.block or not isinstance(store, Store):
            continue
        indexed = all(_tells(plan, loop, store) for loop in loops)
        undone = plan.final and store in plan.saves
        if store.value is value and indexed and not undone and _is_only_write(plan, store, region):
            return store
    return None


def _tells(plan: Plan, loop: For | While, store: Store) -> bool:
    """Say whether each iteration of a loop stores in another place: none counts from the end."""
    if not isinstance(loop, For) or loop.index not in store.indices:
        return False
    return plan.flow.integers.is_index(loop.index)


def _is_only_write(plan: Plan, store: Store, region: Frame) -> bool:
    """Say whether nothing else writes the memory of a store, which the region's block has made."""
    root = plan.aliases.root(store.ref)
    made = plan.flow.definitions[root]
    writes = [s for s, written in plan.aliases.writes.items() if root in written]
    single = [s for s in writes if isinstance(s, Store | Increment)]
    return (
        made.block is region.block
        and isinstance(made.statement, Alloc)
        and single == [store]
        and store.ref is root
        and made.position < region.position
    )
