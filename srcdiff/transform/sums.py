"""What the passes share that sum in a scalar what a loop adds to one element.

`transform.accumulate` does so for the user's sums, `transform.promote` for those of adjoints.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Block, Call, Carried, Const, For, Increment, Operand, Statement, Value


def summed(loop: For, sums: Mapping[Increment, Carried], add: Callable[..., Any]) -> For:
    """Return `loop` with increments of its body as sums that it carries."""
    body: list[Statement] = []
    for statement in loop.body.statements:
        if isinstance(statement, Increment) and statement in sums:
            entry = sums[statement]
            assert isinstance(entry.next, Value)
            args = (entry.phi, statement.value)
            body.append(Call(entry.next, add, args, (), statement.origin))
        else:
            body.append(statement)
    return replace(loop, carried=(*loop.carried, *sums.values()), body=Block(tuple(body)))


def runs(builder: Builder, loop: For) -> Value:
    """Append and return the condition that a loop of known step has an iteration."""
    assert isinstance(loop.step, Const)
    bounds = (loop.start, loop.stop) if loop.step.value > 0 else (loop.stop, loop.start)
    return builder.call(np.less, *bounds)


def plus(builder: Builder, total: Operand, term: Operand) -> Value:
    """Append and return the sum of two numbers: a difference, where the second one is negated."""
    for statement in reversed(builder.statements):
        match statement:
            case Call(out=out, function=np.negative, args=(negated,)) if out is term:
                return builder.call(np.subtract, total, negated)
    return builder.call(np.add, total, term)
