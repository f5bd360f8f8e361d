"""Which values have an adjoint: those that depend on what is differentiated and reach a result.

    varied = wrt  | out of a statement with a varied operand     (forward, to a fixed point)
    useful = results | operands of a statement whose out is useful         (backward, likewise)
    active = varied & useful

Contents of memory are varied or useful as a class. A loop's phi, its result and both its sources
are linked in both directions, or a name that is overwritten in a loop would lose its adjoint.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases, edges
from srcdiff.ir.nodes import (
    Call,
    Derive,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    is_array,
)
from srcdiff.ir.recursion import is_own_call
from srcdiff.ir.types import is_float
from srcdiff.ir.walk import all_definitions, statements
from srcdiff.rules import is_zero


@dataclass(frozen=True, eq=False)
class Activity:
    """The active values; a class of memory stands for all its references."""

    values: frozenset[Value]
    aliases: Aliases

    def is_active(self, operand: Operand) -> bool:
        if not isinstance(operand, Value) or not is_float(operand.type):
            return False
        if is_array(operand) and self.aliases.is_memory(operand):
            return self.aliases.root(operand) in self.values
        return operand in self.values


def activity(function: Function, wrt: Iterable[Value], aliases: Aliases) -> Activity:
    """Return what is active when `function` is differentiated with respect to `wrt`."""
    flow, node = _pairs(function), _Node(aliases)
    varied = _reach({node(v) for v in wrt}, flow, node, forward=True)
    results = {node(r) for r in function.results if isinstance(r, Value)}
    active = frozenset(varied & _reach(results, flow, node, forward=False))
    return Activity(active, aliases)


def active_params(function: Function, given: Iterable[int]) -> list[int]:
    """Return the positions of the parameters that have a derivative in some call of `function`.

    Those `given` have one in the first call; what it passes in calls of itself may have one, too.
    """
    found, classes = set(given), aliases(function, through_edges=True)
    while True:
        active = activity(function, [function.params[k] for k in found], classes)
        more = {
            k
            for statement in statements(function.body)
            if is_own_call(statement, function) and isinstance(statement, Derive)
            for k, arg in enumerate(statement.args)
            if active.is_active(arg)
        }
        if more <= found:
            return sorted(found)
        found |= more


def reach_from(
    function: Function, seeds: Iterable[Value], aliases: Aliases, barred: Iterable[Value]
) -> frozenset[Value]:
    """Return every value that depends on `seeds` by a way that a derivative could take.

    No way leads through `barred`.
    """
    node, closed = _Node(aliases), frozenset(barred)
    pairs = [(target, source) for target, source in _pairs(function) if target not in closed]
    reached = _reach({node(v) for v in seeds}, pairs, node, forward=True)
    references = (v for v in all_definitions(function.body) if node(v) in reached)
    return frozenset((*reached, *references))


def _pairs(function: Function) -> list[tuple[Value, Value]]:
    return [
        (out, source)
        for statement in statements(function.body)
        for out, sources in _flows(statement)
        for source in sources
    ]


@dataclass(frozen=True, eq=False)
class _Node:
    """Maps references of one class of memory to its representative, other values to themselves."""

    aliases: Aliases

    def __call__(self, value: Value) -> Value:
        if is_array(value) and self.aliases.is_memory(value):
            return self.aliases.root(value)
        return value


def _flows(statement: Statement) -> list[tuple[Value, list[Value]]]:
    """Return (target, sources) pairs along which derivatives flow."""
    pairs: list[tuple[Value, Iterable[Operand]]] = []
    if statement.origin.constant:
        return []
    match statement:
        case Call(out=out, function=function, args=args):
            if not (function is np.shape or is_zero(function)):
                pairs = [(out, args)]
        case Derive(outs=outs, seeds=seeds, args=args):
            sources = [operand for operand in (*seeds, *args) if operand is not None]
            pairs = [(out, sources) for out in outs]
        case Load(out=out, ref=ref) | View(out=out, ref=ref):
            pairs = [(out, (ref,))]
        case Store(ref=ref, value=value) | Increment(ref=ref, value=value):
            pairs = [(ref, (value,))]
        case _:
            pairs = [(value, (source,)) for value, source in edges(statement)]
    return [
        (out, [s for s in sources if isinstance(s, Value) and is_float(s.type)])
        for out, sources in pairs
        if is_float(out.type)
    ]


def _reach(
    seeds: set[Value],
    pairs: list[tuple[Value, Value]],
    node: _Node,
    *,
    forward: bool,
) -> set[Value]:
    """Return what can be reached from `seeds` along `pairs`, or against them."""
    following: dict[Value, list[Value]] = {}
    for target, source in pairs:
        start, end = (source, target) if forward else (target, source)
        following.setdefault(node(start), []).append(node(end))
    reached, pending = set(seeds), list(seeds)
    while pending:
        for value in following.get(pending.pop(), ()):
            if value not in reached:
                reached.add(value)
                pending.append(value)
    return reached
