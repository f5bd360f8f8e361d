"""Let innermost loops count up.

    For j in range(n - 1, -1, -1)         For j in range(0, n)
        Increment x[j] += y[j]    ->          Increment x[j] += y[j]

An adjoint sweep counts down, where what it undoes asks for it. If the iterations of a loop depend
on each other no longer, it counts up, for which vector code is faster: backwards, each vector must
be turned around. Sums may be added up in any order then, as in `reassociate`.
"""

from dataclasses import replace

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.indices import Indices
from srcdiff.analysis.loops import additions, independence, writes_apart
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import Carried, For, Function, Operand, Statement
from srcdiff.ir.walk import blocks, rewrite, statements
from srcdiff.words import radd


def upwards(function: Function) -> Function:
    """Let the innermost loops of `function` count up whose iterations can run in any order."""
    falling = [s for s in statements(function.body) if isinstance(s, For) and _falls(s)]
    if not falling:
        return function
    flow, classes = dataflow(function), aliases(function)
    chosen = {loop for loop in falling if _is_free(loop, flow, classes)}

    def change(statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and statement in chosen:
            return _turned(statement, flow.integers)
        return [statement]

    return replace(function, body=rewrite(function.body, change)) if chosen else function


def _falls(loop: For) -> bool:
    plain = not any(blocks(s) for s in loop.body.statements)
    return plain and is_constant(loop.step, -1) and loop.trips is None


def _is_free(loop: For, flow: Dataflow, classes: Aliases) -> bool:
    """Say whether the iterations of a loop can run in any order."""
    sums = all(_is_sum(entry, flow) for entry in loop.carried)
    apart = sums and writes_apart(loop, flow, classes)
    return apart and independence(loop, flow, classes).holds


def _is_sum(entry: Carried, flow: Dataflow) -> bool:
    """Say whether a carried number is a sum whose order is free."""
    found = additions(entry.phi, entry.next, flow)
    return bool(found) and all(call.function is radd for call in found or ())


def _turned(loop: For, integers: Indices) -> list[Statement]:
    made = Builder(loop.origin)
    start, stop = (_next(made, integers, bound) for bound in (loop.stop, loop.start))
    return [*made.statements, replace(loop, start=start, stop=stop, step=integer(1))]


def _next(made: Builder, integers: Indices, bound: Operand) -> Operand:
    """Return the number behind a bound."""
    base, offset = integers.affine(bound)
    return made.affine(base, offset + 1)
