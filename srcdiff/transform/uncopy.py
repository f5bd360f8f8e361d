"""Let a copy be its original where none of them changes as long as the copy is read.

t = Call copy(x)
y = Call matmul(t, z)         ->      y = Call matmul(x, z)
Increment x += y                      Increment x += y
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcdiff.analysis.memory import Memory, memory
from srcdiff.ir.nodes import Block, Call, Function, Operand, Statement, Value, is_array
from srcdiff.ir.walk import substitute_block


def uncopy(function: Function) -> Function:
    """Remove copies of whole arrays from the body of `function` where they are not needed."""
    body = function.body.statements
    copies = [s for s in body if isinstance(s, Call) and s.function is np.copy]
    if not copies:
        return function
    known = memory(function)
    mapping: dict[Value, Operand] = {}
    for copy in copies:
        (source,) = copy.args
        if source in mapping or not _is_needless(copy, body, known):
            continue
        mapping[copy.out] = source
    if not mapping:
        return function
    rest = Block(tuple(s for s in body if not (isinstance(s, Call) and s.out in mapping)))
    return replace(function, body=substitute_block(rest, mapping))


def _is_needless(copy: Call, body: Sequence[Statement], known: Memory) -> bool:
    """Say whether all that reads a copy may read its original."""
    (source,) = copy.args
    if not is_array(source) or not isinstance(source, Value) or source.type != copy.out.type:
        return False
    own, other = known.root(copy.out), known.root(source)
    if {own, other} & known.bound or own in known.lasting:
        return False
    behind = body[body.index(copy) + 1 :]
    if any(own in known.writes(statement) for statement in behind):
        return False
    reads = [k for k, statement in enumerate(behind) if own in known.reads(statement)]
    return not any(other in known.writes(s) for s in behind[: max(reads, default=-1) + 1])
