"""Random functions that are about memory: nests of loops over the elements of a few arrays.

Every array has the extent SIZE on each axis. An index carries the interval of its values, so that
every access is inside; negative indices wrap.
"""

from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Const,
    For,
    Function,
    If,
    Increment,
    Index,
    Operand,
    Origin,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
)
from srcdiff.ir.types import FLOAT64, PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import rewrite, statements

SIZE = 3
FLOAT = np.dtype(np.float64)
ALL = Slice(None, None, None)
Place = tuple[Operand, int, int]


@dataclass
class Scope:
    """What a block can use: numbers, indices with their least and greatest value, arrays."""

    numbers: list[Operand]
    places: list[Place]
    arrays: list[Value]

    def inner(self) -> "Scope":
        return Scope(list(self.numbers), list(self.places), list(self.arrays))


@dataclass
class Maker:
    """Makes blocks at random."""

    random: Random
    extent: Value = field(default_factory=lambda: Value("n", PYTHON_INT))
    last: Value = field(default_factory=lambda: Value("_last", PYTHON_INT))
    seen: Value = field(init=False)

    def __post_init__(self) -> None:
        self.seen = Value("seen", Array(FLOAT, 1), (self.extent,))

    def block(self, scope: Scope, depth: int, count: int) -> Block:
        result: list[Statement] = []
        for _ in range(count):
            result += self.statement(scope, depth)
        return Block(tuple(result))

    def statement(self, scope: Scope, depth: int) -> list[Statement]:
        kinds = [self.load, self.load, self.store, self.increment, self.load, self.store]
        kinds += [self.increment, self.load, self.array, self.view, self.whole]
        chance = self.random.random()
        if depth < 3 and chance < 0.3:
            return self.nested(scope, depth)
        if depth < 2 and chance < 0.45:
            return self.sweep(scope, depth)
        builder = Builder(Origin(sweep=self.random.choice(["primal", "adjoint", "adjoint"])))
        self.random.choice(kinds)(builder, scope)
        return builder.statements

    def element(self, builder: Builder, scope: Scope) -> tuple[Value, tuple[Operand, ...]]:
        ref = self.random.choice(scope.arrays[-2:])
        found = []
        for extent in ref.shape:
            size = SIZE - 1 if extent is self.last else SIZE
            inside = [p for p in scope.places if -size <= p[1] and p[2] < size]
            place = self.random.choice(inside[-2:] + inside[-1:])
            shift = self.random.choice([0, 0, 0, -1, 1])
            if -size <= place[1] + shift and place[2] + shift < size and shift:
                index = builder.fold(np.add, place[0], integer(shift))
                place = (index, place[1] + shift, place[2] + shift)
            found.append(place[0])
        return ref, tuple(found)

    def load(self, builder: Builder, scope: Scope) -> None:
        value = builder.load(*self.element(builder, scope))
        scope.numbers.append(value)
        other = self.random.choice(scope.numbers)
        scope.numbers.append(builder.call(np.subtract, value, other))
        weight = Const(self.random.choice([0.25, 0.5, 2.0]), FLOAT64)
        term = builder.call(np.multiply, value, weight)
        builder.increment(self.seen, (integer(self.random.randrange(SIZE)),), term)

    def store(self, builder: Builder, scope: Scope) -> None:
        builder.store(*self.element(builder, scope), self.number(scope))

    def increment(self, builder: Builder, scope: Scope) -> None:
        builder.increment(*self.element(builder, scope), self.number(scope))

    def number(self, scope: Scope) -> Operand:
        return self.random.choice(scope.numbers[-4:])

    def array(self, builder: Builder, scope: Scope) -> None:
        shape = (self.extent,) * self.random.choice([1, 1, 2])
        fill = self.random.choice([0.0, 0.0, 0.0, 1.5])
        scope.arrays.append(builder.alloc(shape, FLOAT, Const(fill, FLOAT64), "_b"))

    def view(self, builder: Builder, scope: Scope) -> None:
        ref = self.random.choice(scope.arrays)
        two = len(ref.shape) == 2
        whole = all(extent is self.extent for extent in ref.shape)
        row = self.random.choice([p for p in scope.places if p[1] >= 0])[0]
        part = self.random.choice([Slice(integer(1), None, None), Slice(None, integer(-1), None)])
        back = Slice(None, None, integer(-1))
        kind = Array(FLOAT, 1, "A")
        if two and self.random.random() < 0.3:
            axes = Transpose((1, 0))
            out = builder.view(ref, axes, Array(FLOAT, 2, "A"), (ref.shape[1], ref.shape[0]))
        elif two and whole:
            items = self.random.choice([(row, ALL), (ALL, row), (row, back)])
            out = builder.view(ref, Index(items), kind, (self.extent,))
        elif not two and whole:
            out = builder.view(ref, Index((part,)), kind, (self.last,))
        else:
            return
        scope.arrays.append(out)

    def whole(self, builder: Builder, scope: Scope) -> None:
        ref = self.random.choice(scope.arrays)
        if self.random.random() < 0.5:
            zero = Const(0.0, FLOAT64)
            builder.store(ref, (), self.random.choice([zero, self.number(scope)]))
        else:
            scope.numbers.append(builder.sum(ref, tuple(range(len(ref.shape)))))

    def nested(self, scope: Scope, depth: int) -> list[Statement]:
        if self.random.random() < 0.2:
            builder = Builder()
            condition = builder.call(np.less, self.number(scope), self.number(scope))
            sides = [self.block(scope.inner(), depth + 1, self.random.randrange(4)) for _ in "ab"]
            return [*builder.statements, If(condition, sides[0], sides[1])]
        index = Value(self.random.choice("ijk"), PYTHON_INT)
        bounds = self.random.choice(self.ranges(scope))
        start, stop, step = bounds[:3]
        inner = scope.inner()
        inner.places.append((index, bounds[3], bounds[4]))
        body = self.block(inner, depth + 1, self.random.randrange(2, 7))
        return [For(index, start, stop, integer(step), (), body)]

    def sweep(self, scope: Scope, depth: int) -> list[Statement]:
        """Go over a new array, element by element, with few other statements."""
        builder = Builder()
        self.array(builder, scope)
        ref = scope.arrays[-1]
        inner = scope.inner()
        places = tuple(Value(name, PYTHON_INT) for name in "pq"[: len(ref.shape)])
        inner.places += [(place, 0, SIZE - 1) for place in places]
        first = self.block(inner, depth + 2, self.random.choice([0, 0, 1]))
        kind = self.random.choice([Store, Increment])
        write = kind(ref, places, self.number(inner), Origin(sweep="adjoint"))
        rest = self.block(inner, depth + 2, self.random.choice([0, 1, 2, 4]))
        body = Block((*first.statements, write, *rest.statements))
        for place in reversed(places):
            bounds = self.random.choice(self.ranges(scope)[: self.random.choice([3, 3, 5])])
            body = Block((For(place, bounds[0], bounds[1], integer(bounds[2]), (), body),))
        return [*builder.statements, *body.statements]

    def ranges(self, scope: Scope) -> list[tuple[Operand, Operand, int, int, int]]:
        zero, one, minus = integer(0), integer(1), integer(-1)
        result: list[tuple[Operand, Operand, int, int, int]] = [
            (zero, self.extent, 1, 0, SIZE - 1),
            (zero, self.extent, 1, 0, SIZE - 1),
            (self.last, minus, -1, 0, SIZE - 1),
            (one, self.extent, 1, 1, SIZE - 1),
            (self.last, zero, -1, 1, SIZE - 1),
            (minus, self.extent, 1, -1, SIZE - 1),
            (one, zero, 1, 0, 0),
        ]
        low = [p for p in scope.places if isinstance(p[0], Value)]
        result += [(p[0], self.extent, 1, p[1], SIZE - 1) for p in low[-1:]]
        return result


