"""Turn a formula into a function that Numba compiles without inferring the types of its inside."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import lower_builtin, type_callable

from srcdiff.runtime.vecmath.bits import DOUBLE, SINGLE, Value

Formula = Callable[..., Any]


def vector(formula: Formula | None = None, *, arity: int = 1, results: int = 1) -> Any:
    """Return the function of `arity` reals that computes this formula, also from compiled code.

    Its arguments have one type, float64 or float32, which is that of its results.
    """
    if formula is None:
        return partial(vector, arity=arity, results=results)

    def function(*args: Any) -> Any:
        kind = np.result_type(*[np.asarray(a).dtype for a in args], np.float32).type
        values = compiled(*[kind(a) for a in args])
        return tuple(map(kind, values)) if results > 1 else kind(values)

    function.__name__ = function.__qualname__ = formula.__name__
    function.__module__ = formula.__module__
    function.__doc__ = formula.__doc__
    type_callable(function)(lambda context: typer(arity, results))
    lower_builtin(function, *[types.Float] * arity)(lowering(formula, results))
    call = (lambda x: function(x)) if arity == 1 else (lambda x, y: function(x, y))
    compiled = njit(call)
    return function


def typer(arity: int, results: int) -> Any:
    """Return what Numba asks for the signature of a call; it wants to see the parameters."""

    def signature(*args: Any) -> Any:
        if not all(isinstance(a, types.Float) for a in args):
            return None
        real = types.float64 if types.float64 in args else types.float32
        result = real if results == 1 else types.UniTuple(real, results)
        return result(*[real] * arity)

    return (lambda x: signature(x)) if arity == 1 else (lambda x, y: signature(x, y))


def lowering(formula: Formula, results: int) -> Any:
    """Return what builds a call: the formula stands once in a module, and LLVM inlines it."""

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        reals = [a.type for a in args]
        values = builder.call(definition(builder.module, formula, reals, results), args)
        if results == 1:
            return values
        parts = [builder.extract_value(values, i) for i in range(results)]
        return context.make_tuple(builder, signature.return_type, parts)

    return lower


def definition(module: Any, formula: Formula, reals: list[Any], results: int) -> Any:
    """Return the LLVM function of a formula, built at its first use in a module."""
    form = DOUBLE if reals[0] == DOUBLE.real else SINGLE
    name = f"srcdiff.{formula.__name__}.f{form.width}"
    if name in module.globals:
        return module.globals[name]
    result = form.real if results == 1 else ir.LiteralStructType([form.real] * results)
    function = ir.Function(module, ir.FunctionType(result, reals), name)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    builder = ir.IRBuilder(function.append_basic_block())
    values = formula(*[Value(builder, a, form) for a in function.args])
    if results == 1:
        builder.ret(values.value)
    else:
        struct = ir.Constant(result, ir.Undefined)
        for i, value in enumerate(values):
            struct = builder.insert_value(struct, value.value, i)
        builder.ret(struct)
    return function
