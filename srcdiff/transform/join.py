"""Join two nests that do the same to neighbouring parts of a row.

    For i                                 For i
        For j in range(i)                     For k in range(i)
            For k in range(j)                     Store a[i, k] = a[i, k] / a[k, k]
                a[i, j] -= a[i, k] * a[k, j]      For j in range(k + 1, n)
            a[i, j] = a[i, j] / a[j, j]   ->          a[i, j] -= a[i, k] * a[k, j]
        For j in range(i, n)
            For k in range(i)
                a[i, j] -= a[i, k] * a[k, j]

So the entries left and right of a diagonal are made: by columns first, and of a loop each. Turned
around (`triangular`, `distribute`), both run along rows and are one loop, with one adjoint. Sums
that are in numbers are made in the elements that they come from and go to. Each keeps its order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.linear import variable
from srcdiff.analysis.loops import additions
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Reordering, parts, touches
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
)
from srcdiff.ir.walk import definitions, operands, rewrite, statements, substitute_block
from srcdiff.transform.distribute import added, distributed
from srcdiff.transform.triangular import turned


def join(function: Function) -> Function:
    """Join the neighbouring nests of `function` that are one when they are turned around."""
    for loop, place in list(_candidates(function)):
        function = _Pair(function, loop, place).joined() or function
    return function


def _candidates(function: Function) -> Iterator[tuple[For, int]]:
    """Iterate over loops, and where in their bodies two nests stand that may be one."""
    for loop in statements(function.body):
        if isinstance(loop, For):
            body = loop.body.statements
            for place, (first, second) in enumerate(pairwise(body)):
                if _may_be_one(first, second):
                    yield loop, place


def _may_be_one(first: Statement, second: Statement) -> bool:
    if not isinstance(first, For) or not isinstance(second, For):
        return False
    if first.stop is not second.start or first.carried or second.carried:
        return False
    inner, other = _inner(first), _inner(second)
    if inner is None or other is None or first.index is not inner.stop:
        return False
    return _kinds(inner) == _kinds(other)


def _inner(loop: For) -> For | None:
    """Return the only loop in a nest, which counts up."""
    loops = [part for part in parts(loop) or () if isinstance(part, For)]
    ordered = is_constant(loop.step, 1) and all(is_constant(each.step, 1) for each in loops)
    return loops[0] if len(loops) == 1 and ordered else None


def _kinds(loop: For) -> list[object]:
    return [s.function if isinstance(s, Call) else type(s) for s in loop.body.statements]


@dataclass(eq=False)
class _Pair:
    """Two nests, next to each other in the body of a loop."""

    function: Function
    loop: For
    place: int

    def joined(self) -> Function | None:
        """Return the function with one nest in their place; None: they stay two."""
        for step in (self.in_memory, self.turned, self.fused):
            self.look()
            new = step()
            if new is None:
                return None
            self.put(new)
        return self.function

    @property
    def nests(self) -> tuple[For, For]:
        first, second = self.loop.body.statements[self.place : self.place + 2]
        assert isinstance(first, For)
        assert isinstance(second, For)
        return first, second

    def look(self) -> None:
        self.flow = dataflow(self.function)
        self.order = Reordering(self.flow, memory(self.function))

    def put(self, new: list[Statement]) -> None:
        """Put other statements in the place of both nests."""
        body = self.loop.body.statements
        body = (*body[: self.place], *new, *body[self.place + 2 :])
        loop = replace(self.loop, body=Block(body))

        def change(statement: Statement) -> list[Statement]:
            return [loop if statement is self.loop else statement]

        self.function = replace(self.function, body=rewrite(self.function.body, change))
        self.loop = loop

    # ---- sums in elements ----

    def in_memory(self) -> list[Statement] | None:
        """Return the nests, with sums in the elements that they come from."""
        new = [self.added_up(nest) for nest in self.nests]
        return [nest for nest in new if nest is not None] if None not in new else None

    def added_up(self, nest: For) -> For | None:
        inner = _inner(nest)
        assert inner is not None
        if not inner.carried:
            return nest
        sums = _Sum.found(self.flow, nest, inner)
        return sums.nest() if sums is not None and sums.is_alone(self.order) else None

    # ---- turned around ----

    def turned(self) -> list[Statement] | None:
        """Return the nests with the inner loops outside."""
        first, second = self.nests
        found, others = parts(first), parts(second)
        assert found is not None
        assert others is not None
        left = turned(self.flow, self.order, first, found)
        if left is None or not self.order.holds(second, others):
            return None
        right = distributed(self.flow, self.order, second, others)
        if right is None or len(left) != 1 or len(right) != 1:
            return None
        return [*left, *right]

    # ---- one nest ----

    def fused(self) -> list[Statement] | None:
        """Return one nest that does what both do."""
        first, second = self.nests
        if not self.are_alike(first, second) or not self.may_fuse(first, second):
            return None
        *before, row = first.body.statements
        (other,) = second.body.statements
        if not isinstance(row, For) or not isinstance(other, For) or row.carried or other.carried:
            return None
        renamed = substitute_block(Block((other,)), {second.index: first.index})
        (other,) = renamed.statements
        assert isinstance(other, For)
        if not self.are_neighbours(row, other) or not _are_same(row, other):
            return None
        return [replace(first, body=Block((*before, replace(row, stop=other.stop))))]

    def are_alike(self, first: For, second: For) -> bool:
        """Say whether two loops have the same counters."""
        integers = self.flow.integers
        bounds = [integers.key((each.start, each.stop)) for each in (first, second)]
        single = len(second.body.statements) == 1
        return single and bounds[0] == bounds[1] and not (first.carried or second.carried)

    def may_fuse(self, first: For, second: For) -> bool:
        """Say whether rounds of the second loop may come before later ones of the first."""
        later = variable((first.index, False)) - variable((second.index, False)) - 1
        ones, others = (list(touches(e.body, e.body.statements)) for e in (first, second))
        return all(self.order.are_apart(None, a, b, (later,)) for a in ones for b in others)

    def are_neighbours(self, row: For, other: For) -> bool:
        """Say whether a loop begins where another one ends, however many rounds these have."""
        integers = self.flow.integers
        ordered = all(integers.ends_in_order(each) for each in (row, other))
        return ordered and integers.key((row.stop,)) == integers.key((other.start,))


def _are_same(row: For, other: For) -> bool:
    """Say whether two loops do the same."""
    if len(row.body.statements) != len(other.body.statements):
        return False
    known: dict[Operand, Operand] = {other.index: row.index}
    for one, two in zip(row.body.statements, other.body.statements, strict=True):
        if type(one) is not type(two) or not _is_same(one, two, known):
            return False
        known.update(zip(definitions(two), definitions(one), strict=True))
    return True


def _is_same(one: Statement, two: Statement, known: dict[Operand, Operand]) -> bool:
    if isinstance(one, Call) and isinstance(two, Call):
        if one.function is not two.function or one.static != two.static:
            return False
    elif not isinstance(one, Load | Store | Increment):
        return False
    pairs = zip(operands(one), operands(two), strict=True)
    return len(operands(one)) == len(operands(two)) and all(
        left is known.get(right, right) for left, right in pairs
    )


@dataclass(frozen=True, eq=False)
class _Sum:
    """A sum that begins with an element, and becomes it or is made into it."""

    flow: Dataflow
    loop: For
    inner: For
    entry: Carried
    load: Load
    add: Call
    store: Store

    @classmethod
    def found(cls, flow: Dataflow, loop: For, inner: For) -> "_Sum | None":
        """Return the sum of a nest, if there is one and nothing else is carried."""
        body = loop.body.statements
        if len(inner.carried) != 1:
            return None
        (entry,) = inner.carried
        loads = [s for s in body if isinstance(s, Load) and s.out is entry.init]
        calls = additions(entry.phi, entry.next, flow) or []
        stores = [s for s in body[body.index(inner) :] if isinstance(s, Store)]
        if len(loads) != 1 or len(calls) != 1 or len(stores) != 1:
            return None
        (load,), (add,), (store,) = loads, calls, stores
        same = store.ref is load.ref and store.indices == load.indices
        plain = add in inner.body.statements and len(flow.uses.get(load.out, [])) == 1
        single = sum(isinstance(s, Store | Increment) for s in statements(loop.body)) == 1
        return (
            cls(flow, loop, inner, entry, load, add, store) if same and plain and single else None
        )

    def is_alone(self, order: Reordering) -> bool:
        """Say whether an iteration touches the element nowhere else."""
        touched = list(touches(self.loop.body, self.loop.body.statements))
        (own,) = [touch for touch in touched if touch.statement is self.store]
        others = (t for t in touched if t.statement not in (self.load, self.store))
        return all(order.are_apart(None, own, other) for other in others)

    def nest(self) -> For:
        """Return the nest, with the sum in the element."""
        ref, place = self.load.ref, self.load.indices
        inner = replace(self.inner, carried=(), body=Block(tuple(self.rounds())))
        body: list[Statement] = []
        for statement in self.loop.body.statements:
            if statement is self.inner:
                body.append(inner)
                if self.is_used():
                    body.append(Load(self.entry.out, ref, place, self.store.origin))
            elif statement is not self.load and not (
                statement is self.store and self.store.value is self.entry.out
            ):
                body.append(statement)
        return replace(self.loop, body=Block(tuple(body)))

    def is_used(self) -> bool:
        """Say whether the sum is used, but to be stored into the element."""
        uses = [use.statement for use in self.flow.uses.get(self.entry.out, [])]
        return uses != [self.store] or self.store.value is not self.entry.out

    def rounds(self) -> Iterator[Statement]:
        """Iterate over the body of the inner loop, where a term is added to the element."""
        for statement in self.inner.body.statements:
            if statement is not self.add:
                yield statement
                continue
            yield from added(self.load.ref, self.load.indices, self.add, self.entry)
