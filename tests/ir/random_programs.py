"""Random functions in SSA form: nested loops and branches, swaps, views, names that collide."""

from dataclasses import dataclass, field
from random import Random

import numpy as np

from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    If,
    Increment,
    Index,
    Join,
    Load,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
    While,
)
from srcdiff.ir.types import BOOL, FLOAT64, INT64, Array, Scalar, Type

SIZE = 4
VECTOR = Array(np.dtype(np.float64), 1, "A")
NAMES = ["a", "b", "s", "x", "_t", "_t", "_u", "u", "s_1"]
OPERATIONS = [np.add, np.subtract, np.multiply, np.maximum, np.add, np.multiply]


def number(value: float) -> Const:
    """Return a literal."""
    kind: Scalar = BOOL if isinstance(value, bool) else INT64 if isinstance(value, int) else FLOAT64
    return Const(value, kind)


@dataclass
class Scope:
    """What a block can use; `sizes` gives the length of each vector."""

    floats: list[Operand] = field(default_factory=lambda: [number(0.5), number(-1.25)])
    indices: list[Operand] = field(default_factory=lambda: [number(0), number(-1)])
    flags: list[Operand] = field(default_factory=list)
    vectors: list[Value] = field(default_factory=list)

    def inner(self) -> "Scope":
        """Return a scope for a nested block."""
        lists = (self.floats, self.indices, self.flags, self.vectors)
        return Scope(*(list(items) for items in lists))


