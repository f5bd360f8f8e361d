"""Random nests: `for i: for k: first; for j in range(k + 1, n): rounds`."""

from collections.abc import Callable, Iterable

import numpy as np

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import NOWHERE, Const, For, Function, Operand, Value
from srcdiff.ir.types import FLOAT64, PYTHON_INT
from srcdiff.ir.verify import verify
from tests.ir.interpreter import run
from tests.transform.examples import ADJOINT, Example

SIZES = (1, 2, 5, 7)


class Nest:
    """One random nest. What it writes follows the row of `i` or that of `k`, mostly."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.example = Example(NOWHERE if self.random.integers(2) else ADJOINT)
        self.origin = self.example.builder.origin
        self.i, self.j, self.k = (Value(name, PYTHON_INT) for name in "ijk")
        self.row = (self.i, self.k)[self.random.integers(2)]

    def function(self) -> Function:
        body, builder = Builder(self.origin), self.example.builder
        self.append(body, self.k, self.least(), self.most(), self.middle())
        self.append(builder, self.i, integer(0), self.example.n, body)
        return self.example.function()

    def least(self) -> Operand:
        self.is_low = bool(self.random.integers(2))
        return integer(0) if self.is_low else self.i

    def most(self) -> Operand:
        return self.i if self.is_low and self.random.integers(4) else self.example.n

    def middle(self) -> Builder:
        body = Builder(self.origin)
        number = self.load(body, [self.i, self.k])
        if self.random.integers(2):
            self.write(body, [self.i, self.k], number, along=False)
        inner = Builder(self.origin)
        factor = self.load(inner, [self.i, self.k, self.j])
        self.write(inner, [self.row], inner.call(np.multiply, number, factor), along=True)
        if self.random.integers(4) == 0:
            self.write(inner, [self.i, self.k], factor, along=bool(self.random.integers(2)))
        start = body.fold(np.add, self.k, integer(1))
        bounds = (start, self.example.n, integer(1))
        body.append(For(self.j, *bounds, (), inner.block(), origin=self.origin))
        return body

    def append(
        self, builder: Builder, index: Value, start: Operand, stop: Operand, body: Builder
    ) -> None:
        """Append a loop over a range, up or down."""
        step = integer(1)
        if self.random.integers(2):
            start, stop = (builder.fold(np.subtract, e, integer(1)) for e in (stop, start))
            step = integer(-1)
        builder.append(For(index, start, stop, step, (), body.block(), origin=self.origin))

    def load(self, builder: Builder, places: list[Value]) -> Value:
        ref = (self.example.w, self.example.w, self.example.x)[self.random.integers(3)]
        return builder.load(ref, tuple(self.one_of(places) for _ in ref.shape))

    def one_of(self, places: list[Value]) -> Operand:
        return places[self.random.integers(len(places))]

    def write(self, builder: Builder, rows: list[Value], value: Operand, *, along: bool) -> None:
        ref = (self.example.w, self.example.w, self.example.y)[self.random.integers(3)]
        last = self.j if along else self.one_of([self.i, self.k])
        place = (self.one_of(rows), last) if len(ref.shape) == 2 else (last,)
        small = builder.call(np.multiply, value, Const(0.1, FLOAT64))
        if along or self.random.integers(2):
            builder.increment(ref, place, small)
        else:
            builder.store(ref, place, small)


def check(change: Callable[[Function], Function], seeds: Iterable[int]) -> int:
    """Hold what nests write against what they write after a pass; count those that it changed."""
    changed = 0
    for seed in seeds:
        nest = Nest(seed)
        function = nest.function()
        other = change(function)
        changed += other.body is not function.body
        verify(other)
        for size in SIZES:
            before, after = (written(each, size, seed) for each in (function, other))
            compare = np.testing.assert_allclose
            exact = nest.origin is NOWHERE
            for one, two in zip(before, after, strict=True):
                compare(two, one, rtol=0 if exact else 1e-11, atol=0, err_msg=f"seed {seed}")
    return changed


def written(function: Function, size: int, seed: int) -> list[object]:
    random = np.random.default_rng(seed)
    arrays = [0.3 * random.normal(size=shape) for shape in (size, size, (size, size))]
    run(function, *arrays)
    return list(arrays)
