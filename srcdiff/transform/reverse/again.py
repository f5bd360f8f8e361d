"""Whether a value can be made again in the adjoint sweep, and what that costs."""

from collections.abc import Iterable

import numpy as np

from srcdiff import words
from srcdiff.analysis.dataflow import Dataflow, Definition
from srcdiff.analysis.dependence import Access
from srcdiff.analysis.tbr import Record, record
from srcdiff.ir.nodes import Call, Const, Load, Operand, Statement, Value, View, is_array
from srcdiff.ir.walk import asks, has_effect, operands
from srcdiff.transform.reverse.plan import Frame, Plan, Price

DEAR = frozenset(
    {np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan}
    | {np.tanh, np.sinh, np.cosh, np.arctan, np.arcsin, np.arccos, np.arctan2, np.power, np.cbrt}
    | {np.matmul, words.product, np.arcsinh, np.arccosh, np.arctanh, np.hypot, np.logaddexp}
)
"""Functions whose value is cheaper to keep than to compute again."""


def is_dear(definition: Definition, flow: Dataflow) -> bool:
    """Say whether a value is cheaper to keep; so is an integer that a quotient was rounded to.

    A number that is made of whole arrays, as a sum, would ask for all of their elements.
    """
    match definition.statement:
        case Call(function=words.cast, out=out, args=(arg,)) if not is_array(out):
            return out.type.dtype.kind in "iu" and _divides(arg, flow)
        case Call(function=function, out=out, args=args) as call:
            whole = is_array(out) or (any(map(is_array, args)) and not asks(call))
            return function in DEAR or whole
    return False


def _divides(operand: Operand, flow: Dataflow) -> bool:
    """Say whether a real number is made of a quotient."""
    definition = flow.definitions.get(operand) if isinstance(operand, Value) else None
    match definition.statement if definition is not None else None:
        case Call(function=function, args=args) if operand.type.dtype.kind == "f":
            return function is np.divide or any(_divides(arg, flow) for arg in args)
    return False


def leaves(
    plan: Plan, operand: Operand, seen: dict[Value, frozenset[Value] | None]
) -> frozenset[Value] | None:
    """Return what must be kept so that a value can be made again here; None: it cannot be."""
    if isinstance(operand, Const):
        return frozenset()
    depth = plan.depth_of(operand)
    frame = plan.stack[depth]
    if frame.kind == "region" or operand in frame.available:
        return frozenset()
    if operand not in seen:
        seen[operand] = None
        seen[operand] = _leaves_of(plan, operand, frame, seen)
    return seen[operand]


def _leaves_of(
    plan: Plan, value: Value, frame: Frame, seen: dict[Value, frozenset[Value] | None]
) -> frozenset[Value] | None:
    definition = plan.definition(value)
    statement = definition.statement
    if definition.kind != "simple" or not isinstance(statement, Call | Load | View):
        return None
    if isinstance(statement, Call) and is_array(value) and plan.aliases.is_memory(value):
        return None
    if has_effect(statement):
        return None
    if _is_overwritten(plan, definition, frame):
        return None
    result: frozenset[Value] = frozenset()
    for operand in operands(statement):
        inner = leaves(plan, operand, seen)
        if inner is None:
            assert isinstance(operand, Value)
            inner = frozenset({operand})
        result |= inner
    return result if len(result) <= 1 else None


def _is_overwritten(plan: Plan, definition: Definition, frame: Frame) -> bool:
    """Say whether memory that a statement reads is written before the present position."""
    statement = definition.statement
    if isinstance(statement, View) or statement is None:
        return False
    if isinstance(statement, Call) and statement.function is np.shape:
        return False
    roots = {
        plan.aliases.root(o)
        for o in operands(statement)
        if isinstance(o, Value) and plan.aliases.is_memory(o)
    }
    if not roots:
        return False
    if definition.block is not frame.block:
        return True
    later = definition.block.statements[definition.position + 1 : frame.position + 1]
    return any(plan.aliases.writes[s] & roots for s in later)


def is_free(plan: Plan, condition: Value | Call, *wanted: Operand) -> bool:
    """Say whether it costs nothing to find a condition again from what is wanted for that.

    Else it is kept, one byte each time: in the first round, and in the second where what it would
    read or keep is not there anyway (`paid`). Another condition is as good to keep.
    """
    if condition in plan.free:
        return True
    cost = price(plan, *wanted)
    plan.prices[condition] = cost
    return not cost.reads and all(value.type.dtype.kind == "b" for value in cost.kept)


def paid(plan: Plan) -> set[Value | Statement]:
    """Return the conditions that could be found again at no further cost."""
    there = plan.kept.keys() | plan.expanded.keys() | plan.delayed
    possible = {each: cost for each, cost in plan.prices.items() if cost.kept <= there}
    reads = [read for cost in possible.values() for read in cost.reads]
    if not reads or recorded(plan, reads).saves <= plan.saves:
        return set(possible)
    return {
        each for each, cost in possible.items() if recorded(plan, cost.reads).saves <= plan.saves
    }


def recorded(plan: Plan, more: Iterable[Access] = ()) -> Record:
    """Return what must be saved for what is read as built, and more."""
    reads = [*plan.reads, *more]
    return record(plan.function, reads, plan.aliases, plan.dependence, plan.merged)


def price(plan: Plan, *wanted: Operand) -> Price:
    """Return what it costs to have operands at this point of the adjoint sweep."""
    result, seen = Price(), set[Value]()
    pending = list(wanted)
    while pending:
        operand = pending.pop()
        if isinstance(operand, Const) or operand in seen:
            continue
        seen.add(operand)
        pending += _price(plan, operand, result)
    return result


def _price(plan: Plan, value: Value, result: Price) -> list[Operand]:
    """Add what a value itself costs; return what it is made of, if it is made again."""
    frame, definition = plan.stack[plan.depth_of(value)], plan.definition(value)
    if frame.kind == "region" or value in frame.available:
        return []
    statement = definition.statement
    if definition.kind != "simple":
        counts = definition.kind == "index" or value.type.dtype.kind in "iu"
        result.kept.update(set() if counts else {value})
        return []
    view = isinstance(statement, View)
    if not view and (leaves(plan, value, {}) is None or is_dear(definition, plan.flow)):
        result.kept.add(value)
        return []
    assert isinstance(statement, Call | Load | View)
    if not view and not (isinstance(statement, Call) and statement.function is np.shape):
        for operand in operands(statement):
            if isinstance(operand, Value) and plan.aliases.is_memory(operand):
                at = statement.indices if isinstance(statement, Load) else ()
                access = Access(operand, at, definition.block, definition.position)
                result.reads.append(access)
    return list(operands(statement))
