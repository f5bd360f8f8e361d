"""One loop nest for the statements of a group.

    s = Call add(a, b)            s' = 0.0
    t = Call sum(s)       ->      For i, carried t = (p, 0.0, q, t)
                                      s' = Call add(a[i], b[i])
                                      q = Call radd(p, s')

The last axis is innermost. A sum over the innermost loops is carried through them; what is left of
its axes is added up in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    Increment,
    Operand,
    Origin,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Scalar
from srcdiff.transform.fusion.access import At, own_pattern
from srcdiff.transform.fusion.region import Group, Node, Region, axes_of_sum
from srcdiff.transform.fusion.scalars import emit
from srcdiff.words import radd

COUNTERS = "ijkl"


@dataclass(eq=False)
class _Sum:
    """A sum that the loops from number `start` on carry; `phis[k]` is that of loop `start + k`."""

    out: Value
    start: int
    phis: list[Value]
    next: Operand
    outs: dict[int, Value] = field(default_factory=dict)


@dataclass(eq=False)
class _Nest:
    region: Region
    group: Group
    origin: Origin
    extents: tuple[Operand, ...]
    counters: list[Value]
    before: list[Builder]
    after: list[Builder]
    sums: list[_Sum] = field(default_factory=list)
    scalars: dict[Value, Operand] = field(default_factory=dict)
    loaded: dict[tuple[object, ...], Operand] = field(default_factory=dict)
    indices: dict[object, Operand] = field(default_factory=dict)
    written: set[Value] = field(default_factory=set)

    @property
    def depth(self) -> int:
        return len(self.counters)

    @property
    def inner(self) -> Builder:
        return self.before[-1]


def nest(region: Region, group: Group) -> list[Statement]:
    """Return the loops that run `group`, and what stands before them."""
    if not group.body:
        return []
    work = _start(region, group)
    for node in group.body:
        for builder in (*work.before, *work.after):
            builder.origin = node.statement.origin
        _node(work, node)
    return _close(work, 0)


def _start(region: Region, group: Group) -> _Nest:
    first = group.body[0]
    depth = len(first.loops)
    extents = [
        integer(key) if isinstance(key, int) else _extent(first, place)
        for place, key in enumerate(first.loops)
    ]
    names = [COUNTERS[k] if k < len(COUNTERS) else f"i_{k}" for k in range(depth)]
    counters = [Value(name, PYTHON_INT) for name in names]
    # A nest of both sweeps stands where the first of them does, and its body says which is which.
    origin = replace(first.statement.origin, span=None)
    layers = [Builder() for _ in range(depth + 1)], [Builder() for _ in range(depth + 1)]
    work = _Nest(region, group, origin, tuple(extents), counters, *layers)
    work.written = {region.root(node.target) for node in group.body if node.target}
    return work


def _extent(node: Node, place: int) -> Operand:
    return node.shape[node.numbers.index(place)]


def _node(work: _Nest, node: Node) -> None:
    match node.statement:
        case Call() if node.kind == "sum":
            _sum(work, node, node.statement)
        case Call():
            _map(work, node, node.statement)
        case Store(value=value):
            _write(work, node, work.inner.store, _element(work, node, value))
        case Increment(value=value):
            _write(work, node, work.inner.increment, _element(work, node, value))


def _map(work: _Nest, node: Node, call: Call) -> None:
    stored = call.out in work.group.stored
    name = f"_{call.out.name.lstrip('_')}" if stored else call.out.name
    args = tuple(_element(work, node, arg) for arg in call.args)
    dtype = call.out.type.dtype
    result = emit(work.inner, call.function, args, call.static, dtype, name)
    work.scalars[call.out] = result
    if stored:
        _alloc(work, call.out, None)
        work.inner.store(call.out, _items(work, own_pattern(node.numbers)), result)


def _alloc(work: _Nest, out: Value, fill: Operand | None) -> None:
    work.before[0].append(Alloc(out, fill, work.origin))


def _write(
    work: _Nest,
    node: Node,
    write: Callable[[Value, tuple[Operand, ...], Operand], None],
    value: Operand,
) -> None:
    assert node.target is not None
    write(node.target.base, _items(work, node.target.pattern), value)
    root = work.region.root(node.target)
    for key in [key for key in work.loaded if work.region.aliases.root(key[0]) is root]:  # type: ignore[arg-type]
        del work.loaded[key]


# ---- elements ----


def _element(work: _Nest, node: Node, operand: Operand) -> Operand:
    """Return the element of `operand` that belongs to an iteration."""
    if not is_array(operand):
        return operand
    access = work.region.access(node, operand)
    maker = work.region.made.get(access.base)
    made_here = maker is not None and access.base in work.scalars
    if maker is not None and made_here and work.region.is_same_element(maker, node, access):
        return work.scalars[access.base]
    if access.key not in work.loaded:
        changes = work.region.root(access) in work.written
        layer = work.before[work.depth if changes else access.depth]
        name = f"_{access.base.name.lstrip('_')}"
        work.loaded[access.key] = layer.load(access.base, _items(work, access.pattern), name)
    return work.loaded[access.key]


def _items(work: _Nest, pattern: tuple[At, ...]) -> tuple[Operand, ...]:
    return tuple(_index(work, at) for at in pattern)


def _index(work: _Nest, at: At) -> Operand:
    if at.axis is None:
        return at.start
    if at.key not in work.indices:
        layer, counter = work.before[at.axis + 1], work.counters[at.axis]
        scaled = layer.fold(np.multiply, counter, integer(at.step))
        work.indices[at.key] = layer.fold(np.add, scaled, at.start)
    return work.indices[at.key]


# ---- sums ----


def _sum(work: _Nest, node: Node, call: Call) -> None:
    term = _element(work, node, call.args[0])
    axes, keepdims = axes_of_sum(call)
    loops = {node.numbers[axis] for axis in axes} - {None}
    start = work.depth
    while start > 0 and start - 1 in loops:
        start -= 1
    kept = [None if axis in axes else n for axis, n in enumerate(node.numbers)]
    if not keepdims:
        kept = [n for axis, n in enumerate(node.numbers) if axis not in axes]
    total = _carried(work, call, start, term)
    if not is_array(call.out):
        return
    rest = any(loop is not None and loop < start for loop in loops)
    zero = constant(0, Scalar(call.out.type.dtype))
    _alloc(work, call.out, zero if rest else None)
    layer = work.after[start] if start < work.depth else work.inner
    items = _items(work, own_pattern(kept))
    (layer.increment if rest else layer.store)(call.out, items, total)


def _carried(work: _Nest, call: Call, start: int, term: Operand) -> Operand:
    """Carry a sum through the loops from number `start` on, and return what it comes to."""
    type, name = Scalar(call.out.type.dtype), call.out.name
    if start == work.depth:
        if is_array(call.out):
            return term
        work.inner.call_into(call.out, np.positive, (term,), ())
        return call.out
    phis = [Value(name, type) for _ in range(start, work.depth)]
    add = radd if type.dtype.kind == "f" else np.add
    next = work.inner.call(add, phis[-1], term, name=name, type=type, shape=())
    total = Value(name, type) if is_array(call.out) else call.out
    work.sums.append(_Sum(total, start, phis, next))
    return total


# ---- loops ----


def _close(work: _Nest, depth: int) -> list[Statement]:
    """Return what runs inside of `depth` loops."""
    before = work.before[depth].statements
    if depth == work.depth:
        return before
    carried = tuple(_entry(work, each, depth) for each in work.sums if each.start <= depth)
    body = Block(tuple(_close(work, depth + 1)))
    loop = For(
        work.counters[depth],
        integer(0),
        work.extents[depth],
        integer(1),
        carried,
        body,
        origin=work.origin,
    )
    return [*before, loop, *work.after[depth].statements]


def _entry(work: _Nest, each: _Sum, depth: int) -> Carried:
    """Return what the loop number `depth` carries; an inner loop hands on to an outer one."""
    place = depth - each.start
    zero = constant(0, each.out.type)
    init = each.phis[place - 1] if place else zero
    return Carried(each.phis[place], init, _after(work, each, depth), _out(each, place))


def _after(work: _Nest, each: _Sum, depth: int) -> Operand:
    last = depth == work.depth - 1
    return each.next if last else _out(each, depth + 1 - each.start)


def _out(each: _Sum, place: int) -> Value:
    if place == 0:
        return each.out
    if place not in each.outs:
        each.outs[place] = Value(each.out.name, each.out.type)
    return each.outs[place]
