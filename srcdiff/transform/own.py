"""Give the function arrays of its own in place of parameters that it writes into.

    def f(u):                       def f(u):
        Store u[0] = 1.0     ->         u' = Call copy(u)
        ...                             Store u'[0] = 1.0

A derivative never changes its arguments.
"""

from dataclasses import replace

import numpy as np

from srcdiff.analysis.aliasing import aliases
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Block, Call, Function, Operand, Origin, Statement, Value, is_array
from srcdiff.ir.types import Array
from srcdiff.ir.walk import substitute_block


def own(function: Function) -> Function:
    """Copy the parameters that `function` writes into."""
    classes = aliases(function, through_edges=True)
    builder = Builder(Origin(note="the caller's array stays as it was"))
    mapping: dict[Value, Operand] = {}
    for param in function.params:
        if is_array(param) and classes.root(param) in classes.written:
            _copy(builder, param, mapping)
    if not mapping:
        return function
    head, rest = _split(function.body)
    body = substitute_block(Block(rest), mapping)
    results = tuple(mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
    statements = (*head, *builder.statements, *body.statements)
    return replace(function, body=Block(statements), results=results)


def _copy(builder: Builder, param: Value, mapping: dict[Value, Operand]) -> None:
    """Append a copy of a parameter; from here on it is asked for its extents, too."""
    shape = tuple(
        Value(extent.name, extent.type) if isinstance(extent, Value) else extent
        for extent in param.shape
    )
    copied = Value(param.name, Array(param.type.dtype, len(shape)), shape)
    builder.call_into(copied, np.copy, (param,), ())
    mapping[param] = copied
    for axis, (old, new) in enumerate(zip(param.shape, shape, strict=True)):
        if isinstance(old, Value) and isinstance(new, Value):
            builder.call_into(new, np.shape, (copied,), (("axis", axis),))
            mapping[old] = new


def _split(body: Block) -> tuple[tuple[Call, ...], tuple[Statement, ...]]:
    """Part the extents of parameters, which come first, from the rest."""
    head = []
    for statement in body.statements:
        if not (isinstance(statement, Call) and statement.function is np.shape):
            break
        head.append(statement)
    return tuple(head), body.statements[len(head) :]
