"""Let loops over several tangents be vectors of four.

    For i in range(n)                         For i in range(n)
        For k in range(width)                     For k in range(abreast(width))
            Store y_dot[i, k] = t * x_dot[k]  ->      Store y_dot[i, k] = t * x_dot[k]

These loops are short, a dozen tangents or two, and run within those of the user. LLVM would make
vectors of eight of them, four of these at once, which 28 tangents are too few for, and ask before
each loop whether rows overlap. Here it is told that no iteration touches what another one writes,
which is proved as in `analysis.loops`.
"""

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.columns import widths
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import Dependence, dependence_of
from srcdiff.analysis.loops import independence
from srcdiff.ir.build import Builder, is_constant
from srcdiff.ir.nodes import (
    Call,
    For,
    Function,
    Increment,
    Operand,
    Statement,
    Value,
    While,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import rewrite
from srcdiff.transform.vectorise import PLAIN, is_simple
from srcdiff.words import abreast


def fours(function: Function) -> Function:
    """Change the innermost loops of `function` over the tangents of `jacfwd`."""
    ends = set(_ends(function))
    if not ends:
        return function
    flow = dataflow(function)
    study = _Study(flow, aliases(function, through_edges=True), dependence_of(flow))

    def change(statement: Statement) -> list[Statement]:
        fits = isinstance(statement, For) and statement.stop in ends and study.fits(statement)
        return _vectors(statement) if fits else [statement]  # type: ignore[arg-type]

    return replace(function, body=rewrite(function.body, change))


def _ends(function: Function) -> Iterator[Operand]:
    """Iterate over the numbers of tangents, and what ends loops over some of them."""
    found = set(widths(function))
    yield from found
    for statement in function.body.statements:
        if isinstance(statement, Call) and statement.function is builtins.min:
            if found.intersection(statement.args):
                yield statement.out


def _vectors(loop: For) -> list[Statement]:
    head = Builder(loop.origin)
    count = head.call(abreast, loop.stop, name="_width", type=PYTHON_INT, shape=())
    return [*head.statements, replace(loop, stop=count)]


@dataclass(frozen=True, eq=False)
class _Study:
    """Which loops may be vectors."""

    flow: Dataflow
    aliases: Aliases
    dependence: Dependence

    def fits(self, loop: For) -> bool:
        """Say whether a loop runs within another one, and its iterations are elements."""
        around = (s for _, _, s in self.flow.ancestors(loop.body)[1:])
        return (
            is_constant(loop.start)
            and is_constant(loop.step, 1)
            and not loop.carried
            and any(isinstance(s, For | While) for s in around)
            and all(map(_is_plain, loop.body.statements))
            and self.are_apart(loop)
        )

    def are_apart(self, loop: For) -> bool:
        """Say whether no iteration touches an element that another one writes."""
        added = [s for s in loop.body.statements if isinstance(s, Increment)]
        refs: dict[Value, Value] = {}
        for statement in added:
            ref = refs.setdefault(self.aliases.root(statement.ref), statement.ref)
            if ref is not statement.ref or statement.indices[-1] is not loop.index:
                return False
        return independence(loop, self.flow, self.aliases, self.dependence).holds


def _is_plain(statement: Statement) -> bool:
    """Say whether LLVM makes vector code of a statement without help."""
    calls = not isinstance(statement, Call) or statement.function in PLAIN
    return calls and is_simple(statement)
