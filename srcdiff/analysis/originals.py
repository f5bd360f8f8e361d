"""What a copy still has from its original may be read there later, too.

    c' = Call copy(c)
    For i
        t = Load c'[i]            is `Load c[i]`: the adjoint sweep need not keep it
        Store c'[i] = t * b

The original never changes, and surely no write to the copy comes before the read of the element.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, Definition
from srcdiff.analysis.memory import Memory, memory
from srcdiff.analysis.reorder import Reordering, accesses
from srcdiff.ir.nodes import Call, Function, Load, Value, is_array


def originals(function: Function, flow: Dataflow) -> dict[Value, Definition]:
    """Return, for what is read from copies that are written, how to read it from the originals."""
    copies = [s for s in function.body.statements if isinstance(s, Call) and s.function is np.copy]
    if not copies:
        return {}
    known = memory(function)
    order = Reordering(flow, known)
    found: dict[Value, Definition] = {}
    for copy in copies:
        (source,) = copy.args
        if not isinstance(source, Value) or not _is_written(function, known, copy.out):
            continue
        if _is_written(function, known, source) or known.root(copy.out) in known.bound:
            continue
        for load in _untouched(function, order, copy.out):
            new = replace(load, ref=source)
            found[load.out] = replace(flow.definitions[load.out], statement=new)
    return found


def _is_written(function: Function, known: Memory, array: Value) -> bool:
    root = known.root(array)
    return is_array(array) and any(root in known.writes(s) for s in function.body.statements)


def _untouched(function: Function, order: Reordering, array: Value) -> Iterator[Load]:
    """Iterate over the loads from an array that surely precede all writes to their elements."""
    every = accesses(function, order.memory, array) or []
    writes = [touch for touch in every if touch.writes]
    for touch in every:
        if isinstance(touch.statement, Load) and touch.statement.ref is array:
            if not any(order.may_precede(write, touch) for write in writes):
                yield touch.statement
