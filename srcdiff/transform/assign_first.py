"""Let the first contribution to each element assign, instead of adding to zero.

    b = Alloc (n,) of zeros               b = Alloc (n,)
    For a in range(n)             ->      For a in range(n)
        Increment b[a] += e                   Store b[a] = e

The increment must be the first touch of the array, once for each element, in a nest of loops that
goes over all of them. Only in the adjoint sweep: 0.0 + -0.0 is 0.0.

Whether loops over extents of one array go over all of another one may be known at run time only;
so may be whether an axis has no elements but those of literal indices, which all are added to:

    b = Alloc (n, k) of zeros             b = Alloc (n, k)
                                          If n != m or k != 2
                                              Store b = 0.0
    For a in range(m)             ->      For a in range(m)
        Increment b[a, 0] += e                Store b[a, 0] = e
        Increment b[a, 1] += f                Store b[a, 1] = f

The last element of an axis may be added to on its own, behind a loop over the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from srcdiff.analysis.indices import Indices, indices
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    For,
    Function,
    Guard,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.walk import blocks, changing, map_blocks, operands, renewed, statements

Pair = tuple[Operand, Operand]


@dataclass(frozen=True, eq=False)
class First:
    """Increments that can assign, and the pairs of integers that must be equal for that."""

    increments: list[Increment]
    equal: list[Pair] = field(default_factory=list)


def assign_first(function: Function) -> Function:
    """Replace first increments of `function` by stores, where they cover a new array."""
    work = _Search(memory(function), indices(function))
    work.block(function.body)
    return replace(function, body=work.changed(function.body))


@dataclass(eq=False)
class _Search:
    memory: Memory
    integers: Indices
    replaced: dict[Statement, Statement] = field(default_factory=dict)
    before: dict[Statement, list[Statement]] = field(default_factory=dict)
    """What goes in front of a statement."""
    tests: dict[Operand, frozenset[Operand]] = field(default_factory=dict)
    """The conditions that ask whether two integers are equal."""
    guarded: set[frozenset[Operand]] = field(default_factory=set)
    """The pairs that are equal where the walk is, as it goes on only then."""

    def changed(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block.statements:
            new = self.replaced.get(statement, statement)
            result += [*self.before.get(statement, ()), map_blocks(new, self.changed)]
        return renewed(block, result)

    def block(self, block: Block) -> None:
        fresh: dict[Value, Alloc] = {}
        outside = {*self.guarded}
        for statement in block.statements:
            self.note(statement)
            for root in self.touched(statement) if fresh else ():
                alloc = fresh.pop(root, None)
                found = None if alloc is None else self.first(statement, alloc, block)
                if alloc is not None and found is not None:
                    self.assign(statement, alloc, found)
            if isinstance(statement, Alloc) and is_constant(statement.fill or statement.out, 0):
                root = self.memory.root(statement.out)
                if root not in self.memory.bound:
                    fresh[root] = statement
            for nested in blocks(statement):
                self.block(nested)
        self.guarded = outside

    def note(self, statement: Statement) -> None:
        """Note what a guard says of integers."""
        match statement:
            case Call(function=np.equal, out=out, args=args):
                self.tests[out] = frozenset(args)
            case Guard(condition=condition) if condition in self.tests:
                self.guarded.add(self.tests[condition])

    def assign(self, statement: Statement, alloc: Alloc, found: First) -> None:
        """Note the changes by which the first increments, in `statement`, assign."""
        self.replaced[alloc] = replace(alloc, fill=None)
        for each in found.increments:
            self.replaced[each] = Store(each.ref, each.indices, each.value, each.origin)
        if found.equal:
            assert alloc.fill is not None
            builder = Builder(alloc.origin)
            tests = [builder.call(np.not_equal, *pair) for pair in found.equal]
            test = reduce(lambda left, right: builder.call(np.logical_or, left, right), tests)
            fill = Block((Store(alloc.out, (), alloc.fill, alloc.origin),))
            builder.append(If(test, fill, Block(), (), alloc.origin))
            self.before.setdefault(statement, []).extend(builder.statements)

    def touched(self, statement: Statement) -> list[Value]:
        """Return the classes that a statement, or one nested in it, reads or writes, in order."""
        found = dict.fromkeys(
            self.memory.root(o)
            for inner in (statement, *(s for b in blocks(statement) for s in statements(b)))
            for o in operands(inner)
            if isinstance(o, Value) and o.shape
        )
        touched = self.memory.reads(statement) | self.memory.writes(statement)
        return [root for root in found if root in touched]

    def first(self, statement: Statement, alloc: Alloc, block: Block) -> First | None:
        """Return the increments that meet each element once, before all else.

        `statement`, of a block, is what touches the array first.
        """
        root, nest = self.memory.root(alloc.out), list[For]()
        while isinstance(statement, For):
            nest.append(statement)
            users = (s for s in statement.body.statements if root in self.touches(s))
            statement = next(users)
        match statement:
            case Increment(ref=ref, indices=places) if ref is alloc.out:
                if not nest:
                    whole = not places and self.can_assign(statement)
                    return First([statement]) if whole else None
                return self.of_parts(nest, statement, block) or self.of_nest(nest, statement)
        return None

    def touches(self, statement: Statement) -> frozenset[Value]:
        return self.memory.reads(statement) | self.memory.writes(statement)

    def can_assign(self, increment: Increment) -> bool:
        """Say whether it is of the adjoint sweep, and adds no memory of the class itself."""
        value = increment.value
        if increment.origin.sweep != "adjoint":
            return False
        if not isinstance(value, Value) or not value.shape:
            return True
        return self.memory.root(value) is not self.memory.root(increment.ref)

    def of_nest(self, nest: list[For], increment: Increment) -> First | None:
        """Return the first increments of a nest: one, or one for each literal index of an axis."""
        ref = increment.ref
        firsts: dict[tuple[object, ...], Statement] = {}
        for each in self.accesses(nest[0], self.memory.root(ref)):
            if not isinstance(each, Load | Store | Increment) or each.ref is not ref:
                return None
            places = (o.value if isinstance(o, Const) else o for o in each.indices)
            firsts.setdefault(tuple(places), each)
        inside = nest[-1].body.statements
        found = [s for s in firsts.values() if isinstance(s, Increment) and s in inside]
        equal = self.covering(nest, increment, [*firsts])
        if equal is None or len(found) < len(firsts) or not all(map(self.can_assign, found)):
            return None
        return First(found, equal)

    # ---- a loop over all elements of an axis but one, and that ----

    def of_parts(self, nest: list[For], increment: Increment, block: Block) -> First | None:
        """Return an increment in a loop over all of an axis but its end, and the one behind it."""
        *around, loop = nest
        inside = (around[-1].body if around else block).statements
        root = self.memory.root(increment.ref)
        match [s for s in inside if root in self.touches(s)]:
            case [first, Increment() as last, *_] if first is loop:
                equal = self.parted(nest, increment, last)
                both = [increment, last]
                if equal is not None and all(map(self.can_assign, both)):
                    return First(both, equal)
        return None

    def parted(self, nest: list[For], increment: Increment, last: Increment) -> list[Pair] | None:
        """Return which integers must be equal for two increments to meet each element once."""
        *around, loop = nest
        if loop.index not in increment.indices or not self.stay_in_row(nest, increment, last):
            return None
        axis = increment.indices.index(loop.index)
        base, offset = self.integers.affine(last.indices[axis])
        plain = is_constant(loop.start, 0) and is_constant(loop.step, 1) and loop.leave is None
        if not plain or self.integers.affine(loop.stop) != (base, offset):
            return None
        if base is None or offset != -1 or base in changing(nest[0]):
            return None
        counters: dict[Operand, For] = {each.index: each for each in around}
        pairs: list[Pair] = [(increment.ref.shape[axis], base)]
        for place, extent in zip(increment.indices, increment.ref.shape, strict=True):
            outer = counters.pop(place, None)
            end = None if outer is None else self.end(outer, nest[0])
            if end is None and place is not loop.index:
                return None
            pairs += [] if end is None else [(extent, end)]
        return None if counters else [pair for pair in pairs if not self.are_equal(*pair)]

    def stay_in_row(self, nest: list[For], increment: Increment, last: Increment) -> bool:
        """Say whether a nest touches an array only where its increment does, but for one axis.

        In the innermost loop the increment comes first, at the same element as all else.
        """
        ref, loop = increment.ref, nest[-1]
        root = self.memory.root(ref)
        inner = list(self.accesses(loop, root))
        for each in (*self.accesses(nest[0], root), last):
            if not isinstance(each, Load | Store | Increment) or each.ref is not ref:
                return False
            if len(each.indices) != len(increment.indices):
                return False
            pairs = zip(each.indices, increment.indices, strict=True)
            if any(one is not other for one, other in pairs if other is not loop.index):
                return False
            if each in inner and each.indices != increment.indices:
                return False
        return inner[0] is increment and increment in loop.body.statements

    def covering(
        self, nest: list[For], increment: Increment, places: list[tuple[object, ...]]
    ) -> list[Pair] | None:
        """Return which integers must be equal for a nest to cover an array; None: it never does.

        `places` are all indices in the nest; along one axis they may be literals.
        """
        if any(len(place) != len(increment.ref.shape) for place in places):
            return None
        counters = {loop.index: loop for loop in nest}
        pairs: list[Pair] = []
        for axis, extent in enumerate(increment.ref.shape):
            index, met = increment.indices[axis], {place[axis] for place in places}
            loop = counters.pop(index, None) if isinstance(index, Value) else None
            end = None if loop is None else self.end(loop, nest[0])
            if loop is not None and end is not None and met == {index}:
                pairs += [] if self.integers.covers(loop, extent) else [(extent, end)]
            elif isinstance(index, Const) and met == {*range(len(places))}:
                pairs.append((extent, integer(len(places))))
            else:
                return None
        literal = [index for index in increment.indices if isinstance(index, Const)]
        if counters or (len(literal) > 1 and len(places) > 1):
            return None
        equal = [pair for pair in pairs if not self.are_equal(*pair)]
        never = any(isinstance(o, Const) and isinstance(p, Const) for o, p in equal)
        return None if never else equal

    def are_equal(self, left: Operand, right: Operand) -> bool:
        affine = self.integers.affine
        return affine(left) == affine(right) or frozenset((left, right)) in self.guarded

    def end(self, loop: For, outermost: For) -> Operand | None:
        """Return what a loop goes over the indices below of, if the nest knew it from the start."""
        if loop.leave is not None:
            return None
        if is_constant(loop.start, 0) and is_constant(loop.step, 1):
            base, offset = self.integers.affine(loop.stop)
            stop = loop.stop if base is None or offset else base
            return None if stop in changing(outermost) else stop
        base, offset = self.integers.affine(loop.start)
        down = is_constant(loop.stop, -1) and is_constant(loop.step, -1) and offset == -1
        return base if down and base not in changing(outermost) else None

    def accesses(self, loop: For, root: Value) -> Iterator[Statement]:
        for statement in statements(loop.body):
            if not blocks(statement) and root in self.touches(statement):
                yield statement
