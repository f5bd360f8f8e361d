"""Values whose adjoint cannot be 0 merely because a branch was not taken.

A partial that can be infinite times an adjoint that is 0 must be 0 where the 0 comes from a branch
that was not taken (`where`, an `if`, a loop without iterations, an element that nobody reads).
Where a value reaches the results by smooth functions alone, the guard can be left out.
"""

from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.loops import roles
from srcdiff.analysis.activity import reach_from
from srcdiff.analysis.aliasing import Aliases
from srcdiff.ir.nodes import Call, For, Function, Operand, Value
from srcdiff.ir.walk import statements
from srcdiff.rules import elementwise_rule

LINEAR = frozenset({np.sum, np.matmul, np.copy})


def smoothness(function: Function, flow: Dataflow, aliases: Aliases) -> "Smoothness":
    """Return what answers for `function`."""
    singular = [
        s.out
        for s in statements(function.body)
        if isinstance(s, Call)
        and (rule := elementwise_rule(s.function)) is not None
        and rule.singular
    ]
    return Smoothness(function, flow, reach_from(function, singular, aliases))


@dataclass(eq=False)
class Smoothness:
    """Answers the question for one function, remembering answers."""

    function: Function
    flow: Dataflow
    tainted: frozenset[Value]
    answers: dict[Value, bool] = field(default_factory=dict)

    def is_tainted(self, operand: Operand) -> bool:
        """Say whether an operand may be infinite although the arguments are finite."""
        return operand in self.tainted

    def __call__(self, value: Value) -> bool:
        """Say whether every way from `value` to the results is smooth and surely taken."""
        if value not in self.answers:
            self.answers[value] = False
            self.answers[value] = self._judge(value)
        return self.answers[value]

    def _judge(self, value: Value) -> bool:
        uses = self.flow.uses.get(value, [])
        if not uses and value not in self.function.results:
            return False
        block = self.flow.definitions[value].block
        for use in uses:
            statement = use.statement
            if isinstance(statement, For) and statement.body is block:
                sums = [e for e, role in roles(statement, self.flow).items() if role == "sum"]
                outs = [e.out for e in sums if e.next is value]
                if not outs or not all(map(self, outs)):
                    return False
            elif use.block is not block or not isinstance(statement, Call):
                return False
            elif not self._passes(statement):
                return False
        return True

    def _passes(self, call: Call) -> bool:
        rule = elementwise_rule(call.function)
        smooth = call.function in LINEAR or (
            rule is not None and rule.choice is None and not rule.kink
        )
        return smooth and self(call.out)