def memory_program(seed: int) -> Function:
    """Return a function f(u, w, x, seen) of arrays and a number; what it reads goes into `seen`."""
    maker = Maker(Random(seed))
    u = Value("u", Array(FLOAT, 1), (maker.extent,))
    w = Value("w", Array(FLOAT, 2), (maker.extent, maker.extent))
    x = Value("x", Scalar(FLOAT))
    head = Builder()
    head.call_into(maker.extent, np.shape, (u,), (("axis", 0),))
    head.call_into(maker.last, np.subtract, (maker.extent, integer(1)), ())
    scope = Scope([x, Const(0.5, FLOAT64)], [(integer(k), k, k) for k in (0, 1, -1)], [u, w])
    maker.array(head, scope)
    body = maker.block(scope, 0, maker.random.randrange(4, 12))
    results = (*scope.numbers[-4:], *scope.arrays[2:5])
    return Function(
        "program", (u, w, x, maker.seen), Block((*head.statements, *body.statements)), results
    )


def poisoned(function: Function) -> Function:
    """Return the function with nan, or a large integer, where memory is undefined."""

    def change(statement: Statement) -> list[Statement]:
        if isinstance(statement, Alloc) and statement.fill is None:
            whole = statement.out.type.dtype.kind in "iu"
            fill = Const(2**40, PYTHON_INT) if whole else Const(float("nan"), FLOAT64)
            return [replace(statement, fill=fill)]
        return [statement]

    return replace(function, body=rewrite(function.body, change))


def writes(function: Function) -> int:
    """Return how many statements write to memory."""
    return sum(isinstance(s, Store | Increment) for s in statements(function.body))
