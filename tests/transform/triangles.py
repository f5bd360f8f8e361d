"""Random triangular nests: `for j: first; for k in range(low, j): rounds; last`."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Part, Reordering, parts
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import NOWHERE, Call, Carried, Const, For, Function, Operand, Statement, Value
from srcdiff.ir.types import FLOAT64, PYTHON_INT
from srcdiff.ir.verify import verify
from srcdiff.ir.walk import rewrite, statements
from tests.ir.interpreter import run
from tests.transform.examples import ADJOINT, Example

Turn = Callable[[Dataflow, Reordering, For, list[Part]], list[Statement] | None]
SIZE = 11


class Triangle:
    """One random nest; `writes` says whether its rounds write, or are but sums."""

    def __init__(self, seed: int, *, writes: bool) -> None:
        self.random = np.random.default_rng(seed)
        self.example = Example(NOWHERE if self.random.integers(2) else ADJOINT)
        self.writes = writes
        self.low = integer(int(self.random.integers(2)))
        self.j, self.k = Value("j", PYTHON_INT), Value("k", PYTHON_INT)

    def function(self) -> Function:
        falls = self.writes and bool(self.random.integers(2))
        builder, body = self.example.builder, Builder(self.example.builder.origin)
        numbers = [self.access(body, [self.j]) for _ in range(self.random.integers(1, 3))]
        self.effects(body, [self.j], numbers, 0.3)
        out = self.rounds(body, numbers, carries=not falls)
        later = [number for number in numbers if self.random.integers(3) == 0]
        self.effects(body, [self.j], [out, *later], 0.8)
        start, stop, step = self.low, self.example.n, integer(1)
        if falls:
            start = builder.fold(np.subtract, self.example.n, integer(1))
            stop, step = builder.fold(np.subtract, self.low, integer(1)), integer(-1)
        loop = For(self.j, start, stop, step, (), body.block(), origin=builder.origin)
        builder.append(loop)
        return self.example.function()

    def rounds(self, body: Builder, numbers: list[Operand], *, carries: bool) -> Operand:
        inner, places = Builder(body.origin), [self.j, self.k]
        phi, following, out = (Value("total", FLOAT64) for _ in range(3))
        first, second = (self.access(inner, places) for _ in "ab")
        term = inner.call(np.multiply, first, second)
        if self.writes:
            self.effects(inner, places, [term, *numbers], 0.6)
        carried: tuple[Carried, ...] = ()
        if carries:
            inner.append(Call(following, np.subtract, (phi, term)))
            carried = (Carried(phi, numbers[0], following, out),)
        body.append(
            For(self.k, self.low, self.j, integer(1), carried, inner.block(), origin=body.origin)
        )
        return out if carries else numbers[0]

    def access(self, builder: Builder, places: list[Value]) -> Value:
        return builder.load(*self.place(builder, places))

    def place(self, builder: Builder, places: list[Value]) -> tuple[Value, tuple[Operand, ...]]:
        refs = [self.example.w, self.example.w, self.example.x, self.example.y]
        ref = refs[self.random.integers(4)]
        found: list[Operand] = [*places, *places, integer(0)]
        if self.k in places:
            found.append(builder.fold(np.add, self.k, integer(1)))
        return ref, tuple(found[self.random.integers(len(found))] for _ in ref.shape)

    def effects(
        self, builder: Builder, places: list[Value], values: list[Operand], chance: float
    ) -> None:
        """Append writes of a random number of values."""
        for value in values:
            if self.random.random() < chance:
                ref, indices = self.place(builder, places)
                small = builder.call(np.multiply, value, Const(0.5, FLOAT64))
                if self.random.integers(2):
                    builder.increment(ref, indices, small)
                else:
                    builder.store(ref, indices, small)


def check(turn: Turn, seeds: Iterable[int], *, writes: bool) -> int:
    """Hold what nests write against what they write once they are turned; count those that are."""
    changed = 0
    for seed in seeds:
        function = Triangle(seed, writes=writes).function()
        (loop,) = (s for s in function.body.statements if isinstance(s, For))
        found, flow = parts(loop), dataflow(function)
        assert found is not None
        new = turn(flow, Reordering(flow, memory(function)), loop, found)
        if new is None:
            continue
        changed += 1
        body = rewrite(function.body, lambda s, loop=loop, new=new: new if s is loop else [s])
        other = replace(function, body=body)
        verify(other)
        exact = not any(s.origin.sweep == "adjoint" for s in statements(function.body))
        for size in (2, 3, SIZE):
            compare(function, other, size, seed, exact=exact)
    return changed


def compare(function: Function, other: Function, size: int, seed: int, *, exact: bool) -> None:
    results = []
    for each in (function, other):
        random = np.random.default_rng(seed)
        arrays = [random.normal(size=shape) for shape in (size, size, (size, size))]
        run(each, *arrays)
        results.append(arrays)
    for before, after in zip(*results, strict=True):
        if exact:
            np.testing.assert_array_equal(after, before, err_msg=f"seed {seed}")
        else:
            np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-9, err_msg=f"seed {seed}")
