"""Reverse mode: a primal sweep that keeps what is needed, then an adjoint sweep that uses it.

    y = Call sin(x)                       y = Call sin(x)
    z = Call multiply(y, x)        ->     z = Call multiply(y, x)
    return z                              x_bar = Call multiply(y, out_bar)
                                          y_bar = Call multiply(x, out_bar)
                                          x_bar = Call add(x_bar, cos(x) * y_bar)
                                          return x_bar

Values are kept or made again; memory is undone. A value that the adjoint sweep needs is there
already (defined in the region's own block), or made again just before the statement that needs it
is reversed, if nothing it reads has been written since, or else kept at its definition. A write
saves what it overwrites if the adjoint sweep reads that as it was before (`analysis.tbr`).
Adjoints of scalars and of arrays that are values are SSA values; arrays that are written, indexed
or viewed have a shadow, whose views are the same views.

The adjoint of an independent loop whose sums have adjoints known beforehand runs together with the
primal, once: its body is a *region*, a block whose two sweeps follow each other.

The function is built twice: the first round finds what the adjoint sweep reads of memory, the
second saves only that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard

import numpy as np

from srcdiff.analysis.activity import activity
from srcdiff.analysis.aliasing import aliases
from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.dependence import dependence_of
from srcdiff.analysis.originals import originals
from srcdiff.analysis.smooth import smoothness
from srcdiff.errors import ShapeError
from srcdiff.ir.build import Builder, constant, extents
from srcdiff.ir.nodes import (
    Block,
    Const,
    For,
    Function,
    Guard,
    Increment,
    Operand,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.recursion import is_recursive_call
from srcdiff.ir.text import KEPT
from srcdiff.ir.types import BOOL, PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import blocks, statements
from srcdiff.transform.reverse.again import paid, recorded
from srcdiff.transform.reverse.bars import add, bar_of, full_array
from srcdiff.transform.reverse.early import kept, promising, weight
from srcdiff.transform.reverse.plan import Frame, NotForwards, NotMergeable, Plan
from srcdiff.transform.reverse.primal_sweep import primal_sweep
from srcdiff.transform.reverse.sections import sections, still_hold
from srcdiff.transform.reverse.statements import reverse_block
from srcdiff.transform.reverse.tapes import thread
from srcdiff.transform.titles import title

PARTING = "between the sweeps"
TRUE = Const(True, BOOL)


@dataclass(frozen=True, eq=False)
class Request:
    """What is asked for: `wrt`, whether results are returned, and whether seeds are parameters.

    The last `constant` results are returned but not differentiated. `fixed` are the seeds of float
    results, by their number, that are known; None leaves a result out. Where results are not surely
    `wanted`, a seed may be 0 because a branch was not taken. Where the sweeps are to be `parted`
    (`transform.part`), no loop does both, and `PARTING` stands between them.
    """

    wrt: tuple[Value, ...]
    with_value: bool = True
    seeded: bool = False
    name: str = ""
    constant: int = 0
    fixed: Mapping[int, Const | None] = field(default_factory=dict)
    wanted: bool = True
    parted: bool = False


def adjoint(function: Function, request: Request) -> Function:
    """Return the function that computes the adjoints of `request.wrt`.

    Its parameters are those of `function`, after one seed for each float result if seeded; it
    returns the results of `function`, if asked for, then one adjoint for each of `request.wrt`.
    """
    classes, flow = aliases(function), dataflow(function)
    plan = Plan(
        function,
        flow,
        classes,
        activity(function, request.wrt, classes),
        smoothness(function, flow, classes, wanted=request.wanted),
        dependence_of(flow),
        {} if request.parted else originals(function, flow),
    )
    # What calls have put on a stack is taken off it in the opposite order.
    plan.backwards.update(s for s in statements(function.body) if _has_recursive_calls(s))
    if request.parted:
        plan.unmergeable.update(s for s in statements(function.body) if isinstance(s, For))
    built = _settled(plan, request)
    while (loop := promising(plan)) is not None:
        built = _with_early(plan, request, loop, built)
    return built


def _settled(plan: Plan, request: Request) -> Function:
    """Build the adjoint, anew for each loop that turns out to be another one than was thought."""
    while True:
        try:
            plan.final, plan.free, plan.sections = False, set(), []
            _reverse(plan, request)
            found = recorded(plan)
            plan.saves, plan.sections = found.saves, sections(plan, found)
            plan.free = paid(plan)
            plan.final = True
            return _final(plan, request)
        except NotMergeable as refusal:
            if refusal.loop in plan.early:
                raise
            plan.unmergeable.add(refusal.loop)
        except NotForwards as refusal:
            plan.backwards.add(refusal.loop)


def _with_early(plan: Plan, request: Request, loop: For, built: Function) -> Function:
    """Return the adjoint that runs both sweeps of `loop` at once, if it keeps less than `built`."""
    before, others = kept(plan), (set(plan.unmergeable), set(plan.backwards))
    plan.tried.add(loop)
    plan.early.add(loop)
    try:
        again = _settled(plan, request)
        if weight(kept(plan)) < weight(before):
            return again
    except NotMergeable:
        pass
    plan.early.discard(loop)
    plan.unmergeable, plan.backwards = others
    plan.kept, plan.expanded, plan.saved = before
    return built


def _final(plan: Plan, request: Request) -> Function:
    """Build the adjoint that saves only what is read; again if it reads more than was thought."""
    while True:
        built = _build(plan, request)
        found = recorded(plan)
        sections = [section for section in plan.sections if still_hold(section, found)]
        if found.saves <= plan.saves and len(sections) == len(plan.sections):
            return built
        plan.saves, plan.sections = plan.saves | found.saves, sections


def _has_recursive_calls(statement: Statement) -> TypeGuard[For | While]:
    """Say whether a statement is a loop with calls of functions that call themselves."""
    if not isinstance(statement, For | While):
        return False
    inner = (s for block in blocks(statement) for s in statements(block))
    return any(map(is_recursive_call, inner))


def _reverse(plan: Plan, request: Request) -> tuple[Frame, tuple[Value, ...], tuple[Operand, ...]]:
    """Write the adjoint sweep, and decide what is kept for it; return its seeds and results."""
    plan.start()
    frame = Frame(plan.function.body, "region")
    frame.position = len(frame.block.statements)
    plan.stack.append(frame)
    seeds = _seed(plan, request)
    reverse_block(plan, frame)
    frame.position = 0
    return frame, seeds, _results(plan, request, seeds)


def _build(plan: Plan, request: Request) -> Function:
    """Build the adjoint: both sweeps, one after the other."""
    function = plan.function
    frame, seeds, bars = _reverse(plan, request)
    primal = primal_sweep(plan, function.body, frame)
    values, copies = _values(plan) if request.with_value else ((), [])
    primal += copies
    if request.parted:
        primal.append(Guard(TRUE, AssertionError, PARTING))
    body = thread([*primal, *frame.head.statements, *frame.builder.statements])
    return replace(
        function,
        name=request.name or f"{function.name}_adjoint",
        params=(*seeds, *function.params),
        body=Block(tuple(body)),
        results=(*values, *bars),
        doc=title("Adjoint", function, "with respect to", request.wrt),
        notes=(*function.notes, KEPT),
    )


def _values(plan: Plan) -> tuple[tuple[Operand, ...], list[Statement]]:
    """Return the results; arrays whose writes the adjoint sweep undoes are copied before it."""
    undone = {plan.aliases.root(w.ref) for w in plan.saved if isinstance(w, Store | Increment)}
    undone |= {plan.aliases.root(section.ref) for section in plan.cut}
    builder, values = Builder(), []
    for result in plan.function.results:
        memory = isinstance(result, Value) and plan.aliases.is_memory(result)
        if isinstance(result, Value) and memory and plan.aliases.root(result) in undone:
            result = builder.copy(result, result.name)
        values.append(result)
    return tuple(values), builder.statements


def _seed(plan: Plan, request: Request) -> tuple[Value, ...]:
    """Hand the seeds to the adjoints of the results."""
    differentiated = plan.function.results[: len(plan.function.results) - request.constant]
    results = [r for r in differentiated if r.type.dtype.kind == "f"]
    given: dict[int, Operand | None] = dict(request.fixed)
    if not request.seeded:
        given |= {k: constant(1, Scalar(r.type.dtype)) for k, r in enumerate(results)}
    names = [f"out_{k}_bar" for k in range(len(results))] if len(results) > 1 else ["out_bar"]
    seeds = {
        k: _parameter(plan, result, names[k]) for k, result in enumerate(results) if k not in given
    }
    plan.seeds = set(seeds.values())
    for k, result in enumerate(results):
        seed = seeds[k] if k in seeds else given[k]
        if seed is not None:
            add(plan, result, seed)
    return tuple(seeds.values())


def _parameter(plan: Plan, result: Operand, name: str) -> Value:
    """Return the parameter for the adjoint of a result: an array of the result's shape."""
    if not is_array(result):
        return Value(name, Scalar(result.type.dtype))
    shape = tuple(
        Value(f"_{name}_{axis}", PYTHON_INT) if isinstance(extent, Value) else extent
        for axis, extent in enumerate(extents(result))
    )
    seed = Value(name, Array(result.type.dtype, len(shape)), shape)
    builder = plan.top.builder
    for axis, (extent, wanted) in enumerate(zip(shape, extents(result), strict=True)):
        if isinstance(extent, Value):
            builder.call_into(extent, np.shape, (seed,), (("axis", axis),))
            ok = builder.call(np.equal, extent, wanted)
            builder.guard(ok, ShapeError, f"`{name}` must have the shape of the result")
    return seed


def _results(plan: Plan, request: Request, seeds: tuple[Value, ...]) -> tuple[Operand, ...]:
    """Return the adjoint of each argument: of its shape and dtype, and memory of its own."""
    bars: list[Operand] = []
    for param in request.wrt:
        bar = bar_of(plan, param)
        if is_array(param):
            full = full_array(plan, param, bar)
            if any(full is other for other in (*bars, *seeds, *plan.function.results)):
                full = plan.builder.copy(full, f"{param.name}_bar")
            bar = full
        bars.append(constant(0, Scalar(param.type.dtype)) if bar is None else bar)
    return tuple(bars)
