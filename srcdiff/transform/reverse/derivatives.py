"""The adjoint of a derivative: the gradient of a tangent. See `transform.nested`."""

from dataclasses import replace

from srcdiff.errors import NotDifferentiable
from srcdiff.ir.build import constant
from srcdiff.ir.derivatives import beside, floats, reverse, spoken_of
from srcdiff.ir.nodes import Derive, Function, Operand, Recursion, Rule, Value, is_array
from srcdiff.ir.types import Scalar
from srcdiff.transform.partials import times
from srcdiff.transform.reverse.bars import (
    add,
    add_reduced,
    bar_of,
    full_array,
    lookup,
    shadow,
)
from srcdiff.transform.reverse.needs import contents, need
from srcdiff.transform.reverse.needs import result as made
from srcdiff.transform.reverse.plan import Plan
from srcdiff.transform.splice import splice
from srcdiff.transform.tangent import Tangents, tangent


def reverse_derive(plan: Plan, derive: Derive) -> None:
    """Append the adjoint of a derivative, or of what is called as a whole."""
    if derive.mode == "call":
        _whole(plan, derive)
        return
    assert derive.mode == "reverse", derive.mode
    function, count = derive.function, len(derive.function.results)
    outs = derive.outs
    value_bars = [_bar(plan, outs[k]) for k in floats(function)]
    pairs = [(k, _bar(plan, out)) for k, out in zip(derive.wrt, outs[count:], strict=True)]
    ahead = {k: bar for k, bar in pairs if bar is not None}
    if derive.origin.constant or (not ahead and all(bar is None for bar in value_bars)):
        return
    directions = tuple(function.params[k] for k in ahead)
    inner = tangent(function, Tangents(directions)) if directions else function
    active = [k for k, arg in enumerate(derive.args) if plan.activity.is_active(arg)]
    known = [None if seed is None else contents(plan, seed) for seed in derive.seeds]
    args = [contents(plan, arg) for arg in derive.args]
    values, bars = reverse(
        plan.builder,
        inner,
        [len(ahead) + k for k in active],
        (*value_bars, *(known if ahead else ())),
        (*ahead.values(), *args),
    )
    for k, bar in zip(active, bars, strict=True):
        add(plan, derive.args[k], bar)
    for seed, dot in zip(derive.seeds, values[count:], strict=False):
        if seed is not None:
            add(plan, seed, dot)


def _whole(plan: Plan, derive: Derive) -> None:
    """By the rule, if there is one; else the function is run again, with what its adjoint needs."""
    bars = [_bar(plan, derive.outs[k]) for k in floats(derive.function)]
    if all(bar is None for bar in bars):
        return
    match derive.rule:
        case None:
            _again(plan, derive, bars)
        case Rule(partials=Function() as partials):
            _by_partials(plan, derive, partials, bars[0])
        case Rule(adjoint=Function(recursion=Recursion()) as adjoint, wrt=wrt):
            _by_call(plan, derive, adjoint, wrt, bars)
        case Rule() as rule:
            _by_adjoint(plan, derive, rule, bars)


def _again(plan: Plan, derive: Derive, bars: list[Operand | None]) -> None:
    """Run the function again; adjoints of numbers, so far, go in, and come out with what is added.

    So they are summed in the order in which they would be if the function stood here.
    """
    function, args = derive.function, derive.args
    active = [k for k, arg in enumerate(args) if plan.activity.is_active(arg)]
    so_far = {k: bar for k in active if (bar := _so_far(plan, derive, k)) is not None}
    handed = tuple(function.params[k] for k in so_far)
    inner = replace(function, results=(*function.results, *handed))
    known = [contents(plan, arg) for arg in args]
    _, found = reverse(plan.builder, inner, active, (*bars, *so_far.values()), known)
    for k, bar in zip(active, found, strict=True):
        arg = args[k]
        if k in so_far and isinstance(arg, Value):
            plan.top.bars[arg] = bar
        else:
            add(plan, arg, bar)


def _so_far(plan: Plan, derive: Derive, k: int) -> Operand | None:
    """Return the adjoint of a number that is passed once, as far as it is summed."""
    arg = derive.args[k]
    if not isinstance(arg, Value) or is_array(arg) or derive.args.count(arg) > 1:
        return None
    return lookup(plan, arg, len(plan.stack) - 1)


def _by_partials(plan: Plan, derive: Derive, partials: Function, out_bar: Operand | None) -> None:
    """arg_bar += partial times out_bar, summed over what the argument was broadcast along."""
    (out,) = derive.outs
    args = [contents(plan, arg) for arg in derive.args]
    found = splice(plan.builder, partials, (made(plan, out), *args))
    for k, partial in zip(spoken_of(derive), found, strict=True):
        if plan.activity.is_active(derive.args[k]) and out_bar is not None:
            add_reduced(plan, derive.args[k], times(plan.builder, partial, out_bar), out)


def _by_adjoint(plan: Plan, derive: Derive, rule: Rule, bars: list[Operand | None]) -> None:
    if rule.adjoint is None:
        raise NotDifferentiable(
            f"The rule of `{derive.function.name}` has no `adjoint`, which reverse mode needs.",
            derive.origin.span,
            "Add it: `sd.rule(f, tangent=..., adjoint=...)`.",
        )
    pairs = zip(floats(derive.function), bars, strict=True)
    full = [_or_zero(plan, derive.outs[k], bar) for k, bar in pairs]
    outs = [made(plan, out) for out in derive.outs]
    args = [contents(plan, arg) for arg in derive.args]
    found = splice(plan.builder, rule.adjoint, (*full, *outs, *args))
    for k, bar in zip(spoken_of(derive), found, strict=True):
        add(plan, derive.args[k], bar)


def _by_call(
    plan: Plan,
    derive: Derive,
    adjoint: Function,
    wrt: tuple[int, ...],
    bars: list[Operand | None],
) -> None:
    """By a call of the adjoint of a function that calls itself: see `transform.part`."""
    pairs = zip(floats(derive.function), bars, strict=True)
    seeds = [_or_zero(plan, derive.outs[k], bar) for k, bar in pairs]
    *given, stack = derive.args
    arrays = [contents(plan, arg) for arg in given if is_array(arg)]
    targets: list[Operand] = []
    numbers: list[int] = []
    for k in wrt:
        arg = given[k]
        if not is_array(arg):
            numbers.append(k)
        elif isinstance(arg, Value) and plan.activity.is_active(arg):
            targets.append(shadow(plan, arg))
        else:
            assert isinstance(arg, Value)
            targets.append(full_array(plan, arg, None))
    place = need(plan, derive.outs[-1])
    outs = [beside(given[k], f"{derive.function.params[k].name}_bar") for k in numbers]
    first = len(seeds) + len(arrays)
    plan.builder.append(
        Derive(
            tuple(outs),
            adjoint,
            "call",
            (),
            (),
            (*seeds, *arrays, *targets, stack, place),
            plan.builder.origin,
            onto=tuple(range(first, first + len(targets))),
        )
    )
    for k, bar in zip(numbers, outs, strict=True):
        add(plan, given[k], bar)


def _or_zero(plan: Plan, out: Value, bar: Operand | None) -> Operand:
    if bar is not None:
        return bar
    if not is_array(out):
        return constant(0, Scalar(out.type.dtype))
    return full_array(plan, out, None)


def _bar(plan: Plan, out: Value) -> Operand | None:
    """Return the adjoint of what a `Derive` gives, in the shape of it."""
    bar = bar_of(plan, out)
    if bar is None:
        return None
    return full_array(plan, out, bar) if is_array(out) else bar
