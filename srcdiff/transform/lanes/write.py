"""Write out the groups of a loop: strips of iterations, in each of which every group is a loop.

for low in range(0, n, 64):
    for lane in range(min(64, n - low)):
        ...                                # one group
    for a in range(d):                     # as in the user's loop
        for lane in range(min(64, n - low)):
            ...                            # another one
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import definitions, map_blocks, substitute
from srcdiff.transform.lanes.groups import Group, Item, Keep, Nest, Step, grouped, groups, nests
from srcdiff.transform.lanes.study import Study
from srcdiff.transform.strips import Counter
from srcdiff.transform.vectorise import STRIP, with_ours
from srcdiff.words import radd


@dataclass(eq=False)
class Rows:
    """Room for what lanes keep: for each type one array, a row for each value."""

    numbers: dict[Value, int] = field(default_factory=dict)
    same: dict[Value, Value] = field(default_factory=dict)
    """Where loops carry something: what comes out of them, and what goes round."""
    counts: dict[Any, int] = field(default_factory=dict)
    arrays: dict[Any, Value] = field(default_factory=dict)

    def add(self, value: Value) -> None:
        value = self.same.get(value, value)
        if value not in self.numbers:
            dtype = value.type.dtype
            self.numbers[value] = self.counts.get(dtype, 0)
            self.counts[dtype] = self.numbers[value] + 1

    def close(self) -> list[Alloc]:
        """Return what makes the arrays."""
        for dtype, count in self.counts.items():
            shape = (integer(count), integer(STRIP))
            self.arrays[dtype] = Value("_lanes", Array(dtype, 2), shape)
        return [Alloc(array) for array in self.arrays.values()]

    def place(self, value: Value, lane: Value) -> tuple[Value, tuple[Operand, ...]]:
        value = self.same.get(value, value)
        return self.arrays[value.type.dtype], (integer(self.numbers[value]), lane)


def in_lanes(study: Study) -> tuple[list[Alloc], For]:
    """Return the loop over strips, and the room that it needs."""
    items = grouped(study)
    work = _Writer(study, _rows(study, items))
    for array in study.packed:
        type = Array(array.type.dtype, len(array.shape))
        shape = (*array.shape[1:], integer(STRIP))
        name = f"_{array.name.lstrip('_')}_lanes"
        work.packed[array] = Value(name, type, shape)
    made = [*work.rows.close(), *map(Alloc, work.packed.values())]
    return made, work.strips(items)


def _rows(study: Study, items: Sequence[Item]) -> Rows:
    """Return rows for the values that one group defines and another one uses."""
    rows = Rows()
    for nest in nests(items):
        if isinstance(nest.statement, For):
            rows.same.update((entry.out, entry.phi) for entry in nest.statement.carried)
    for group in groups(items):
        own = group.defined()
        for value in group.read():
            if value in study.varying and value not in own and study.shift(value) is None:
                rows.add(value)
        for step in group.steps:
            if isinstance(step, Keep):
                rows.add(step.key)
    return rows


@dataclass(eq=False)
class _Writer:
    study: Study
    rows: Rows
    low: Value = field(default_factory=lambda: Value("_low", PYTHON_INT))
    count: Value = field(default_factory=lambda: Value("_count", PYTHON_INT))
    private: dict[Value, Value] = field(default_factory=dict)
    packed: dict[Value, Value] = field(default_factory=dict)

    def strips(self, items: Sequence[Item]) -> For:
        loop = self.study.loop
        builder = Builder(loop.origin)
        rest = builder.call(np.subtract, loop.stop, self.low)
        builder.call_into(self.count, min, (integer(STRIP), rest), ())
        for array in self.study.packed:
            self.pack(builder, array)
        body = Block((*builder.statements, *self.written(items)))
        return replace(loop, index=self.low, step=integer(STRIP), body=body)

    def pack(self, builder: Builder, array: Value) -> None:
        """Copy the rows of an array that a strip reads, so that lanes are side by side."""
        packed = self.packed[array]
        lane = Value("_lane", PYTHON_INT)
        indices = tuple(Value("_k", PYTHON_INT) for _ in array.shape[1:])
        inner = Builder(builder.origin)
        at = inner.call(np.add, self.low, lane, name=f"_{self.study.loop.index.name}")
        copied = Builder(builder.origin)
        copied.store(packed, (*indices, lane), copied.load(array, (at, *indices), array.name))
        block, zero, one = copied.block(), integer(0), integer(1)
        for index, extent in reversed(list(zip(indices, array.shape[1:], strict=True))):
            block = Block((For(index, zero, extent, one, (), block, origin=builder.origin),))
        block = Block((*inner.statements, *block.statements))
        builder.append(For(lane, zero, self.count, one, (), block, origin=builder.origin))

    def written(self, items: Sequence[Item]) -> list[Statement]:
        result: list[Statement] = []
        for item in items:
            match item:
                case Group():
                    result += _Lanes(self, item).loop()
                case Nest():
                    result.append(self.nest(item))
                case Alloc(out=out):
                    result.append(replace(item, out=self.expanded(out)))
                case Store(ref=ref):
                    result.append(replace(item, ref=self.private[ref]))
                case _:
                    result.append(item)
        return result

    def nest(self, nest: Nest) -> Statement:
        bodies = [Block(tuple(self.written(part))) for part in nest.parts]
        varying = self.study.varying
        match nest.statement:
            case For(carried=carried) as loop:
                kept = tuple(entry for entry in carried if entry.phi not in varying)
                return replace(loop, carried=kept, body=bodies[0])
            case If(joins=joins) as branch:
                same = tuple(join for join in joins if join.out not in varying)
                return replace(branch, joins=same, then=bodies[0], orelse=bodies[1])

    def expanded(self, out: Value) -> Value:
        """Return what stands for a private array: it has the lanes as its last axis."""
        assert isinstance(out.type, Array)
        type = Array(out.type.dtype, out.type.ndim + 1)
        self.private[out] = Value(out.name, type, (*out.shape, integer(STRIP)))
        return self.private[out]


@dataclass(eq=False)
class _Lanes:
    """One group as a loop."""

    writer: _Writer
    group: Group
    lane: Value = field(default_factory=lambda: Value("_lane", PYTHON_INT))
    mapping: dict[Value, Operand] = field(default_factory=dict)
    carried: list[Carried] = field(default_factory=list)
    after: list[Statement] = field(default_factory=list)
    sums: dict[Value, int] = field(default_factory=dict)

    def loop(self) -> list[Statement]:
        origin, study = self.origin(), self.writer.study
        self.builder = Builder(origin)
        index, integers = study.loop.index, study.flow.integers
        self.counter = Counter(index, self.writer.low, self.lane, integers, self.builder)
        self.load()
        for step in self.group.steps:
            self.step(step)
        zero, one = integer(0), integer(1)
        body, carried = self.builder.block(), tuple(self.carried)
        loop = For(self.lane, zero, self.writer.count, one, carried, body, origin=origin)
        return [loop, *self.after]

    def origin(self) -> Any:
        known = [step.origin for step in self.group.steps if not isinstance(step, Keep)]
        return known[0] if known else self.writer.study.loop.origin

    # ---- what other groups have made ----

    def load(self) -> None:
        study, own = self.writer.study, self.group.defined()
        for value in dict.fromkeys(self.group.read()):
            shift = study.shift(value)
            if value in own or value not in study.varying:
                continue
            if shift is not None:
                self.mapping[value] = self.counter.plus(shift)
            else:
                ref, indices = self.writer.rows.place(value, self.lane)
                self.mapping[value] = self.builder.load(ref, indices, value.name)

    # ---- steps ----

    def step(self, step: Step) -> None:
        study = self.writer.study
        if isinstance(step, Keep):
            value = self.operand(step.value)
            self.keep(step.key, value)
        elif isinstance(step, Call) and step.out in study.sums:
            self.add(step)
        elif isinstance(step, Increment) and study.is_summed(step):
            self.sum(step)
        else:
            self.builder.append(self.changed(step))
            for value in definitions(step):
                if value in self.writer.rows.numbers:
                    self.keep(value, value)

    def operand(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    def keep(self, key: Value, value: Operand) -> None:
        ref, indices = self.writer.rows.place(key, self.lane)
        self.builder.store(ref, indices, value)

    def changed(self, statement: Statement) -> Statement:
        """Return a statement of the user's loop for one lane."""
        placed = self.placed(statement)
        return substitute(placed, self.mapping)

    def placed(self, statement: Statement) -> Statement:
        match statement:
            case Call():
                return with_ours(statement)
            case Load(ref=ref) | Store(ref=ref) | Increment(ref=ref):
                if ref in self.writer.packed:
                    assert isinstance(statement, Load)
                    indices = (*statement.indices[1:], self.lane)
                    return replace(statement, ref=self.writer.packed[ref], indices=indices)
                private = self.writer.private.get(ref)
                if private is not None:
                    indices = (*statement.indices, self.lane)
                    return replace(statement, ref=private, indices=indices)
                indices = tuple(map(self.counter.at, statement.indices))
                return replace(statement, indices=indices)
        return map_blocks(statement, lambda b: Block(tuple(map(self.placed, b.statements))))

    # ---- sums over the lanes ----

    def add(self, call: Call) -> None:
        """Add a term to a sum over the iterations."""
        study = self.writer.study
        (current,) = [arg for arg in call.args if arg in study.sums]
        (term,) = [arg for arg in call.args if arg is not current]
        assert isinstance(current, Value)
        strict = call in study.strict
        value = self.operand(term)
        function = call.function
        if not strict and function is np.subtract:
            value = self.builder.call(np.negative, value)
        if not strict:
            function = radd
        following = Value(call.out.name, call.out.type)
        number = self.sums.pop(current, None)
        if number is None:
            phi, number = Value(current.name, current.type), len(self.carried)
            self.carried.append(Carried(phi, current, following, call.out))
        else:
            entry = self.carried[number]
            assert isinstance(entry.next, Value)
            phi = entry.next
            self.carried[number] = replace(entry, next=following, out=call.out)
        left_first = call.args[0] is current or not strict
        args = (phi, value) if left_first else (value, phi)
        self.builder.append(Call(following, function, args, (), call.origin))
        self.sums[call.out] = number

    def sum(self, increment: Increment) -> None:
        """Add up in a number what all lanes add to one element."""
        type = Scalar(increment.ref.type.dtype)
        name = f"_{increment.ref.name.lstrip('_')}"
        phi, following, out = (Value(name, type) for _ in range(3))
        self.carried.append(Carried(phi, constant(0, type), following, out))
        args = (phi, self.operand(increment.value))
        self.builder.append(Call(following, radd, args, (), increment.origin))
        self.after.append(replace(increment, value=out))
