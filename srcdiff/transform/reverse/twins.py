"""Find what a partial asks for among the values that the primal has computed anyway.

c = Call cos(x)
s = Call sin(x)           ->    x_bar = c * s_bar          (not cos(x) * s_bar)
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from srcdiff.ir.nodes import Call, Operand, Value
from srcdiff.rules.expression import Apply, Argument, Expression
from srcdiff.transform.reverse.again import DEAR
from srcdiff.transform.reverse.plan import Plan


def with_twins(plan: Plan, call: Call, partial: Expression) -> tuple[Expression, tuple[Value, ...]]:
    """Return a partial with further arguments for the dear values that exist; and these."""
    found: list[Value] = []

    def change(expression: Expression) -> Expression:
        match expression:
            case Apply(function=function, args=(Argument(position=position),)):
                twin = _twin(plan, call, function, call.args[position])
                if twin is not None:
                    found.append(twin)
                    return Argument(len(call.args) + len(found) - 1)
            case Apply(args=args):
                return replace(expression, args=tuple(map(change, args)))
        return expression

    changed = change(partial)
    return (changed, tuple(found)) if found else (partial, ())


def _twin(plan: Plan, call: Call, function: Callable[..., Any], arg: Operand) -> Value | None:
    """Return the value of `function(arg)` of the block of `call`."""
    if function not in DEAR or not isinstance(arg, Value) or plan.aliases.is_memory(arg):
        return None
    home = plan.flow.definitions[call.out].block
    if plan.stack[plan.depth_of(call.out)].ahead is not None:
        return None
    for use in plan.flow.uses.get(arg, ()):
        other = use.statement
        if not isinstance(other, Call) or use.block is not home or other.function is not function:
            continue
        if other.args == (arg,) and other.out.type.dtype == call.out.type.dtype:
            if not plan.aliases.is_memory(other.out):
                return other.out
    return None
