"""Calls of functions with rules of the user's own, and of those that are to be run again.

The function becomes one of its own (`frontend.lifting`), and so do the functions of its rule. All
have the same parameters, after what each needs besides.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any, NoReturn

import numpy as np

from srcdiff.errors import RuleError, SrcdiffError
from srcdiff.frontend.arrays import stopped
from srcdiff.frontend.context import Context, Entity, Static, leaves, rebuild
from srcdiff.frontend.derivatives import parameter_names
from srcdiff.frontend.joins import unsettled
from srcdiff.frontend.lifting import Lifted, append_call, lift, refuse_writes
from srcdiff.frontend.target import unwrap
from srcdiff.ir.build import constant, extents
from srcdiff.ir.derivatives import beside
from srcdiff.ir.nodes import (
    Const,
    Function,
    Operand,
    Rule,
    Value,
    is_array,
)
from srcdiff.ir.types import Array, Scalar
from srcdiff.ir.walk import all_definitions
from srcdiff.rules.custom import Custom

Call = Callable[..., Entity]
NOTHING = Static(None)


def call_whole(
    c: Context,
    node: ast.AST,
    function: Entity,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    call: Call,
) -> Entity:
    """Lower the call of a function whose values the adjoint sweep computes again."""
    lifted = lift(c, node, function, args, dict(kwargs), (*range(len(args)), *kwargs), call)
    refuse_writes(c, node, lifted.function)
    return append_call(c, lifted.result, lifted.function, lifted.args)


def call_with_rule(
    c: Context,
    node: ast.AST,
    custom: Custom,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    call: Call,
) -> Entity:
    """Lower the call of a function that has a rule of its own."""
    args = _positional(c, node, custom, args, kwargs)
    if custom.is_zero:
        return stopped(c, _bare(custom)(c, node, NOTHING, args, {}, "_out"))
    lifted = _lifted(c, node, NOTHING, args, _bare(custom))
    refuse_writes(c, node, lifted.function)
    parts = {
        name: _lifted(c, node, Static(function), given(c, lifted, args), fit(call, lifted, args))
        for name, function, given, fit in (
            ("partials", custom.partials, _for_partials, _one_each),
            ("tangent", custom.tangent, _for_tangent, _like_results),
            ("adjoint", custom.adjoint, _for_adjoint, _like_arguments),
        )
        if function is not None
    }
    every = (lifted, *parts.values())
    extra = tuple(dict.fromkeys(value for each in every for value in each.free))
    functions: dict[str, Any] = {name: _with(part, extra) for name, part in parts.items()}
    rule = Rule(**functions, arguments=lifted.fresh)
    given_args = (*lifted.args[: lifted.fresh], *extra)
    return append_call(c, lifted.result, _with(lifted, extra), given_args, rule)


def _lifted(
    c: Context, node: ast.AST, function: Entity, args: tuple[Entity, ...], call: Call
) -> Lifted:
    return lift(c, node, function, args, {}, tuple(range(len(args))), call)


def _with(lifted: Lifted, extra: tuple[Value, ...]) -> Function:
    """Return a function that takes, after its arguments, what any of its rule needs besides."""
    params = (*lifted.function.params[: lifted.fresh], *extra)
    return replace(lifted.function, params=params)


def _positional(
    c: Context,
    node: ast.AST,
    custom: Custom,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
) -> tuple[Entity, ...]:
    """Return all arguments by position, as a rule takes them."""
    names = parameter_names(Static(unwrap(custom.function).function))[len(args) :]
    given = names[: len(kwargs)]
    if set(kwargs) != set(given):
        c.fail(node, "A function with a rule takes its arguments by position.", "Mend the call.")
    return (*args, *(kwargs[name] for name in given))


def _bare(custom: Custom) -> Call:
    """Return what lowers the function itself: from its source, or, without one, as it is."""
    function: Any = unwrap(custom.function).function

    def call(
        c: Context, node: ast.AST, _: Entity, args: tuple[Entity, ...], kwargs: Any, name: str
    ) -> Entity:
        if isinstance(function, FunctionType):
            try:
                return c.inline(c, Static(function), args, kwargs, node)
            except SrcdiffError:
                if function is custom.function:
                    raise
        operands = [arg for arg in args if isinstance(arg, Value | Const)]
        if len(operands) != len(args):
            c.fail(node, "This function takes numbers and arrays.", "Pass such.")
        dtype = np.result_type(*(operand.type.dtype for operand in operands))
        whole = [c.builder.cast(operand, dtype) for operand in operands]
        return c.builder.call(custom.function, *whole, name=name)

    return call


# ---- what the functions of a rule are called with ----


def _results(c: Context, lifted: Lifted) -> Entity:
    """Return values that stand for what the function gives; new extents are asked of them."""
    own = set(all_definitions(lifted.function.body))

    def new(leaf: Entity) -> Entity:
        if not isinstance(leaf, Value | Const):
            return leaf
        shape = tuple(unsettled(c) if extent in own else extent for extent in extents(leaf))
        type = Array(leaf.type.dtype, len(shape)) if is_array(leaf) else leaf.type
        return Value(leaf.name if isinstance(leaf, Value) else "_out", type, shape)

    return rebuild(lifted.result, map(new, leaves(lifted.result)))


def _for_partials(c: Context, lifted: Lifted, args: tuple[Entity, ...]) -> tuple[Entity, ...]:
    return (_results(c, lifted), *args)


def _for_tangent(c: Context, lifted: Lifted, args: tuple[Entity, ...]) -> tuple[Entity, ...]:
    dots = tuple(rebuild(arg, map(_beside, leaves(arg))) for arg in args)
    return (dots, _results(c, lifted), *args)


def _for_adjoint(c: Context, lifted: Lifted, args: tuple[Entity, ...]) -> tuple[Entity, ...]:
    results = _results(c, lifted)
    return (rebuild(results, map(_beside, leaves(results))), results, *args)


def _beside(leaf: Entity) -> Entity:
    """Return what stands for the tangent or the adjoint of a leaf."""
    match leaf:
        case Value() if _is_float(leaf):
            return beside(leaf, f"{leaf.name}_bar")
        case Const() if _is_float(leaf):
            return Const(0.0, leaf.type)
    return NOTHING


def _is_float(leaf: Entity) -> bool:
    return isinstance(leaf, Value | Const) and leaf.type.dtype.kind == "f"


# ---- what they give ----


def _one_each(call: Call, lifted: Lifted, args: tuple[Entity, ...]) -> Call:
    """Let `partials` give one for each argument that has a derivative."""
    del lifted

    def partials(
        c: Context, node: ast.AST, function: Entity, given: Any, kwargs: Any, name: str
    ) -> Entity:
        found = call(c, node, function, given, kwargs, name)
        parts = found if isinstance(found, tuple) else (found,)
        return _fitted(c, node, "partials", parts, args)

    return partials


def _like_arguments(call: Call, lifted: Lifted, args: tuple[Entity, ...]) -> Call:
    """Let `adjoint` give a cotangent for each argument that has a derivative."""
    del lifted

    def adjoint(
        c: Context, node: ast.AST, function: Entity, given: Any, kwargs: Any, name: str
    ) -> Entity:
        found = call(c, node, function, given, kwargs, name)
        if not isinstance(found, tuple):
            _refuse(c, node, "`adjoint` must give a tuple: a cotangent for each argument.")
        return _fitted(c, node, "adjoint", found, args, same_rank=True)

    return adjoint


def _like_results(call: Call, lifted: Lifted, args: tuple[Entity, ...]) -> Call:
    """Let `tangent` give a tangent for each result that has one."""
    del args
    results = lifted.result

    def tangent(
        c: Context, node: ast.AST, function: Entity, given: Any, kwargs: Any, name: str
    ) -> Entity:
        found = call(c, node, function, given, kwargs, name)
        return _fitted(c, node, "tangent", (found,), (results,), same_rank=True)

    return tangent


def _fitted(
    c: Context,
    node: ast.AST,
    what: str,
    found: tuple[Entity, ...],
    wanted: tuple[Entity, ...],
    *,
    same_rank: bool = False,
) -> Entity:
    """Return one operand for each float in `wanted`, in its dtype; None stands for 0."""
    if len(found) != len(wanted):
        _refuse(c, node, f"`{what}` gives {len(found)} values where {len(wanted)} are due.")
    result: list[Entity] = []
    for part, like_ in zip(found, wanted, strict=True):
        given, due = leaves(part), leaves(like_)
        if _is_nothing(part):
            given = [NOTHING] * len(due)
        if len(given) != len(due):
            _refuse(c, node, f"`{what}` gives another tree than it should.")
        for leaf, other in zip(given, due, strict=True):
            if not (isinstance(other, Value | Const) and _is_float(other)):
                continue
            result.append(_cast(c, node, what, leaf, other, same_rank=same_rank))
    return tuple(result)


def _cast(
    c: Context, node: ast.AST, what: str, leaf: Entity, other: Operand, *, same_rank: bool
) -> Entity:
    if _is_nothing(leaf):
        leaf = constant(0, Scalar(other.type.dtype))
        if same_rank and is_array(other):
            return c.builder.zeros(extents(other), other.type.dtype)
    rank = len(extents(other))
    if not isinstance(leaf, Value | Const) or (same_rank and len(extents(leaf)) != rank):
        _refuse(c, node, f"`{what}` gives a value of another rank than it should.")
    return c.builder.cast(leaf, other.type.dtype)


def _is_nothing(entity: Entity) -> bool:
    return isinstance(entity, Static) and entity.value is None


def _refuse(c: Context, node: ast.AST, message: str) -> NoReturn:
    hint = "partials(y, *args), tangent(arg_dots, y, *args) -> y_dot, adjoint(y_bar, y, *args)."
    c.fail(node, f"In the rule of what is called here: {message}", hint, RuleError)
