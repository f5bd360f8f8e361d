"""A segment of a loop as a function of its own: see `transform.checkpoint`.

    def segment(first, trips, ..., s):
        For k in range(trips), carried s
            i = Call add(first, k)
            ...
        return s, and the arrays that the body writes
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow
from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    For,
    Function,
    Operand,
    Origin,
    Statement,
    Value,
    View,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import free_values

KEPT = Origin(note="what the segment starts from stays as it is")


@dataclass(frozen=True, eq=False)
class Segment:
    """The function of a segment: its parameters are the first counter, the trips, `free`, the state.

    Its results are the state, then the contents of `written`. `varying` are the extents of the
    state that may be others after each iteration.
    """

    function: Function
    free: tuple[Value, ...]
    written: tuple[Value, ...]
    varying: frozenset[Operand]


def segment_of(loop: For, name: str, flow: Dataflow, classes: Aliases) -> Segment | str:
    """Return the function of a segment of `loop`, or why there is none."""
    varying = frozenset(
        extent
        for entry in loop.carried
        for array in (entry.phi, entry.out)
        for extent in array.shape
        if _is_asked(flow, extent, array)
    )
    first, trips = Value("_first", PYTHON_INT), Value("_trips", PYTHON_INT)
    builder = Builder()
    state = [_asking(builder, entry.phi, varying) for entry in loop.carried]
    outs = _repeat(builder, loop, (first, trips, state), varying)
    known = (first, trips, *state)
    views = _views(free_values(builder.block(), outs, known), loop, flow, classes)
    block = Block((*views, *builder.statements))
    free = tuple(sorted(free_values(block, outs, known), key=is_array))
    written = tuple(v for v in free if is_array(v) and _is_written(v, loop, classes))
    if any(isinstance(v.type, Array) and v.type.layout == "F" for v in written):
        return "this one writes into an array in Fortran order"
    given = {ref: replace(ref) for ref in written}
    copies = [Call(ref, np.copy, (param,), (), KEPT) for ref, param in given.items()]
    params = (first, trips, *(given.get(v, v) for v in free), *state)
    body = Block((*copies, *block.statements))
    function = Function(name, params, body, (*outs, *written), span=loop.origin.span)
    return Segment(function, free, written, varying)


def _is_asked(flow: Dataflow, extent: Operand, array: Value) -> bool:
    """Say whether an extent is known only by asking the array for it."""
    definition = flow.definitions.get(extent) if isinstance(extent, Value) else None
    statement = definition.statement if definition is not None else None
    return isinstance(statement, Call) and statement.args == (array,)


def _is_written(array: Value, loop: For, classes: Aliases) -> bool:
    return classes.root(array) in classes.writes[loop]


def _repeat(
    builder: Builder,
    loop: For,
    given: tuple[Value, Value, list[Value]],
    varying: frozenset[Operand],
) -> list[Value]:
    """Append the loop of a segment; return the state after it."""
    first, trips, state = given
    index = Value("_k", PYTHON_INT)
    inner = Builder(loop.origin)
    if is_constant(loop.step, -1):
        inner.call_into(loop.index, np.subtract, (first, index), ())
    else:
        by = inner.fold(np.multiply, index, loop.step)
        inner.call_into(loop.index, np.add, (first, by), ())
    inner.statements += loop.body.statements
    outs, asked = [], Builder()
    for entry in loop.carried:
        outs.append(_asking(asked, entry.out, varying))
    carried = tuple(
        Carried(entry.phi, param, entry.next, out)
        for entry, param, out in zip(loop.carried, state, outs, strict=True)
    )
    bounds = (integer(0), trips, integer(1))
    builder.append(For(index, *bounds, carried, inner.block(), origin=loop.origin))
    builder.statements += asked.statements
    return outs


def _views(
    free: Iterable[Value], loop: For, flow: Dataflow, classes: Aliases
) -> list[Statement]:
    """Return the views by which the body refers to arrays that it writes, to be made in it.

    So each of these arrays is handed over once, and all views of it see what is written.
    """
    chains: dict[Statement, None] = {}

    def note(ref: Value) -> None:
        definition = flow.definitions[ref]
        if isinstance(definition.statement, View) and definition.kind == "simple":
            note(definition.statement.ref)
            chains[definition.statement] = None

    refs = [v for v in free if is_array(v) and _is_written(v, loop, classes)]
    for ref in refs:
        roots = [other for other in refs if classes.root(other) is classes.root(ref)]
        if len(roots) > 1 or (isinstance(ref.type, Array) and ref.type.layout == "F"):
            for other in roots:
                note(other)
    return list(chains)


# ---- values like others ----


def anew(value: Value, varying: frozenset[Operand] = frozenset()) -> Value:
    """Return a new value like `value`, with new extents for those that vary."""
    shape = tuple(Value("_n", PYTHON_INT) if e in varying else e for e in value.shape)
    type = Array(value.type.dtype, len(shape)) if is_array(value) else value.type
    return Value(value.name, type, shape)


def ask(builder: Builder, value: Value, like: Value) -> None:
    """Append what asks a value that was made anew for the extents that vary."""
    for axis, (extent, old) in enumerate(zip(value.shape, like.shape, strict=True)):
        if extent is not old and isinstance(extent, Value):
            builder.call_into(extent, np.shape, (value,), (("axis", axis),))


def _asking(builder: Builder, like: Value, varying: frozenset[Operand]) -> Value:
    value = replace(anew(like, varying), type=like.type)
    ask(builder, value, like)
    return value
