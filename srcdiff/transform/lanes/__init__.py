"""Run independent iterations side by side, each statement for 64 of them before the next one.

    For i in range(n)                       For low in range(0, n, 64)
        For a in range(d)                       For a in range(d)
            ...  x[a] ...          ->               For lane in range(min(64, n - low))
        ...                                             ...  x[a, lane] ...
                                                For lane in range(min(64, n - low))
                                                    ...

So loops that are short, or triangular, or that carry something from one iteration to the next, or
code without loops, become loops that LLVM makes vector code of. `study` says where that is right,
`worth` where it is faster; `groups` parts the body, `write` writes it out.
"""

from dataclasses import dataclass, replace

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.nodes import Block, For, Function, Statement
from srcdiff.ir.walk import map_blocks, renewed
from srcdiff.runtime import vecmath
from srcdiff.transform.lanes.study import Study
from srcdiff.transform.lanes.worth import may_pay, why_not
from srcdiff.transform.lanes.write import in_lanes


def lanes(function: Function) -> Function:
    """Run the outermost loops of `function` in lanes for which it is right and worth it."""
    if not vecmath.available():
        return function
    work = _Lanes(dataflow(function), aliases(function, through_edges=True))
    return replace(function, body=work.block(function.body))


def verdicts(function: Function) -> list[tuple[For, str]]:
    """Return the outermost loops, and why `lanes` leaves each of them; empty: it does not."""
    flow, classes = dataflow(function), aliases(function, through_edges=True)
    loops = [s for s in function.body.statements if isinstance(s, For)]
    return [(loop, verdict(Study(loop, flow, classes))) for loop in loops]


def verdict(study: Study) -> str:
    """Return why a loop is not run in lanes; empty: it is."""
    if not vecmath.available():
        return "this machine has no fused multiply-add"
    return study.reason() or why_not(study)


@dataclass(eq=False)
class _Lanes:
    flow: Dataflow
    aliases: Aliases

    def block(self, block: Block) -> Block:
        return renewed(block, [new for s in block.statements for new in self.statement(s)])

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and may_pay(statement):
            study = Study(statement, self.flow, self.aliases)
            if not verdict(study):
                made, strips = in_lanes(study)
                return [*made, strips]
        return [map_blocks(statement, self.block)]
