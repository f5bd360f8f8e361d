"""Write extents that guards have fixed as literals.

    t = View x[3:6]
    n = Call shape(t)                     n = Call shape(t)
    Guard n >= 3                  ->      Guard n >= 3
    u = Call add(t, y)     (n,)           u = Call add(t, y)     (3,)

A slice that is written with literals has no more elements than these say, so that a guard that it
has as many tells its extent; and two extents that are equal are the same literal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    Guard,
    If,
    Index,
    NewAxis,
    Operand,
    Slice,
    Statement,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.walk import blocks, definitions, map_blocks, operands, substitute
from srcdiff.transform.fusion.access import Extents

ARITHMETIC: dict[Any, Callable[..., int]] = {
    np.add: int.__add__,
    np.subtract: int.__sub__,
    np.multiply: int.__mul__,
    max: max,
    min: min,
}
DEEPEST = 8
"""How many definitions are followed to find out what an extent is."""


def pin(function: Function) -> Function:
    """Replace the extents of `function` that its guards fix."""
    work = _Pinner(dataflow(function))
    body = work.block(function.body)
    if not work.mapping:
        return replace(function, body=body)
    results = tuple(work.mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
    return replace(function, body=body, results=results)


@dataclass
class _Facts:
    """What is known where we are: equal extents, least extents."""

    equal: Extents = field(default_factory=Extents)
    least: dict[Value, int] = field(default_factory=dict)

    def copy(self) -> "_Facts":
        return _Facts(self.equal.copy(), dict(self.least))


@dataclass(eq=False)
class _Pinner:
    flow: Dataflow
    facts: _Facts = field(default_factory=_Facts)
    mapping: dict[Value, Operand] = field(default_factory=dict)
    """The arrays that were defined anew."""

    # ---- what is known ----

    def learn(self, condition: Operand) -> None:
        """Take note of what a guard says."""
        match self.call(condition):
            case Call(function=np.logical_and, args=args):
                for arg in args:
                    self.learn(arg)
            case Call(function=np.equal, args=(left, right)) if _are_integers(left, right):
                self.facts.equal.unite(left, right)
                self.known(left)
                self.known(right)
            case Call(function=np.greater_equal, args=(left, Const() as right)):
                self.at_least(left, right, 0)
            case Call(function=np.greater, args=(left, Const() as right)):
                self.at_least(left, right, 1)
            case Call(function=np.less_equal, args=(Const() as left, right)):
                self.at_least(right, left, 0)
            case Call(function=np.less, args=(Const() as left, right)):
                self.at_least(right, left, 1)

    def at_least(self, extent: Operand, least: Const, more: int) -> None:
        if isinstance(extent, Value) and _are_integers(extent, least):
            known = self.facts.least.get(extent, 0)
            self.facts.least[extent] = max(known, int(least.value) + more)
            self.known(extent)

    def call(self, operand: Operand) -> Statement | None:
        definition = self.flow.definitions.get(operand) if isinstance(operand, Value) else None
        return definition.statement if definition is not None else None

    def known(self, operand: Operand, depth: int = DEEPEST) -> int | None:
        """Return what an integer surely is here, None if that is not known."""
        if not isinstance(operand, Value):
            return int(operand.value)
        found = self.facts.equal.find(operand)
        if isinstance(found, int):
            return found
        value = self.computed(operand, depth) if depth else None
        if value is not None:
            self.facts.equal.unite(operand, integer(value))
        return value

    def computed(self, value: Value, depth: int) -> int | None:
        """Return what follows from the way an integer is computed."""
        call = self.call(value)
        if not isinstance(call, Call) or value.type.dtype.kind not in "iu":
            return None
        if call.function is np.shape:
            return self.asked(value, call, depth)
        if call.function in ARITHMETIC:
            args = [self.known(arg, depth - 1) for arg in call.args]
            if None not in args:
                return ARITHMETIC[call.function](*args)
        return None

    def asked(self, value: Value, call: Call, depth: int) -> int | None:
        """Return an extent that is asked of a slice."""
        item, base = self.sliced(call)
        if item is None or base is None:
            return None
        extent = self.known(base, depth - 1)
        bounds = _literals(item)
        if bounds is None:
            return None
        if extent is not None:
            return len(range(*slice(*bounds).indices(extent)))
        start, stop, step = bounds[0] or 0, bounds[1], bounds[2]
        if stop is None or step not in (None, 1) or min(start, stop) < 0:
            return None
        most = max(stop - start, 0)
        return most if self.facts.least.get(value, 0) >= most else None

    def sliced(self, call: Call) -> tuple[Slice | None, Operand | None]:
        """Return the slice that has an extent, and the extent of the axis that it cuts."""
        view = self.call(call.args[0])
        if not isinstance(view, View) or not isinstance(view.how, Index):
            return None, None
        axes = iter(view.ref.shape)
        pairs = [
            (item, None if isinstance(item, NewAxis) else next(axes)) for item in view.how.items
        ]
        kept = [(item, n) for item, n in pairs if isinstance(item, Slice | NewAxis)]
        item, extent = kept[dict(call.static)["axis"]]
        return (item, extent) if isinstance(item, Slice) else (None, None)

    # ---- what is written ----

    def block(self, block: Block) -> Block:
        outer, self.facts = self.facts, self.facts.copy()
        kept: list[Statement] = []
        for statement in block.statements:
            kept.append(self.statement(statement))
            if isinstance(statement, Guard):
                self.learn(statement.condition)
        self.facts = outer
        if all(a is b for a, b in zip(kept, block.statements, strict=True)):
            return block
        return Block(tuple(kept))

    def statement(self, statement: Statement) -> Statement:
        pins = self.pins(statement)
        if isinstance(statement, For | While):
            return self.loop(statement, pins)
        if not isinstance(statement, If):
            return self.replaced(statement, pins)
        inner = [self.block(block) for block in blocks(statement)]
        shell = self.replaced(map_blocks(statement, lambda _: Block()), pins)
        following = iter(inner)
        return map_blocks(shell, lambda _: next(following))

    def replaced(self, statement: Statement, pins: dict[Value, Operand]) -> Statement:
        mapping = {**self.mapping, **pins}
        result = substitute(statement, mapping)
        self.mapping.update((k, v) for k, v in mapping.items() if k not in pins)
        return result

    def pins(self, statement: Statement) -> dict[Value, Operand]:
        """Return the literals for integers that a statement uses, and for extents that it makes."""
        used = [*operands(statement)]
        used += [extent for out in definitions(statement) for extent in out.shape]
        found = {o: self.known(o) for o in used if isinstance(o, Value) and _are_integers(o)}
        return {value: integer(known) for value, known in found.items() if known is not None}

    def loop(self, loop: For | While, pins: dict[Value, Operand]) -> Statement:
        """Replace bounds and initial values, then what is inside, then what comes out."""

        def find(operand: Operand) -> Operand:
            if not isinstance(operand, Value):
                return operand
            return pins.get(operand, self.mapping.get(operand, operand))

        inits = [find(entry.init) for entry in loop.carried]
        phis = [self.defined(entry.phi, pins) for entry in loop.carried]
        inner = [self.block(block) for block in blocks(loop)]
        nexts = [find(entry.next) for entry in loop.carried]
        outs = [self.defined(entry.out, pins) for entry in loop.carried]
        carried = tuple(map(Carried, phis, inits, nexts, outs))
        parts = iter(inner)
        loop = replace(map_blocks(loop, lambda _: next(parts)), carried=carried)
        if isinstance(loop, For):
            loop = replace(loop, start=find(loop.start), stop=find(loop.stop), step=find(loop.step))
        return loop

    def defined(self, value: Value, pins: dict[Value, Operand]) -> Value:
        shape = tuple(pins.get(e, e) if isinstance(e, Value) else e for e in value.shape)
        if all(a is b for a, b in zip(shape, value.shape, strict=True)):
            return value
        new = Value(value.name, value.type, shape)
        self.mapping[value] = new
        return new


def _are_integers(*operands: Operand) -> bool:
    return all(not is_array(o) and o.type.dtype.kind in "iu" for o in operands)


def _literals(item: Slice) -> tuple[int | None, ...] | None:
    """Return the bounds of a slice, None where one of them is not a literal."""
    bounds = (item.start, item.stop, item.step)
    if any(isinstance(bound, Value) for bound in bounds):
        return None
    return tuple(int(bound.value) if isinstance(bound, Const) else None for bound in bounds)
