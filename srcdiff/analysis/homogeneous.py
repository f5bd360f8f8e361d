"""In which of its parameters together is a number linear, without a constant?

    y = sum(w * (a @ x + b))          in (x, b), in (a, b) and in w, and not in a and x together

Each value has a degree in the parameters: 0 where it does not depend on them, 1 where it is linear
in them, and any where it is 0. The degree of a product is the sum of those of its factors; of a
sum, both have the same. All elements of a class of arrays have one degree.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from typing_extensions import assert_never

from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    Derive,
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
    View,
    While,
    is_array,
)
from srcdiff.ir.walk import operands
from srcdiff.words import cast, product

ADDED = frozenset({np.add, np.subtract})
PASSED = frozenset({np.negative, np.positive, np.copy, np.sum})
MULTIPLIED = frozenset({np.multiply, np.matmul, product})
MOST = 6
"""The most parameters that are looked at: there are as many sets of them as powers of 2."""

Degree = int | None
"""None: any, as of 0."""


class _NotLinear(Exception):
    """A value is not linear in one of the parameters alone."""


class _Mixed(Exception):
    """Something that is linear is added to something that is not 0."""


def linear_in(function: Function, wrt: Iterable[Value]) -> tuple[Value, ...]:
    """Return parameters that a number is linear in, which `function` gives; maybe none."""
    known = memory(function)
    written = {root for s in function.body.statements for root in known.writes(s)}
    able = [p for p in wrt if p.type.dtype == np.float64 and known.root(p) not in written]
    (result,) = function.results
    if len(able) > MOST or is_array(result) or result.type.dtype != np.float64:
        return ()
    # A set is no more linear than its members are; those that need others are only mixed.
    alone = {(param,): _is_linear(function, known, (param,)) for param in able}
    able = [param for (param,), linear in alone.items() if linear is not False]
    for params in _sets(able):
        if alone[params] if params in alone else _is_linear(function, known, params):
            return params
    return ()


def _is_linear(function: Function, known: Memory, params: tuple[Value, ...]) -> bool | None:
    """Say whether the result is linear in parameters; None: it may be, together with others."""
    try:
        _Degrees(function, known, params).check()
    except _NotLinear:
        return False
    except _Mixed:
        return None
    return True


def _sets(params: list[Value]) -> Iterator[tuple[Value, ...]]:
    """Iterate over sets of parameters, those of small arrays first."""
    sets = [s for size in range(1, len(params) + 1) for s in combinations(params, size)]
    yield from sorted(sets, key=lambda s: max(len(p.shape) for p in s))


@dataclass(eq=False)
class _Degrees:
    """The degrees of all values, for one choice of parameters."""

    function: Function
    memory: Memory
    params: tuple[Value, ...]
    known: dict[Value, int] = field(default_factory=dict)
    """The degrees of numbers, and of classes of arrays, that are not any."""
    changed: bool = True

    def check(self) -> None:
        """Raise an error unless the result is of degree 1."""
        for param in self.function.params:
            if param.type.dtype.kind == "f":
                self.note(param, int(param in self.params))
        while self.changed:
            self.changed = False
            self.block(self.function.body)
        (result,) = self.function.results
        if self.of(result) != 1:
            raise _Mixed

    def of(self, operand: Operand) -> Degree:
        """Return the degree of a number, or of the elements of an array."""
        if operand.type.dtype.kind != "f":
            return 0
        if isinstance(operand, Const):
            return None if is_constant(operand, 0) else 0
        return self.known.get(self.key(operand))

    def key(self, value: Value) -> Value:
        return self.memory.root(value) if is_array(value) else value

    def note(self, value: Value, degree: Degree) -> None:
        if degree is None or value.type.dtype.kind != "f":
            return
        key = self.key(value)
        if self.known.get(key, degree) != degree:
            raise _Mixed
        if key not in self.known:
            self.known[key] = degree
            self.changed = True

    def block(self, block: Block) -> None:
        for statement in block.statements:
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        if statement.origin.constant and any(self.of(o) == 1 for o in operands(statement)):
            raise _NotLinear
        match statement:
            case Call(out=out):
                self.note(out, self.of_call(statement))
            case Alloc(out=out, fill=fill):
                self.note(out, None if fill is None else self.of(fill))
            case Load(out=out, ref=ref):
                self.note(out, self.of(ref))
            case Store(ref=ref, value=value) | Increment(ref=ref, value=value):
                self.note(ref, self.of(value))
            case Derive():
                if any(self.of(o) == 1 for o in operands(statement)):
                    raise _NotLinear
                for out in statement.outs:
                    self.note(out, 0)
            case If():
                self.block(statement.then)
                self.block(statement.orelse)
                for join in statement.joins:
                    self.note(join.out, self.of(join.then))
                    self.note(join.out, self.of(join.orelse))
            case For() | While():
                self.loop(statement)
            case View() | Guard():
                pass
            case _:
                assert_never(statement)

    def loop(self, loop: For | While) -> None:
        for entry in loop.carried:
            self.note(entry.phi, self.of(entry.init))
            self.note(entry.phi, self.of(entry.next))
        if isinstance(loop, While):
            self.block(loop.head)
        self.block(loop.body)
        for entry in loop.carried:
            for value in (entry.init, entry.next):
                self.note(entry.out, self.of(value))

    def of_call(self, call: Call) -> Degree:
        """Return the degree of what a call gives."""
        degrees = [self.of(arg) for arg in call.args]
        known = [degree for degree in degrees if degree is not None]
        real = call.out.type.dtype.kind == "f"
        function = call.function
        if function is np.shape or (all(degree == 0 for degree in known) and known == degrees):
            return 0
        if real and (function in PASSED or function is cast):
            return degrees[0]
        if real and function in MULTIPLIED:
            return self.multiplied(degrees)
        if real and function is np.divide and degrees[1] == 0:
            return degrees[0]
        if real and (function in ADDED or function is np.where):
            return self.same(degrees[-2:])
        if 1 in known:
            raise _NotLinear
        return 0

    def multiplied(self, degrees: list[Degree]) -> Degree:
        found: list[Degree] = []
        for left, right in zip(degrees[::2], degrees[1::2], strict=True):
            if left is None or right is None:
                continue
            if left + right > 1:
                raise _NotLinear
            found.append(left + right)
        return self.same(found)

    def same(self, degrees: list[Degree]) -> Degree:
        known = {degree for degree in degrees if degree is not None}
        if len(known) > 1:
            raise _Mixed
        return next(iter(known), None)