@dataclass
class Maker:
    """Makes statements at random; only vectors of length SIZE are carried or joined."""

    random: Random
    depth: int = 0

    def name(self) -> str:
        return self.random.choice(NAMES)

    def value(self, type: Type) -> Value:
        return Value(self.name(), type, (number(SIZE),) if isinstance(type, Array) else ())

    def pick(self, items: list[Operand]) -> Operand:
        return self.random.choice(items[-5:] + items[:3])

    def block(self, scope: Scope, count: int) -> list[Statement]:
        body: list[Statement] = []
        for _ in range(count):
            body += self.statement(scope)
        return body

    def statement(self, scope: Scope) -> list[Statement]:
        simple = [self.arithmetic, self.arithmetic, self.flag, self.load, self.store, self.view]
        nested = [self.branch, self.for_loop, self.while_loop] if self.depth < 3 else []
        return self.random.choice(simple + [self.vector, self.increment, *nested])(scope)

    def arithmetic(self, scope: Scope) -> list[Statement]:
        function = self.random.choice(OPERATIONS)
        out = self.value(FLOAT64)
        call = Call(out, function, (self.pick(scope.floats), self.pick(scope.floats)))
        scope.floats.append(out)
        return [call]

    def flag(self, scope: Scope) -> list[Statement]:
        out = self.value(BOOL)
        call = Call(out, np.less, (self.pick(scope.floats), self.pick(scope.floats)))
        result: list[Statement] = [call]
        if scope.flags and self.random.random() < 0.5:
            both = self.value(BOOL)
            function = self.random.choice([np.logical_and, np.logical_or])
            result.append(Call(both, function, (self.pick(scope.flags), out)))
            out = both
        scope.flags.append(out)
        return result

    def condition(self, scope: Scope) -> tuple[list[Statement], Operand]:
        if scope.flags and self.random.random() < 0.6:
            return [], self.pick(scope.flags)
        return self.flag(scope), scope.flags[-1]

    def load(self, scope: Scope) -> list[Statement]:
        out = self.value(FLOAT64)
        ref = self.random.choice(scope.vectors)
        scope.floats.append(out)
        return [Load(out, ref, (self.pick(scope.indices),))]

    def store(self, scope: Scope) -> list[Statement]:
        ref = self.random.choice(scope.vectors)
        indices = () if self.random.random() < 0.3 else (self.pick(scope.indices),)
        values = scope.floats + (scope.vectors if not indices else [])
        return [Store(ref, indices, self.pick(values))]

    def increment(self, scope: Scope) -> list[Statement]:
        store = self.store(scope)[0]
        assert isinstance(store, Store)
        return [Increment(store.ref, store.indices, store.value)]

    def view(self, scope: Scope) -> list[Statement]:
        """Write to, or read from, a part of a vector."""
        part = Value(self.name(), VECTOR, (number(SIZE - 1),))
        ref = self.random.choice(scope.vectors)
        item = self.random.choice([Slice(number(1), None, None), Slice(None, number(-1), None)])
        view = View(part, ref, Index((item,)))
        if self.random.random() < 0.5:
            return [view, Store(part, (), self.pick(scope.floats))]
        out = self.value(FLOAT64)
        scope.floats.append(out)
        return [view, Call(out, np.sum, (part,))]

    def vector(self, scope: Scope) -> list[Statement]:
        out = self.value(VECTOR)
        scope.vectors.append(out)
        kind = self.random.random()
        if kind < 0.3:
            return [Alloc(out, self.pick(scope.floats))]
        other = self.random.choice(scope.vectors[:-1])
        if kind < 0.6:
            return [View(out, other, Index((Slice(None, None, number(-1)),)))]
        return [Call(out, np.add, (other, self.random.choice([*scope.vectors[:-1], other])))]

    def branch(self, scope: Scope) -> list[Statement]:
        before, condition = self.condition(scope)
        self.depth += 1
        then, orelse = scope.inner(), scope.inner()
        sides = [self.block(side, self.random.randrange(4)) for side in (then, orelse)]
        self.depth -= 1
        joins = []
        for _ in range(self.random.randrange(3)):
            out = self.value(FLOAT64)
            joins.append(Join(out, self.pick(then.floats), self.pick(orelse.floats)))
        if self.random.random() < 0.4:
            refs = self.random.choice(then.vectors), self.random.choice(orelse.vectors)
            joins.append(Join(self.value(VECTOR), *refs))
        self.define(scope, [join.out for join in joins])
        blocks = [Block(tuple(side)) for side in sides]
        return [*before, If(condition, *blocks, tuple(joins))]

    def define(self, scope: Scope, values: list[Value]) -> None:
        for value in values:
            if isinstance(value.type, Array):
                scope.vectors.append(value)
            elif value.type is FLOAT64:
                scope.floats.append(value)
            else:
                scope.flags.append(value)

    def phis(self, scope: Scope) -> list[Value]:
        kinds = self.random.choices([FLOAT64, VECTOR, BOOL], [3, 1, 2], k=self.random.randrange(6))
        return [self.value(kind) for kind in kinds if kind is not BOOL or scope.flags]

    def inits(self, phis: list[Value], scope: Scope) -> list[Operand]:
        return [self.pick(self.pool(phi, scope)) for phi in phis]

    def pool(self, phi: Value, scope: Scope) -> list[Operand]:
        if isinstance(phi.type, Array):
            return list(scope.vectors)
        return scope.floats if phi.type is FLOAT64 else scope.flags

    def carried(
        self, phis: list[Value], inits: list[Operand], inner: Scope, scope: Scope
    ) -> tuple[Carried, ...]:
        nexts = [
            # Permutations of phis are what parallel copies are about.
            self.random.choice([other for other in phis if other.type is phi.type])
            if self.random.random() < 0.4
            else self.pick(self.pool(phi, inner))
            for phi in phis
        ]
        names = [self.random.choice([phi.name, self.name()]) for phi in phis]
        outs = [Value(name, phi.type, phi.shape) for name, phi in zip(names, phis, strict=True)]
        self.define(scope, outs)
        return tuple(map(Carried, phis, inits, nexts, outs))

    def leave(self, phis: list[Value], inner: Scope) -> Operand | None:
        flags = [phi for phi in phis if phi.type is BOOL]
        if flags and self.random.random() < 0.4:
            return self.random.choice(flags)
        return self.pick(inner.flags) if inner.flags and self.random.random() < 0.6 else None

    def trips(self, scope: Scope) -> Value | None:
        if self.random.random() < 0.6:
            return None
        return Value(self.name(), INT64)

    def observe(self, trips: Value | None, scope: Scope) -> list[Statement]:
        """Make a float of a trip count."""
        if trips is None:
            return []
        out = self.value(FLOAT64)
        scope.floats.append(out)
        return [Call(out, np.add, (trips, number(0.5)))]

    def for_loop(self, scope: Scope) -> list[Statement]:
        phis = self.phis(scope)
        inits = self.inits(phis, scope)
        inner = scope.inner()
        index = Value(self.random.choice(["i", "j", "_i", "s"]), INT64)
        inner.indices.append(index)
        self.define(inner, phis)
        self.depth += 1
        body = Block(tuple(self.block(inner, self.random.randrange(6))))
        self.depth -= 1
        bounds = self.random.choice([(0, 3, 1), (1, SIZE, 1), (3, -1, -1), (2, 2, 1), (0, SIZE, 2)])
        leave, trips = self.leave(phis, inner), self.trips(scope)
        carried = self.carried(phis, inits, inner, scope)
        loop = For(index, *map(number, bounds), carried, body, leave, trips)
        return [loop, *self.observe(trips, scope)]

    def while_loop(self, scope: Scope) -> list[Statement]:
        phis, count = self.phis(scope), Value(self.random.choice(["k", "_k"]), INT64)
        inits = self.inits(phis, scope)
        inner = scope.inner()
        self.define(inner, phis)
        self.depth += 1
        head = self.block(inner, self.random.choice([0, 0, 2]))
        more = Value("_more", BOOL)
        head.append(Call(more, np.less, (count, number(self.random.randrange(4)))))
        body = self.block(inner, self.random.randrange(6))
        self.depth -= 1
        following = Value(self.random.choice(["k", "_k1"]), INT64)
        body.append(Call(following, np.add, (count, number(1))))
        leave, trips = self.leave(phis, inner), self.trips(scope)
        counter = Carried(count, number(0), following, Value("k", INT64))
        carried = (*self.carried(phis, inits, inner, scope), counter)
        loop = While(carried, Block(tuple(head)), more, Block(tuple(body)), leave, trips)
        return [loop, *self.observe(trips, scope)]


def random_function(seed: int) -> Function:
    """Return a function f(u, v, x, y) of two vectors of length SIZE and two numbers."""
    maker = Maker(Random(seed))
    params = (
        Value("u", VECTOR, (number(SIZE),)),
        Value("v", VECTOR, (number(SIZE),)),
        Value("x", FLOAT64),
        Value("y", FLOAT64),
    )
    scope = Scope()
    maker.define(scope, list(params))
    body = maker.block(scope, maker.random.randrange(3, 14))
    results = (*scope.floats[-6:], *scope.vectors[-3:])
    return Function("program", params, Block(tuple(body)), results)
