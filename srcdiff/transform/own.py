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
from srcdiff.ir.nodes import (
    NOWHERE,
    Block,
    Call,
    Function,
    Operand,
    Origin,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import substitute_block


def own(function: Function) -> Function:
    """Copy the parameters that `function` writes into."""
    classes = aliases(function)
    builder = Builder()
    mapping: dict[Value, Operand] = {}
    params = []
    for param in function.params:
        if is_array(param) and classes.root(param) in classes.written:
            params.append(_copy(builder, param, mapping))
        else:
            params.append(param)
    if not mapping:
        return function
    old = set(mapping)
    rest = Block(tuple(s for s in function.body.statements if not _asks(s, old)))
    body = substitute_block(rest, mapping)
    results = tuple(mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
    statements = (*builder.statements, *body.statements)
    return replace(function, params=tuple(params), body=Block(statements), results=results)


def _asks(statement: Statement, params: set[Value]) -> bool:
    """Say whether a statement asks one of the parameters for an extent."""
    return (
        isinstance(statement, Call)
        and statement.function is np.shape
        and statement.args[0] in params
    )


def _copy(builder: Builder, param: Value, mapping: dict[Value, Operand]) -> Value:
    """Append a copy of a parameter, which takes over its extents; return the parameter anew."""
    hidden = tuple(
        Value(f"_{extent.name}", extent.type) if isinstance(extent, Value) else extent
        for extent in param.shape
    )
    given = Value(param.name, param.type, hidden)
    copied = Value(param.name, Array(param.type.dtype, len(hidden)), param.shape)
    builder.origin = Origin(note="the caller's array stays as it was")
    builder.call_into(copied, np.copy, (given,), ())
    builder.origin = NOWHERE
    for array, shape in ((given, hidden), (copied, param.shape)):
        for axis, extent in enumerate(shape):
            if isinstance(extent, Value):
                builder.call_into(extent, np.shape, (array,), (("axis", axis),))
    mapping[param] = copied
    return given
