"""Add in a loop of their own to elements that a loop passes in the other direction.

    For i in range(k)                     part = Alloc (k,)
        Increment b[k - 1 - i] += e       For i in range(k)
        Increment b[i] += t          ->       Store part[i] = e
                                              Increment b[i] += t
                                          For i in range(k)
                                              Increment b[k - 1 - i] += part[i]

That is the adjoint of `y[i] + c * y[k - 1 - i]`. Two iterations add to each element, which keeps
the loop from being vectorised; in each of the new ones it is one. Sums of adjoints have no order.
"""

from dataclasses import dataclass, replace

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import Dependence, dependence_of
from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Const,
    For,
    Function,
    Increment,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import blocks, changing, map_blocks, renewed, statements
from srcdiff.transform.vectorise import CHOICES, FEWEST, is_below, is_simple


def detach(function: Function) -> Function:
    """Part innermost loops of `function` that add to an array in both directions."""
    if not any(map(_adds_twice, statements(function.body))):
        return function
    flow = dataflow(function)
    work = _Detacher(flow, memory(function), dependence_of(flow))
    return replace(function, body=work.block(function.body))


@dataclass(eq=False)
class _Detacher:
    flow: Dataflow
    memory: Memory
    dependence: Dependence

    def block(self, block: Block) -> Block:
        return renewed(block, [new for s in block.statements for new in self.statement(s)])

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and self.can_gain(statement):
            turned = self.turned(statement)
            return self.apart(statement, turned) if turned else [statement]
        return [map_blocks(statement, self.block)] if blocks(statement) else [statement]

    def can_gain(self, loop: For) -> bool:
        """Say whether a loop could be vector code."""
        if loop.trips is not None or loop.leave is not None or is_below(loop, FEWEST):
            return False
        counts = is_constant(loop.start, 0) and is_constant(loop.step, 1)
        return counts and all(is_simple(s, CHOICES) for s in loop.body.statements)

    def turned(self, loop: For) -> list[Increment]:
        """Return the increments that go down where others of the same array go up."""
        groups: dict[Value, list[Statement]] = {}
        for statement in loop.body.statements:
            for root in self.memory.reads(statement) | self.memory.writes(statement):
                groups.setdefault(root, []).append(statement)
        inside = changing(loop)
        found: list[Increment] = []
        for group in groups.values():
            added = [s for s in group if isinstance(s, Increment) and _can_wait(s)]
            if len(added) < len(group):
                continue
            ways = [self.way(s, loop, inside) for s in added]
            if {*ways} == {1, -1}:
                found += [s for s, way in zip(added, ways, strict=True) if way == -1]
        return found

    def way(self, increment: Increment, loop: For, inside: set[Value]) -> int:
        """Return 1 if a loop goes up a row, -1 if it goes down, 0 if it does something else."""
        *others, last = increment.indices
        if increment.ref in inside or any(place in inside for place in others):
            return 0
        factors = {value: factor for (value, _), factor in self.dependence.form(last).terms}
        if any(value in inside and value is not loop.index for value in factors):
            return 0
        factor = factors.get(loop.index, 0)
        return factor if factor in (1, -1) else 0

    def apart(self, loop: For, turned: list[Increment]) -> list[Statement]:
        """Return a loop, and one behind it for some of its increments."""
        made, after = Builder(loop.origin), Builder(turned[0].origin)
        size = self.most(loop.stop)
        if not self.flow.integers.is_index(size):
            size = made.fold(max, loop.stop, integer(0))
        index = Value(loop.index.name, PYTHON_INT)
        inside = changing(loop)
        parts: dict[Increment, Value] = {}
        again: dict[Value, Operand] = {loop.index: index}
        for increment in turned:
            value: Operand = increment.value
            if value in inside:
                parts[increment] = made.alloc((size,), value.type.dtype, name="_part")
                value = after.load(parts[increment], (index,), "_part")
            *others, last = increment.indices
            place = self.repeated(last, inside, again, after)
            after.append(replace(increment, indices=(*others, place), value=value))
        stay = (s for s in loop.body.statements if s not in turned or s in parts)
        first = replace(loop, body=Block(tuple(_stored(s, parts, loop.index) for s in stay)))
        bounds = (loop.start, loop.stop, loop.step)
        second = For(index, *bounds, (), after.block(), origin=turned[0].origin)
        return [*made.statements, first, second]

    def most(self, stop: Operand) -> Operand:
        """Return what is never below a number of iterations, and so makes one array do for all."""
        outer = self.flow.integers.counters.get(stop) if isinstance(stop, Value) else None
        if outer is None or not isinstance(outer.step, Const):
            return stop
        if outer.step.value > 0:
            return outer.stop
        base, offset = self.flow.integers.affine(outer.start)
        return base if base is not None and offset == -1 else stop

    def repeated(
        self, operand: Operand, inside: set[Value], again: dict[Value, Operand], builder: Builder
    ) -> Operand:
        """Return an integer as it is in the other loop."""
        if not isinstance(operand, Value):
            return operand
        if operand not in again:
            if operand not in inside:
                return operand
            call = self.flow.integers.calls[operand]
            args = [self.repeated(arg, inside, again, builder) for arg in call.args]
            again[operand] = builder.call(call.function, *args, type=PYTHON_INT, shape=())
        return again[operand]


def _adds_twice(statement: Statement) -> bool:
    """Say whether a loop, by itself, adds to elements in two places."""
    if not isinstance(statement, For):
        return False
    added = [s for s in statement.body.statements if isinstance(s, Increment) and _can_wait(s)]
    return len({s.indices[-1] for s in added}) > 1


def _can_wait(increment: Increment) -> bool:
    plain = bool(increment.indices) and not is_array(increment.value)
    floats = increment.ref.type.dtype.kind == "f"
    return plain and floats and increment.origin.sweep == "adjoint"


def _stored(statement: Statement, parts: dict[Increment, Value], index: Value) -> Statement:
    """Return what stores the term of an increment that waits."""
    if not isinstance(statement, Increment) or statement not in parts:
        return statement
    return Store(parts[statement], (index,), statement.value, statement.origin)
