"""Values whose adjoint cannot be 0 merely because a branch was not taken.

A partial that can be infinite times an adjoint that is 0 must be 0 where the 0 comes from a branch
that was not taken (`where`, an `if`, a loop without iterations) or an element that nobody reads.
Where a value reaches the results by smooth functions alone, on one way at least, its adjoint is 0
only if the formula says so, and the guard can be left out.

For poles (`strict`) every element counts, so what goes through memory is guarded. An overflow, and
a factor that may be infinite, are guarded against branches alone.
"""

from collections.abc import Iterator
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
    Carried,
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
from srcdiff.words import product

LINEAR = frozenset({np.sum, np.matmul, product, np.copy})
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


@dataclass(frozen=True)
class _Place:
    """A value, or, with `memory`, the contents of a class; `strict` as in the question."""

    value: Value
    strict: bool
    memory: bool = False


@dataclass(eq=False)
class Smoothness:
    """Answers the question for one function, remembering answers."""

    results: tuple[Operand, ...]
    flow: Dataflow
    aliases: Aliases
    signs: Signs
    tainted: frozenset[Value]
    answers: dict[_Place, bool] = field(default_factory=dict)
    sums: dict[For, list[Carried]] = field(default_factory=dict)

    def is_tainted(self, operand: Operand) -> bool:
        """Say whether an operand may be infinite although the arguments are finite."""
        return operand in self.tainted

    def __call__(self, value: Value, *, strict: bool) -> bool:
        """Say whether a way from `value` to the results is smooth and surely taken."""
        place = _Place(value, strict)
        if place not in self.answers:
            self._explore(place)
        return self.answers[place]

    def _explore(self, start: _Place) -> None:
        """Answer for all places that smooth ways lead to from `start`; ways may be circles."""
        before: dict[_Place, list[_Place]] = {start: []}
        pending, reached = [start], []
        while pending:
            place = pending.pop()
            if self.answers.get(place) or place.value in self.results:
                reached.append(place)
                continue
            for following in self._following(place):
                if following not in before:
                    before[following] = []
                    pending.append(following)
                before[following].append(place)
        self.answers |= dict.fromkeys(before.keys() - self.answers.keys(), False)
        while reached:
            place = reached.pop()
            self.answers[place] = True
            reached += [each for each in before[place] if not self.answers[each]]

    def _following(self, place: _Place) -> Iterator[_Place]:
        """Iterate over the places that a smooth function takes a place to."""
        if place in self.answers:
            return
        if place.memory:
            for member in self._members(place.value):
                for use in self.flow.uses.get(member, []):
                    yield from self._read(use)
            return
        for use in self.flow.uses.get(place.value, []):
            yield from self._passed(place.value, use, strict=place.strict)

    def _passed(self, value: Value, use: Use, *, strict: bool) -> Iterator[_Place]:
        block, statement = self.flow.definitions[value].block, use.statement
        if isinstance(statement, For) and statement.body is block:
            found = [entry.out for entry in self._sums(statement) if entry.next is value]
            yield from (_Place(out, strict) for out in found)
            return
        if use.block is not block and (strict or not self._only_loops(use.block, block)):
            return
        if strict and self.aliases.is_memory(value):
            return
        match statement:
            case Call(function=function, out=out) if function in LINEAR or is_smooth(statement):
                yield _Place(out, strict)
            case Store(ref=ref, value=stored) | Increment(ref=ref, value=stored):
                if not strict and stored is value:
                    yield _Place(self.aliases.root(ref), strict, memory=True)
            case Load(out=out) | View(out=out) if not strict:
                yield _Place(out, strict)

    def _sums(self, loop: For) -> list[Carried]:
        if loop not in self.sums:
            found = roles(loop, self.flow).items()
            self.sums[loop] = [entry for entry, role in found if role == "sum"]
        return self.sums[loop]

    def _only_loops(self, inner: Block, outer: Block) -> bool:
        """Say whether nothing but counted loops is between a use and a definition."""
        for block, _, statement in self.flow.ancestors(inner):
            if not isinstance(statement, For):
                return False
            if block is outer:
                return True
        return False

    def _members(self, root: Value) -> list[Value]:
        return [v for v in self.flow.definitions if is_array(v) and self.aliases.root(v) is root]

    def _read(self, use: Use) -> Iterator[_Place]:
        """Iterate over what is read of memory, on a way that is surely taken."""
        around = self.flow.ancestors(use.block)
        if any(isinstance(s, If) for _, _, s in around):
            return
        match use.statement:
            case Load(out=out) | Call(out=out):
                yield _Place(out, False)
