"""Give the function arrays of its own in place of parameters that it writes into.

    def f(u):                       def f(u):
        Store u[0] = 1.0     ->         u' = Call copy(u)
        ...                             Store u'[0] = 1.0

A derivative never changes its arguments. What a `Derive` gives is copied before it is written, too.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases, shared_results
from srcdiff.ir.build import Builder
from srcdiff.ir.layout import layouts_of
from srcdiff.ir.nodes import (
    NOWHERE,
    Block,
    Call,
    Derive,
    Function,
    Operand,
    Origin,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array, Layout
from srcdiff.ir.walk import asks, rewrite, substitute_block


def own_rebound(function: Function) -> Function:
    """Copy also what is written under a name that a loop or a branch has bound to it.

    `own` leaves that to `transform.rebind`, which adjoints need.
    """
    return own(function, through_edges=True)


def own(function: Function, *, through_edges: bool = False) -> Function:
    """Copy the parameters that `function` writes into."""
    classes = aliases(function, through_edges=True) if through_edges else aliases(function)
    function = replace(function, body=rewrite(function.body, partial(_copied_outs, classes)))
    builder = Builder()
    mapping: dict[Value, Operand] = {}
    params = []
    for param in function.params:
        if is_array(param) and classes.root(param) in classes.written:
            params.append(_copy(builder, param, mapping, function.params))
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
    """Say whether a statement asks one of the parameters for an extent of its own."""
    asked = any(asks(statement, param) for param in params)
    return asked and any(statement.out in param.shape for param in params)  # type: ignore[union-attr]


def _copied_outs(classes: Aliases, statement: Statement) -> list[Statement]:
    """Return a `Derive` with copies of those results that are written."""
    if not isinstance(statement, Derive):
        return [statement]
    outs: list[Value] = []
    after: list[Statement] = []
    for out in statement.outs:
        if classes.is_memory(out):
            shape = tuple(Value("_n", PYTHON_INT) if is_value(e) else e for e in out.shape)
            made = Value(out.name, out.type, shape)
            after += [
                Call(extent, np.shape, (made,), (("axis", axis),))
                for axis, extent in enumerate(shape)
                if isinstance(extent, Value)
            ]
            after.append(Call(out, np.copy, (made,), (), statement.origin))
            out = made
        outs.append(out)
    return [replace(statement, outs=tuple(outs)), *after] if after else [statement]


def is_value(operand: Operand) -> bool:
    return isinstance(operand, Value)


def _copy(
    builder: Builder, param: Value, mapping: dict[Value, Operand], params: tuple[Value, ...]
) -> Value:
    """Append a copy of a parameter, which takes over its extents; return the parameter anew."""
    hidden = tuple(
        Value(f"_{extent.name}", extent.type)
        if isinstance(extent, Value) and extent not in params
        else extent
        for extent in param.shape
    )
    given = Value(param.name, param.type, hidden)
    copied = Value(param.name, Array(param.type.dtype, len(hidden)), param.shape)
    builder.origin = Origin(note="the caller's array stays as it was")
    builder.call_into(copied, np.copy, (given,), ())
    builder.origin = NOWHERE
    for array, shape in ((given, hidden), (copied, param.shape)):
        for axis, extent in enumerate(shape):
            if isinstance(extent, Value) and extent not in params:
                builder.call_into(extent, np.shape, (array,), (("axis", axis),))
    mapping[param] = copied
    return given


def owning(function: Function) -> Function:
    """Let a function return memory of its own, in C order, as it does where it is written out."""
    shared, builder = shared_results(function), Builder()
    results = tuple(
        owned(builder, result, "_out", "C", shared=k in shared)
        for k, result in enumerate(function.results)
    )
    body = Block((*function.body.statements, *builder.statements))
    return replace(function, body=body, results=results)


def owned(builder: Builder, result: Operand, name: str, layout: Layout, *, shared: bool) -> Operand:
    """Return a result as memory of its own, in the order that is claimed for it."""
    if not isinstance(result, Value) or not is_array(result):
        return result
    fits = layout in layouts_of(result.type)
    return result if fits and not shared else builder.copy(result, name)
