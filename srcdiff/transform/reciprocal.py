"""Multiply adjoints by a reciprocal, where that is divided once, earlier, or outside of a loop.

    t = Call divide(a_bar, d)                   r = Call divide(1.0, d)
    u = Call divide(b_bar, d)           ->      t = Call multiply(a_bar, r)
                                                u = Call multiply(b_bar, r)

A division takes as long as four to eight products. So one is done for several adjoints; LLVM moves
it out of loops in which the divisor stays the same; and where an adjoint waits for that of the
iteration before, as in the solution of a tridiagonal system, it waits for a product instead. The
user's divisions stay as they are, and so does what a condition is made of: made again, it must not
be another one than it was. A product is within 1.5 ulp of the quotient; where `1.0 / d`
overflows, which is the partial itself, `d` is too small for a normal number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.memory import memory
from srcdiff.ir.build import Builder, constant, is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
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
    While,
    is_array,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import (
    all_definitions,
    blocks,
    definitions,
    map_blocks,
    operands,
    renewed,
    statements,
)

STEPS = frozenset({np.sign, np.floor, np.ceil, np.trunc, np.rint, np.floor_divide, np.remainder})
"""Functions that jump."""


def reciprocal(function: Function) -> Function:
    """Let adjoints in `function` be multiplied instead of divided, where that is faster."""
    if not _divides(function.body):
        return function
    if _Reciprocals(set()).block(function.body) is function.body:
        return function  # to find what is tested takes longer
    return replace(function, body=_Reciprocals(_tested(function)).block(function.body))


def _tested(function: Function) -> set[Operand]:
    """Return the numbers that decide something, but whether an adjoint is 0.

    What is in an array that is read for that decides it as well.
    """
    flow, known = dataflow(function), memory(function)
    written: dict[Value, list[Operand]] = {}
    pending: list[Operand] = []
    for statement in statements(function.body):
        if isinstance(statement, Store | Increment):
            written.setdefault(known.root(statement.ref), []).append(statement.value)
        if _decides(statement):
            pending += operands(statement)
    found: set[Operand] = set()
    while pending:
        operand = pending.pop()
        if operand in found or not isinstance(operand, Value):
            continue
        found.add(operand)
        maker = flow.definitions[operand].statement
        if is_array(operand):
            pending += written.get(known.root(operand), [])
        if maker is not None and not (isinstance(maker, Call) and _is_test(maker)):
            pending += _sources(maker, operand)
    return found


def _sources(statement: Statement, value: Value) -> Iterator[Operand]:
    """Iterate over what a value is made of by the statement that defines it."""
    match statement:
        case If(joins=joins):
            yield from (o for j in joins if j.out is value for o in (j.then, j.orelse))
        case For(carried=carried) | While(carried=carried):
            mine = (e for e in carried if value in (e.phi, e.out))
            yield from (o for entry in mine for o in (entry.init, entry.next))
        case _:
            yield from operands(statement)


def _decides(statement: Statement) -> bool:
    """Say whether a statement asks what a number is."""
    if not isinstance(statement, Call) or _is_test(statement):
        return isinstance(statement, Guard)
    ours = any(o.type.dtype.kind == "f" for o in statement.args)
    return ours and (statement.out.type.dtype.kind != "f" or statement.function in STEPS)


def _is_test(call: Call) -> bool:
    """Say whether a number is compared with 0, as adjoints are."""
    return call.function is np.equal and is_constant(call.args[1], 0)


@dataclass(frozen=True, eq=False)
class _Reciprocals:
    """The state of a walk: what changes in the innermost loop around, and what waits there."""

    tested: set[Operand]
    changing: set[Value] | None = None
    waiting: set[Value] = field(default_factory=set)

    def block(self, block: Block) -> Block:
        wanted = self.wanted(block)
        made: dict[Operand, Value] = {}
        result: list[Statement] = []
        for statement in block.statements:
            if statement not in wanted or not isinstance(statement, Call):
                result.append(self.nested(statement))
                continue
            builder = Builder(statement.origin)
            dividend, divisor = statement.args
            if divisor not in made and is_constant(dividend, 1):
                made[divisor] = statement.out
                result.append(statement)
                continue
            if divisor not in made:
                one = constant(1, Scalar(divisor.type.dtype))
                made[divisor] = builder.call(np.divide, one, divisor)
            args = (dividend, made[divisor])
            result += [*builder.statements, replace(statement, function=np.multiply, args=args)]
        return renewed(block, result)

    def nested(self, statement: Statement) -> Statement:
        if not isinstance(statement, For):
            return map_blocks(statement, self.block)
        if not _divides(statement.body):
            return statement
        phis = {entry.phi for entry in statement.carried}
        changing = {statement.index, *phis, *all_definitions(statement.body)}
        inner = _Reciprocals(
            self.tested, changing, _made_of(statement.body, {*phis, *_taken(statement)})
        )
        return map_blocks(statement, inner.block)

    def wanted(self, block: Block) -> set[Statement]:
        """Return the quotients of a block that become products."""
        calls = (s for s in block.statements if isinstance(s, Call) and _is_quotient(s))
        found = [call for call in calls if call.out not in self.tested]
        divisors = [call.args[1] for call in found]
        return {call for call in found if divisors.count(call.args[1]) > 1 or self.gains(call)}

    def gains(self, call: Call) -> bool:
        """Say whether a loop divides by the same each time, or waits for a quotient."""
        dividend, divisor = call.args
        if self.changing is None or is_constant(dividend):
            return False
        waits = dividend in self.waiting and divisor not in self.waiting
        return divisor not in self.changing or waits


def _taken(loop: For) -> Iterator[Value]:
    """Iterate over what a loop reads of arrays that it writes."""
    inside = statements(loop.body)
    written = {s.ref for s in inside if isinstance(s, Store | Increment)}
    yield from (s.out for s in inside if isinstance(s, Load) and s.ref in written)


def _made_of(block: Block, found: set[Value]) -> set[Value]:
    """Return what follows from some numbers in a block, with these."""
    result = set(found)
    for statement in block.statements:
        inner = [s for nested in blocks(statement) for s in statements(nested)]
        for each in (*inner, statement):
            if not result.isdisjoint(o for o in operands(each) if isinstance(o, Value)):
                result.update(definitions(each))
    return result


def _divides(block: Block) -> bool:
    return any(isinstance(s, Call) and _is_quotient(s) for s in statements(block))


def _is_quotient(call: Call) -> bool:
    """Say whether a number of the adjoint sweep is divided by another one."""
    if call.function is not np.divide or call.origin.sweep != "adjoint":
        return False
    parts = (call.out, *call.args)
    plain = all(o.type.dtype.kind == "f" and not is_array(o) for o in parts)
    return plain and isinstance(call.args[1], Value)
