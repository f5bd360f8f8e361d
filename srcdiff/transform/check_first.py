"""Check in front of a nest of loops what each of its iterations checks.

    For i in range(m)                       Guard not 0 < m or n >= 1
        Guard n >= 1                        For i in range(m)
        Store u[i, 0] = 1.0           ->        Store u[i, 0] = 1.0
        For j                                   For j
            ...                                     ...

A guard between the loops would keep them from being turned around. The same error is raised, where
one is: an iteration does nothing before that anybody sees. What holds in each iteration of a loop
that counts so is not asked.
"""

from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import Dependence, dependence_of
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Part, parts
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Block, Const, For, Function, Guard, Statement
from srcdiff.ir.walk import changing, rewrite, statements
from srcdiff.transform.elements.advance import Advancer
from srcdiff.transform.interchange import Walks
from srcdiff.transform.jam import recurs


def check_first(function: Function) -> Function:
    """Move guards of `function` out of loops that can then be turned around, or jammed."""
    nests = {s: _nest(s) for s in statements(function.body) if isinstance(s, For)}
    found = {s: p for s, p in nests.items() if p is not None}
    if not found:
        return function
    flow = dataflow(function)
    wanted = {s for s, p in found.items() if _is_wanted(s, p, flow)}
    if not wanted:
        return function
    work = _Checker(Advancer(memory(function)), dependence_of(flow), wanted)
    return replace(function, body=rewrite(function.body, work.statement))


def _nest(loop: For) -> list[Part] | None:
    """Return the parts of a loop that has guards, without these."""
    rest = tuple(s for s in loop.body.statements if not isinstance(s, Guard))
    if len(rest) == len(loop.body.statements) or not any(isinstance(s, For) for s in rest):
        return None
    return parts(replace(loop, body=Block(rest)))


def _is_wanted(loop: For, found: list[Part], flow: Dataflow) -> bool:
    inner = [part for part in found if isinstance(part, For)]
    return Walks(flow).is_down(loop, found) or any(recurs(p, flow.integers) for p in inner)


@dataclass(eq=False)
class _Checker:
    advancer: Advancer
    dependence: Dependence
    wanted: set[For]

    def statement(self, statement: Statement) -> list[Statement]:
        if not isinstance(statement, For) or statement not in self.wanted:
            return [statement]
        body = self.advancer.block(statement.body)
        moved = self.advancer.out_of_loop(body, changing(statement))
        if any(isinstance(s, Guard) for s in body):
            return [statement]
        made = Builder(statement.origin)
        for each in moved:
            if isinstance(each, Guard):
                self.check(statement, each, made)
            else:
                made.append(each)
        return [*made.statements, replace(statement, body=Block(tuple(body)))]

    def check(self, loop: For, guard: Guard, made: Builder) -> None:
        """Append a guard that holds where the loop does not run, unless it always holds."""
        down = isinstance(loop.step, Const) and loop.step.value < 0
        first, last = map(self.dependence.form, (loop.start, loop.stop))
        runs = (first - last if down else last - first) + -1
        if self.dependence.never([runs, *self.dependence.implied(guard.condition, truth=False)]):
            return
        order = np.less_equal if down else np.greater_equal
        idle = made.call(order, loop.start, loop.stop)
        condition = made.call(np.logical_or, idle, guard.condition)
        made.append(replace(guard, condition=condition))
