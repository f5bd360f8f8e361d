"""What is known about loops: which iterations are independent, what a loop overwrites whole."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import Literal

import numpy as np

from srcdiff import words
from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.dependence import Access, Dependence
from srcdiff.ir.build import is_constant, same
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    Derive,
    For,
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
from srcdiff.ir.walk import blocks, changing, operands, statements

Role = Literal["sum", "counter", "state"]


def touches(statement: Statement, root: Value, aliases: Aliases) -> bool:
    """Say whether a statement, or one nested in it, refers to the class of `root`."""
    return root in aliases.named(statement)


def covers(block: Block, array: Value, aliases: Aliases, prefix: tuple[Value, ...] = ()) -> bool:
    """Say whether `block` writes every element of `array[prefix]` before it reads any.

    The first statement that touches the array must be a store at `prefix`, or a loop over the
    next axis from end to end whose body covers, and touches nothing but, `array[prefix, index]`.
    """
    root = aliases.root(array)
    for statement in block.statements:
        if not touches(statement, root, aliases):
            continue
        match statement:
            case Store(ref=ref, indices=indices) if ref is array:
                return indices == prefix if indices else not prefix
            case For(index=index, start=start, stop=stop, step=step, leave=None, body=body):
                axis = len(prefix)
                return (
                    axis < len(array.shape)
                    and is_constant(start, 0)
                    and is_constant(step, 1)
                    and same(stop, array.shape[axis])
                    and covers(body, array, aliases, (*prefix, index))
                    and _stays(body, array, aliases, (*prefix, index))
                )
        return False
    return False


def is_private(block: Block, array: Value, aliases: Aliases) -> bool:
    """Say whether no element of `array` is carried into `block` from before."""
    if covers(block, array, aliases):
        return True
    root = aliases.root(array)
    users = [s for s in block.statements if touches(s, root, aliases)]
    match users:
        case [For(body=body)]:
            return is_private(body, array, aliases)
    return False


def _stays(block: Block, array: Value, aliases: Aliases, prefix: tuple[Value, ...]) -> bool:
    """Say whether `block` touches the class of `array` only at indices that begin with `prefix`.

    Other references of the class may have other places at these indices.
    """
    root = aliases.root(array)
    for statement in statements(block):
        if not touches(statement, root, aliases) or blocks(statement):
            continue
        if not isinstance(statement, Load | Store | Increment) or statement.ref is not array:
            return False
        if statement.indices[: len(prefix)] != prefix:
            return False
        if not isinstance(statement, Load) and _is_of(statement.value, root, aliases):
            return False
    return not any(
        _is_of(o, root, aliases) for s in statements(block) if blocks(s) for o in operands(s)
    )


def _is_of(operand: Operand, root: Value, aliases: Aliases) -> bool:
    return isinstance(operand, Value) and is_array(operand) and aliases.root(operand) is root


# ---- roles of carried entries ----


def roles(loop: For | While, flow: Dataflow) -> dict[Carried, Role]:
    """Say of each carried entry whether it is a sum, a counter with a constant step, or state."""
    return {entry: _role(loop, entry, flow) for entry in loop.carried}


def _role(loop: For | While, entry: Carried, flow: Dataflow) -> Role:
    if is_array(entry.phi):
        return "state"
    if entry.phi.type.dtype.kind == "f" and _is_sum(entry.phi, entry.next, flow):
        return "sum"
    if entry.phi.type.dtype.kind in "iu" and _is_counted(entry.next, loop, flow, {entry.phi}):
        return "counter"
    return "state"


def _is_counted(operand: Operand, loop: For | While, flow: Dataflow, counted: set[Value]) -> bool:
    """Say whether an integer follows from integers alone, so that counting again gives it again."""
    if isinstance(operand, Const) or operand in counted:
        return True
    definition = flow.definitions[operand]
    around = [statement for _, _, statement in flow.ancestors(definition.block)]
    if definition.block is not loop.body and loop not in around:
        return True
    match definition.statement:
        case Call(args=args, out=out) if out.type.dtype.kind in "iu" and not is_array(out):
            if any(map(is_array, args)):
                return definition.statement.function is np.shape
            return all(_is_counted(arg, loop, flow, counted) for arg in args)
        case For(index=index) if operand is index:
            return True
        case For(leave=None, carried=carried):
            (entry,) = [e for e in carried if operand in (e.phi, e.out)]
            if not _is_counted(entry.init, loop, flow, counted):
                return False
            return _is_counted(entry.next, loop, flow, counted | {entry.phi})
    return False


def _is_sum(phi: Value, result: Operand, flow: Dataflow) -> bool:
    return additions(phi, result, flow) is not None


def additions(phi: Value, result: Operand, flow: Dataflow) -> list[Call] | None:
    """Return the calls by which `result` is `phi` plus terms, each partial sum being used once.

    Those of nested loops are left out. None: it is no such sum.
    """
    found: list[Call] = []
    current: Operand = phi
    while current is not result:
        uses = flow.uses.get(current, []) if isinstance(current, Value) else []
        if len(uses) != 1:
            return None
        statement = uses[0].statement
        match statement:
            case Call(function=np.add | words.radd, args=(left, right)) if (left is current) != (
                right is current
            ):
                found.append(statement)
                current = statement.out
            case Call(function=np.subtract, args=(left, right)) if (
                left is current and right is not current
            ):
                found.append(statement)
                current = statement.out
            case For(carried=carried):
                inner = [e for e in carried if e.init is current]
                if len(inner) != 1 or not _is_sum(inner[0].phi, inner[0].next, flow):
                    return None
                current = inner[0].out
            case _:
                return None
    once = isinstance(current, Value) and len(flow.uses.get(current, [])) == 1
    return found if once else None


def counter_step(loop: For | While, entry: Carried, flow: Dataflow) -> Const | None:
    """Return the constant that is added to an integer once in each iteration."""
    return _counter_step(loop, entry, flow)


def _counter_step(loop: For | While, entry: Carried, flow: Dataflow) -> Const | None:
    definition = flow.definitions.get(entry.next) if isinstance(entry.next, Value) else None
    if definition is None or definition.block is not loop.body:
        return None
    match definition.statement:
        case Call(function=np.add, args=(left, Const() as step)) if left is entry.phi:
            return step
        case Call(function=np.subtract, args=(left, Const() as step)) if left is entry.phi:
            return Const(-step.value, step.type)
    return None


# ---- independence ----


@dataclass(eq=False)
class Independence:
    """Why the iterations of a loop depend on each other (empty: they do not), and its sums."""

    reasons: list[str] = field(default_factory=list)
    sums: list[Carried] = field(default_factory=list)
    counters: list[Carried] = field(default_factory=list)
    stored: list[Value] = field(default_factory=list)
    incremented: list[Value] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.reasons


@lru_cache(maxsize=64)
def independence(
    loop: For, flow: Dataflow, aliases: Aliases, dependence: Dependence | None = None
) -> Independence:
    """Find out whether the iterations of `loop` can run in any order, but for sums.

    With `dependence`, indices are compared; without it, each access must be at the loop's counter.
    """
    result = Independence()
    if loop.leave is not None:
        result.reasons.append("it may be left early")
    for entry, role in roles(loop, flow).items():
        if role == "state":
            result.reasons.append(f"`{entry.phi.name}` is carried from one iteration to the next")
        (result.sums if role == "sum" else result.counters).append(entry)
    touched: dict[Value, list[Statement]] = {}
    for statement in statements(loop.body):
        for root in aliases.touched(statement):
            touched.setdefault(root, []).append(statement)
    for root in _written_outside(loop, flow, aliases):
        _memory(loop, root, touched[root], flow, aliases, result, dependence)
    return result


def _written_outside(loop: For, flow: Dataflow, aliases: Aliases) -> list[Value]:
    """Return the classes that the loop writes and that exist outside of it, in order."""
    local = {
        aliases.root(s.out)
        for s in statements(loop.body)
        if isinstance(s, Alloc | Call) and is_array(s.out)
    }
    found: dict[Value, None] = {}
    for statement in statements(loop.body):
        if isinstance(statement, Store | Increment):
            root = aliases.root(statement.ref)
            if root not in local:
                found[root] = None
    return list(found)


def _memory(
    loop: For,
    root: Value,
    accesses: list[Statement],
    flow: Dataflow,
    aliases: Aliases,
    result: Independence,
    dependence: Dependence | None,
) -> None:
    """Judge a class that the loop writes: sums only, or elements for each iteration."""
    name = root.name.lstrip("_")
    if aliases.is_bound(root):
        result.reasons.append(f"references to `{name}` are rebound")
    elif all(isinstance(s, Increment) for s in accesses):
        result.incremented.append(root)
    elif _own_slice(loop, accesses, flow) or (
        dependence is not None and _apart(loop, root, accesses, aliases, dependence)
    ):
        result.stored.append(root)
    else:
        result.reasons.append(f"`{name}` is read and written in it")


def _apart(
    loop: For, root: Value, accesses: list[Statement], aliases: Aliases, dependence: Dependence
) -> bool:
    """Say whether no iteration touches an element that another one writes."""
    writes: list[Access] = []
    reads: list[Access] = []
    for statement in accesses:
        for operand in dict.fromkeys(operands(statement)):
            if isinstance(operand, Value) and is_array(operand) and aliases.root(operand) is root:
                at = getattr(statement, "indices", ()) if operand is _ref(statement) else ()
                write = isinstance(statement, Store | Increment) and operand is statement.ref
                (writes if write else reads).append(Access(operand, at, loop.body, 0))
    return not any(
        dependence.meet(one, write, loop) or dependence.meet(write, one, loop)
        for write in writes
        for one in (*writes, *reads)
    )


def _ref(statement: Statement) -> Value | None:
    return statement.ref if isinstance(statement, Load | Store | Increment) else None


def _own_slice(loop: For, accesses: list[Statement], flow: Dataflow) -> bool:
    """Say whether every access has the loop's index, or one beside it, at one axis of one array.

    An index below 0 counts from the end, where another iteration may be.
    """
    shared: set[tuple[Value, int, int]] | None = None
    for statement in accesses:
        if not isinstance(statement, Load | Store | Increment) or not statement.indices:
            return False
        places = {
            (*_seen_through(statement.ref, axis, flow), distance)
            for axis, index in enumerate(statement.indices)
            for distance in _distance(index, loop, flow)
        }
        shared = places if shared is None else shared & places
    return bool(shared)


def _distance(index: Operand, loop: For, flow: Dataflow) -> list[int]:
    """Return how far `index` is from that of `loop`, if that is known."""
    if not flow.integers.is_index(index):
        return []
    base, offset = flow.integers.affine(index)
    return [offset] if base is loop.index else []


def _seen_through(ref: Value, axis: int, flow: Dataflow) -> tuple[Value, int]:
    """Return the array and the axis that an axis of a view is, place by place."""
    definition = flow.definitions[ref]
    if not isinstance(definition.statement, View) or definition.kind != "simple":
        return ref, axis
    view = definition.statement
    match view.how:
        case Transpose(axes=axes):
            return _seen_through(view.ref, axes[axis], flow)
        case Index():
            items = view_axes(view)
            kept = [k for k, item in enumerate(items or ()) if item is None]
            if kept:
                return _seen_through(view.ref, kept[axis], flow)
    return ref, axis


def view_axes(view: View) -> tuple[Operand | None, ...] | None:
    """Return the fixed indices of a view that only drops axes, None for axes that it keeps."""
    if not isinstance(view.how, Index):
        return None
    result: list[Operand | None] = []
    for item in view.how.items:
        if isinstance(item, Slice):
            if item.start is not None or item.stop is not None or item.step is not None:
                return None
            result.append(None)
        elif isinstance(item, Value | Const):
            result.append(item)
        else:
            return None
    return tuple(result)


def writes_apart(loop: For, flow: Dataflow, aliases: Aliases) -> bool:
    """Say whether each iteration writes elements of its own, one at each place of the text."""
    if any(isinstance(s, Derive) for s in loop.body.statements):
        return False
    writes = [s for s in loop.body.statements if isinstance(s, Store | Increment)]
    bases = [{flow.integers.affine(index)[0] for index in s.indices} for s in writes]
    if not all(loop.index in each for each in bases):
        return False
    pairs = combinations(writes, 2)
    return all(_are_apart(loop, s, t, flow, aliases) for s, t in pairs)


def _are_apart(
    loop: For, left: Store | Increment, right: Store | Increment, flow: Dataflow, aliases: Aliases
) -> bool:
    """Say whether two statements never write one element, in any two iterations."""
    if aliases.root(left.ref) is not aliases.root(right.ref):
        return True
    inside = changing(loop)
    return left.ref is right.ref and any(
        flow.integers.differ(a, b)
        for a, b in zip(left.indices, right.indices, strict=True)
        if not any(flow.integers.affine(index)[0] in inside for index in (a, b))
    )
