"""Derivatives inside of functions: the statement, and values for what it gives."""

from collections.abc import Sequence

import numpy as np

from srcdiff.ir.build import Builder, extents
from srcdiff.ir.nodes import Derive, Function, Operand, Value, is_array
from srcdiff.ir.types import PYTHON_INT, Array

Seeds = Sequence[Operand | None]


def reverse(
    builder: Builder, function: Function, wrt: Sequence[int], seeds: Seeds, args: Sequence[Operand]
) -> tuple[list[Value], list[Value]]:
    """Append a `Derive` in reverse mode; return the results of `function`, and the adjoints."""
    values = [like(result) for result in function.results]
    bars = [beside(args[k], f"{function.params[k].name}_bar") for k in wrt]
    builder.append(
        Derive(
            (*values, *bars),
            function,
            "reverse",
            tuple(wrt),
            tuple(seeds),
            tuple(args),
            builder.origin,
        )
    )
    _ask(builder, values)
    return values, bars


def whole(builder: Builder, function: Function, args: Sequence[Operand]) -> list[Value]:
    """Append the call of a function as a whole; return its results."""
    values = [like(result) for result in function.results]
    outs = tuple(values)
    builder.append(Derive(outs, function, "call", (), (), tuple(args), builder.origin))
    _ask(builder, values)
    return values


def _ask(builder: Builder, values: Sequence[Value]) -> None:
    """Append what asks new arrays for their extents."""
    for value in values:
        for axis, extent in enumerate(value.shape):
            if isinstance(extent, Value):
                builder.call_into(extent, np.shape, (value,), (("axis", axis),))


def spoken_of(derive: Derive) -> list[int]:
    """Return the positions of the arguments whose derivatives a rule gives."""
    assert derive.rule is not None
    args = derive.args[: derive.rule.arguments]
    return [k for k, arg in enumerate(args) if arg.type.dtype.kind == "f"]


def like(result: Operand) -> Value:
    """Return a new value like a result; its extents are asked of it."""
    name = result.name if isinstance(result, Value) else "_out"
    if not is_array(result):
        return Value(name, result.type)
    shape = tuple(Value("_n", PYTHON_INT) if isinstance(e, Value) else e for e in extents(result))
    return Value(name, Array(result.type.dtype, len(shape)), shape)


def beside(arg: Operand, name: str) -> Value:
    """Return a new value for the adjoint of an argument."""
    if not is_array(arg):
        return Value(name, arg.type)
    return Value(name, Array(arg.type.dtype, len(extents(arg))), extents(arg))


def floats(function: Function) -> list[int]:
    """Return the positions of the results that have a derivative."""
    return [k for k, result in enumerate(function.results) if result.type.dtype.kind == "f"]
