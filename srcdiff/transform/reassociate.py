"""Let sums of adjoints be added up in any order, so that their loops can be vectorised.

    For i, carried x_bar = (b, 0.0, b', x_bar)        For i, carried x_bar = (b, 0.0, b', x_bar)
        b' = Call add(b, e)                     ->        b' = Call radd(b, e)

Only sums that differentiation has introduced, or that only adjoints are made of, in innermost loops
whose iterations are independent but for sums: the order of the user's other additions stays.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.aliasing import aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.loops import independence, writes_apart
from srcdiff.analysis.memory import memory
from srcdiff.analysis.orders import orderless
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Call,
    For,
    Function,
    Guard,
    If,
    Operand,
    Statement,
    While,
)
from srcdiff.ir.walk import rewrite, statements
from srcdiff.transform.gather import Stencils, without
from srcdiff.transform.reverse.again import DEAR
from srcdiff.transform.vectorise import replaces
from srcdiff.words import radd


def reassociate(function: Function) -> Function:
    """Mark the sums of adjoints in innermost loops of `function`."""
    flow, classes = dataflow(function), aliases(function)
    work = _Marker(flow, function.results)
    stencils = Stencils(memory(function), flow.integers)
    for statement in statements(function.body):
        if isinstance(statement, For) and _is_simple(statement):
            rest = without(statement, stencils.rows(statement))
            apart = writes_apart(rest, flow, classes)
            if apart and independence(statement, flow, classes).holds:
                work.loop(statement)
    return replace(function, body=rewrite(function.body, work.marked)) if work.sums else function


def _is_simple(loop: For) -> bool:
    """Say whether a loop has neither loops nor branches nor calls of libraries in it."""
    return not any(
        isinstance(s, Guard | If | For | While)
        or (isinstance(s, Call) and s.function in DEAR and replaces(s) is None)
        for s in statements(loop.body)
    )


@dataclass(eq=False)
class _Marker:
    flow: Dataflow
    results: tuple[Operand, ...]
    sums: set[Statement] = field(default_factory=set)

    def loop(self, loop: For) -> None:
        for entry in loop.carried:
            self.sums.update(orderless(entry, self.flow, self.results))

    def marked(self, statement: Statement) -> list[Statement]:
        if statement not in self.sums or not isinstance(statement, Call):
            return [statement]
        if statement.function in (np.add, radd):
            return [replace(statement, function=radd)]
        left, right = statement.args
        builder = Builder(statement.origin)
        term = builder.call(np.negative, right)
        return [*builder.statements, replace(statement, function=radd, args=(left, term))]
