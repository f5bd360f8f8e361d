"""Which sums may be added up in any order.

Those of adjoints may, and those of the user that only adjoints are made of: nobody sees their last
digits, and nothing is decided by them.

    For j, carried dot                        the order of the terms of dot does not matter,
        dot' = Call add(dot, x * y)           if s_bar is an adjoint
    s_bar' = Call add(s_bar, dot * v)
"""

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.loops import additions
from srcdiff.ir.nodes import (
    Call,
    Carried,
    For,
    Function,
    Increment,
    Operand,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.walk import statements
from srcdiff.words import radd

FACTORS = frozenset({np.multiply, np.divide, np.negative})


def orderless(entry: Carried, flow: Dataflow, results: tuple[Operand, ...]) -> list[Call]:
    """Return the additions of what a loop carries, if it is a sum that may be in any order."""
    if is_array(entry.phi) or entry.phi.type.dtype.kind != "f":
        return []
    found = additions(entry.phi, entry.next, flow) or []
    if all(call.origin.sweep == "adjoint" for call in found):
        return found
    return found if _is_for_adjoints(entry.out, flow, results) else []


def orderless_sums(function: Function, flow: Dataflow) -> int:
    """Count the sums of the user in innermost loops that may be in any order."""
    loops = (s for s in statements(function.body) if isinstance(s, For))
    inner = (s for s in loops if not any(isinstance(each, For) for each in s.body.statements))
    found = (orderless(entry, flow, function.results) for loop in inner for entry in loop.carried)
    return sum(any(call.origin.sweep != "adjoint" for call in calls) for calls in found)


def _is_for_adjoints(value: Value, flow: Dataflow, results: tuple[Operand, ...]) -> bool:
    """Say whether a number is only multiplied, and added to adjoints."""
    uses = flow.uses.get(value, [])
    if not uses or any(result is value for result in results):
        return False
    return all(_is_for_adjoint(use.statement, value, flow, results) for use in uses)


def _is_for_adjoint(
    statement: Statement, value: Value, flow: Dataflow, results: tuple[Operand, ...]
) -> bool:
    if statement.origin.sweep != "adjoint":
        return False
    match statement:
        case Increment(value=term, indices=indices):
            return term is value and value not in indices
        case Call(function=function, out=out) if function in FACTORS and not is_array(out):
            return _is_for_adjoints(out, flow, results)
        case Call(function=np.add | np.subtract, args=(total, term), out=out):
            return term is value and _is_carried(total, out, flow)
        case Call(function=function, args=(total, term), out=out) if function is radd:
            return term is value and _is_carried(total, out, flow)
    return False


def _is_carried(total: Operand, following: Value, flow: Dataflow) -> bool:
    """Say whether a sum is one that a loop carries."""
    if not isinstance(total, Value) or flow.definitions[total].kind != "phi":
        return False
    uses = flow.uses.get(following, [])
    return len(uses) == 1 and isinstance(uses[0].statement, For)
