"""Values whose adjoint cannot be 0 merely because a branch was not taken.

A partial that can be infinite times an adjoint that is 0 must be 0 where the 0 comes from a branch
that was not taken (`where`, an `if`, a loop without iterations) or an element that nobody reads.
Where a value reaches the results by smooth functions alone, on one way at least, its adjoint is 0
only if the formula says so, and the guard can be left out.

For poles (`strict`) every element counts, so what goes through memory is guarded. An overflow, and
a factor that may be infinite, are guarded against branches alone.
"""

from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.activity import reach_from
from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow, Use
from srcdiff.analysis.loops import roles
from srcdiff.analysis.signs import BOUNDED, Signs
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Increment,
    Load,
    Operand,
    Store,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import statements
from srcdiff.rules import elementwise_rule

LINEAR = frozenset({np.sum, np.matmul, np.copy})
OVERFLOWS = frozenset({np.exp, np.exp2, np.expm1, np.sinh, np.cosh, np.multiply, np.square})


def smoothness(
    function: Function, flow: Dataflow, aliases: Aliases, *, wanted: bool = True
) -> "Smoothness":
    """Return what answers for `function`, whose results are surely `wanted`, or perhaps not."""
    signs = Signs(flow)
    calls = [s for s in statements(function.body) if isinstance(s, Call)]
    singular = [
        s.out
        for s in calls
        if (rule := elementwise_rule(s.function)) is not None
        and rule.singular
        and not has_no_pole(s, signs)
    ]
    bounded = [s.out for s in calls if s.function in BOUNDED]
    tainted = reach_from(function, singular, aliases, bounded)
    results = function.results if wanted else ()
    return Smoothness(results, flow, aliases, signs, tainted)


def has_no_pole(call: Call, signs: Signs) -> bool:
    """Say whether a singular function is far from where its partials are infinite."""
    first, last = call.args[0], call.args[-1]
    if call.function is np.divide:
        literal = isinstance(last, Const) and last.value != 0
        return literal or signs.is_positive(last)
    if call.function is np.power:
        literal = isinstance(last, Const) and last.value >= 1
        return literal or signs.is_positive(first)
    return call.function in (np.sqrt, np.log, np.reciprocal) and signs.is_positive(first)


def is_smooth(call: Call) -> bool:
    """Say whether a function has no kink; a power has none whose exponent is a literal."""
    rule = elementwise_rule(call.function)
    if rule is None or rule.choice is not None:
        return False
    return not rule.kink or (call.function is np.power and isinstance(call.args[1], Const))


@dataclass(eq=False)
class Smoothness:
    """Answers the question for one function, remembering answers."""

    results: tuple[Operand, ...]
    flow: Dataflow
    aliases: Aliases
    signs: Signs
    tainted: frozenset[Value]
    answers: dict[tuple[Value, bool], bool] = field(default_factory=dict)

    def is_tainted(self, operand: Operand) -> bool:
        """Say whether an operand may be infinite although the arguments are finite."""
        return operand in self.tainted

    def __call__(self, value: Value, *, strict: bool) -> bool:
        """Say whether a way from `value` to the results is smooth and surely taken."""
        key = (value, strict)
        if key not in self.answers:
            self.answers[key] = False
            self.answers[key] = value in self.results or any(
                self._passes(value, use, strict=strict) for use in self.flow.uses.get(value, [])
            )
        return self.answers[key]

    def _passes(self, value: Value, use: Use, *, strict: bool) -> bool:
        block, statement = self.flow.definitions[value].block, use.statement
        if isinstance(statement, For) and statement.body is block:
            sums = [e for e, role in roles(statement, self.flow).items() if role == "sum"]
            return any(e.next is value and self(e.out, strict=strict) for e in sums)
        if use.block is not block and (strict or not self._only_loops(use.block, block)):
            return False
        if strict and self.aliases.is_memory(value):
            return False
        match statement:
            case Call(function=function, out=out):
                return (function in LINEAR or is_smooth(statement)) and self(out, strict=strict)
            case Store(ref=ref, value=stored) | Increment(ref=ref, value=stored):
                return not strict and stored is value and self._memory(ref)
            case Load(out=out) | View(out=out):
                return not strict and self(out, strict=strict)
        return False

    def _only_loops(self, inner: Block, outer: Block) -> bool:
        """Say whether nothing but counted loops is between a use and a definition."""
        for block, _, statement in self.flow.ancestors(inner):
            if not isinstance(statement, For):
                return False
            if block is outer:
                return True
        return False

    def _memory(self, ref: Value) -> bool:
        """Say whether a class of memory is read on a smooth way."""
        root = self.aliases.root(ref)
        key = (root, False)
        if key not in self.answers:
            self.answers[key] = False
            uses = (use for v in self._members(root) for use in self.flow.uses.get(v, []))
            self.answers[key] = root in self.results or any(map(self._read, uses))
        return self.answers[key]

    def _members(self, root: Value) -> list[Value]:
        return [v for v in self.flow.definitions if is_array(v) and self.aliases.root(v) is root]

    def _read(self, use: Use) -> bool:
        around = self.flow.ancestors(use.block)
        if any(isinstance(s, If) for _, _, s in around):
            return False
        match use.statement:
            case Load(out=out) | Call(out=out):
                return self(out, strict=False)
        return False
