"""Lower bounds of values, where they follow from the way the values are made.

`1 + exp(-x)` is at least 1, `1 + x * x` too: a division by it has no pole.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.ir.nodes import Call, Const, Operand

BOUNDED = frozenset({np.tanh, np.sin, np.cos, np.arctan, np.sign})
"""Functions that are finite, whatever they are given."""


@dataclass(eq=False)
class Signs:
    """Answers for one function; None where no bound is known."""

    flow: Dataflow
    known: dict[Operand, float | None] = field(default_factory=dict)

    def least(self, operand: Operand) -> float | None:
        """Return a number that `operand` is never below."""
        if isinstance(operand, Const):
            return float(operand.value)
        if operand not in self.known:
            self.known[operand] = None
            definition = self.flow.definitions.get(operand)
            statement = definition.statement if definition is not None else None
            if isinstance(statement, Call):
                self.known[operand] = self._of(statement)
        return self.known[operand]

    def is_positive(self, operand: Operand) -> bool:
        """Say whether `operand` is above zero, and not by rounding alone."""
        least = self.least(operand)
        return least is not None and least > 0.0

    def _of(self, call: Call) -> float | None:
        match call.function, call.args:
            case (np.exp | np.exp2 | np.square | np.absolute, _):
                return 0.0
            case (np.cosh, _):
                return 1.0
            case (np.multiply, (left, right)) if left is right:
                return 0.0
            case (np.power, (_, Const(value=exponent))) if exponent in (2, 4, 6):
                return 0.0
            case (np.sqrt, (arg,)):
                least = self.least(arg)
                return None if least is None else math.sqrt(max(least, 0.0))
        return self._of_two(call)

    def _of_two(self, call: Call) -> float | None:
        if len(call.args) != 2:
            return None
        left, right = (self.least(arg) for arg in call.args)
        if call.function is np.maximum:
            return max((bound for bound in (left, right) if bound is not None), default=None)
        if left is None or right is None:
            return None
        if call.function is np.add:
            return left + right
        if call.function is np.multiply and left >= 0.0 and right >= 0.0:
            return left * right
        return None
