"""The tangent of a derivative: the gradient of a tangent. See `transform.nested`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from srcdiff.analysis.activity import active_params
from srcdiff.errors import NotDifferentiable
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.derivatives import floats, reverse, spoken_of, whole
from srcdiff.ir.nodes import (
    Derive,
    For,
    Function,
    Index,
    Operand,
    Rule,
    Value,
)
from srcdiff.ir.recursion import is_own_call
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.transform.partials import times
from srcdiff.transform.splice import splice
from srcdiff.transform.tangents.calls import total
from srcdiff.transform.tangents.state import FULL, Tangent

Inner = Callable[[Function, tuple[Value, ...]], Function]
"""Returns the tangent of a function along some of its parameters, after its results."""
Made = list[Operand | None]
One = Callable[[Builder, Sequence[Operand]], Made]
"""Appends the tangents of what a `Derive` gives, for one tangent of each of its operands."""


def tangent_of_derivative(t: Tangent, derive: Derive, inner: Inner) -> None:
    """Append the tangents of what a `Derive` gives."""
    if derive.origin.constant:
        t.dots.update((out, t.zero(t.builder, out)) for out in derive.outs)
        return
    match derive.mode, derive.rule:
        case "reverse", _:
            dots, one = _of_gradient(t, derive, inner)
        case "call", Rule(partials=Function() as partials):
            _by_partials(t, derive, partials)
            return
        case "call", Rule() as rule:
            dots, one = _by_rule(t, derive, rule)
        case "call", None:
            dots, one = _of_whole(t, derive, inner)
        case mode, _:
            raise AssertionError(mode)
    made = one(t.builder, dots) if t.width is None else _each_direction(t, derive, dots, one)
    t.dots.update((k, v) for k, v in zip(derive.outs, made, strict=True) if v is not None)


def _of_gradient(t: Tangent, derive: Derive, inner: Inner) -> tuple[list[Operand], One]:
    """The tangent of a gradient is a gradient: see `transform.nested`."""
    function, args = derive.function, derive.args
    ahead = [k for k, arg in enumerate(args) if t.dot(arg) is not None]
    directions = tuple(function.params[k] for k in ahead)
    along = inner(function, directions) if directions else function
    moving = [k for k, seed in enumerate(derive.seeds) if seed is not None and t.dot(seed)]
    count = len(function.results)

    def one(builder: Builder, given: Sequence[Operand]) -> Made:
        dots, more = given[: len(ahead)], iter(given[len(ahead) :])
        seeds = [next(more) if k in moving else None for k in range(len(derive.seeds))]
        both = (*seeds, *(derive.seeds if ahead else ()))
        wrt = [len(dots) + k for k in derive.wrt]
        values, bars = reverse(builder, along, wrt, both, (*dots, *args))
        tangents = dict(zip(floats(function), values[count:], strict=False))
        return [*(tangents.get(k) for k in range(count)), *bars]

    dots = [t.or_zero(t.builder, args[k]) for k in ahead]
    return [*dots, *(t.or_nothing(derive.seeds[k]) for k in moving)], one  # type: ignore[arg-type]


def _each_direction(t: Tangent, derive: Derive, dots: Sequence[Operand], one: One) -> Made:
    """Append a loop over the directions."""
    assert t.width is not None
    index, body = Value("direction", PYTHON_INT), Builder(t.builder.origin)
    made = one(body, [_slice(body, dot, index) for dot in dots])
    wide: Made = []
    for out, part in zip(derive.outs, made, strict=True):
        if part is None or not t.is_active(out):
            wide.append(None)
            continue
        whole = t.builder.alloc(t.shape(out), out.type.dtype, None, f"{out.name}_dot")
        body.store(_row(body, whole, index), (), part)
        wide.append(whole)
    loop = For(index, integer(0), t.width, integer(1), (), body.block(), origin=body.origin)
    t.builder.append(loop)
    return wide


def _slice(builder: Builder, dots: Operand, index: Value) -> Operand:
    """Return one of several tangents."""
    assert isinstance(dots, Value)
    return builder.load(dots, (index,)) if len(dots.shape) == 1 else _row(builder, dots, index)


def _row(builder: Builder, dots: Value, index: Value) -> Value:
    shape = dots.shape[:-1]
    how = Index((*[FULL] * len(shape), index))
    return builder.view(dots, how, Array(dots.type.dtype, len(shape), "A"), shape)


# ---- functions that are called as a whole ----


def _of_whole(t: Tangent, derive: Derive, inner: Inner) -> tuple[list[Operand], One]:
    """The tangent of a function is called as a whole, too."""
    function = derive.function
    ahead, along = _along(t, derive, inner)
    count = len(function.results)

    def one(builder: Builder, given: Sequence[Operand]) -> Made:
        values = whole(builder, along, (*given, *derive.args))
        found = dict(zip(floats(function), values[count:], strict=True))
        return [found.get(k) for k in range(count)]

    return [t.or_zero(t.builder, derive.args[k]) for k in ahead], one


def _along(t: Tangent, derive: Derive, inner: Inner) -> tuple[Sequence[int], Function]:
    """Return the arguments that have a tangent, and the tangent of the function along them."""
    function = derive.function
    if t.itself is not None and is_own_call(derive, t.function):
        return t.ahead, t.itself
    ahead = [k for k, arg in enumerate(derive.args) if t.dot(arg) is not None]
    if function.recursion is not None:
        ahead = active_params(function, ahead)
    return ahead, inner(function, tuple(function.params[k] for k in ahead))


def tangent_of_recursion(t: Tangent, derive: Derive, inner: Inner) -> None:
    """Append a call that gives what `derive` gives and the tangents of it."""
    function = derive.function
    ahead, along = _along(t, derive, inner)
    dots = [t.or_zero(t.builder, derive.args[k]) for k in ahead]
    floats_ = [derive.outs[k] for k in floats(function)]
    made = [t.like(out) for out in floats_]
    outs = (*derive.outs, *made)
    t.builder.append(replace(derive, outs=outs, function=along, args=(*dots, *derive.args)))
    for out, dot in zip(floats_, made, strict=True):
        t.builder.statements += t.asked(out, dot)
        t.dots[out] = dot


def _by_rule(t: Tangent, derive: Derive, rule: Rule) -> tuple[list[Operand], One]:
    tangent = rule.tangent
    if tangent is None:
        raise NotDifferentiable(
            f"The rule of `{derive.function.name}` has no `tangent`, which forward mode and "
            "derivatives of derivatives need.",
            derive.origin.span,
            "Add it: `sd.rule(f, tangent=..., adjoint=...)`.",
        )

    def one(builder: Builder, given: Sequence[Operand]) -> Made:
        made = splice(builder, tangent, (*given, *derive.outs, *derive.args))
        found = dict(zip(floats(derive.function), made, strict=True))
        return [found.get(k) for k in range(len(derive.outs))]

    return [t.or_zero(t.builder, derive.args[k]) for k in spoken_of(derive)], one


def _by_partials(t: Tangent, derive: Derive, partials: Function) -> None:
    """out_dot = sum of partial times arg_dot."""
    (out,) = derive.outs
    made = splice(t.builder, partials, (*derive.outs, *derive.args))
    terms: list[Operand] = []
    for k, partial in zip(spoken_of(derive), made, strict=True):
        dot = t.dot(derive.args[k])
        if dot is not None:
            terms.append(times(t.builder, t.widened(partial), dot))
    t.dots[out] = total(t, terms, out)
