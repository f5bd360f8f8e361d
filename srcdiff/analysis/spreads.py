"""Nests that add linear terms of each point of a box to its neighbours: adjoints of stencils.

    For i in range(1, n - 1)
        For j in range(1, m - 1)
            s = Load a_bar[i, j]
            Store a_bar[i, j] = 0.0             may be missing
            t = Call multiply(0.2, s)
            Increment b_bar[i, j] += t
            Increment b_bar[i - 1, j] += t

A term is a sum of products of the element that is read and of numbers that the nest does not
change; it may be set to 0 where that element is 0. An index may be `(j + 1) % m` where j counts to
m: that axis is a ring. What else the nest does must have nothing to do with these two arrays.
"""

from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from srcdiff.analysis.indices import Indices
from srcdiff.analysis.memory import Memory
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Call,
    Const,
    For,
    Guard,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import blocks, changing, has_effect

Offsets = tuple[int, ...]
INTEGERS = (np.add, np.subtract, np.remainder)


@dataclass(eq=False)
class Spread:
    """What a nest reads, clears and adds to; offsets are from the counters of its loops."""

    loops: list[For]
    load: Load
    shift: Offsets
    shares: list[tuple[Offsets, Increment]]
    terms: dict[Value, Call]
    """The calls that make the terms, by what they define, in order."""
    kill: Store | None = None
    rings: frozenset[int] = frozenset()
    """The axes along which what is added goes round."""

    @property
    def source(self) -> Value:
        return self.load.ref

    @property
    def target(self) -> Value:
        return self.shares[0][1].ref

    @property
    def starts(self) -> Offsets:
        return tuple(int(loop.start.value) for loop in self.loops if isinstance(loop.start, Const))

    @property
    def does_more(self) -> bool:
        """Say whether the nest does something besides."""
        own: set[Statement | None] = {self.kill, *(share for _, share in self.shares)}
        inner = chain(self.loops[0])[1]
        rest = any(_acts(each) for each in inner if each not in own)
        return rest or any(loop.carried for loop in self.loops)


def _acts(statement: Statement) -> bool:
    acts = isinstance(statement, Store | Increment | Guard) or has_effect(statement)
    return acts or bool(blocks(statement))


def chain(statement: Statement) -> tuple[list[For], list[Statement]]:
    """Return the loops of a nest of nothing but integers and one loop each, and what is in it."""
    loops: list[For] = []
    while isinstance(statement, For):
        loops.append(statement)
        inner = [s for s in statement.body.statements if not is_index(s)]
        if len(inner) != 1 or not isinstance(inner[0], For):
            return loops, inner
        statement = inner[0]
    return loops, []


def is_index(statement: Statement) -> bool:
    """Say whether a statement makes an integer of others."""
    if not isinstance(statement, Call) or statement.out.shape:
        return False
    return statement.function in INTEGERS and statement.out.type.dtype.kind == "i"


def looks_like_one(statement: Statement) -> bool:
    """Say whether it is worth finding out whether a statement is such a nest."""
    _, inner = chain(statement)
    refs = [s.ref for s in inner if isinstance(s, Increment) and s.origin.sweep == "adjoint"]
    return len(refs) > len(set(refs)) and any(isinstance(s, Load) for s in inner)


def spread(statement: Statement, integers: Indices, memory: Memory) -> Spread | None:
    """Return what a nest does, if it is such a nest."""
    loops, inner = chain(statement)
    if not all(map(_counts, loops)):
        return None
    terms = _Terms(loops, integers, changing(loops[0]))
    for each in inner:
        terms.take(each)
    added = [s for s in inner if isinstance(s, Increment)]
    for target in dict.fromkeys(s.ref for s in added):
        found = terms.spread([s for s in added if s.ref is target], inner)
        if found is not None and _is_apart(found, inner, memory):
            return found
    return None


def _counts(loop: For) -> bool:
    """Say whether a loop counts up by 1 from a literal to its end."""
    start = loop.start.value if isinstance(loop.start, Const) else -1
    return loop.leave is None and loop.trips is None and is_constant(loop.step, 1) and start >= 0


@dataclass(eq=False)
class _Terms:
    """The numbers in a nest that are fixed, and those that are linear in one element."""

    loops: list[For]
    integers: Indices
    inner: set[Value]
    calls: dict[Value, Call] = field(default_factory=dict)
    fixed: set[Value] = field(default_factory=set)
    element: dict[Value, Load] = field(default_factory=dict)
    """By number, the element that it is linear in."""
    zero: dict[Value, Load] = field(default_factory=dict)
    """By condition, the element of which it says that what is linear in it is 0."""

    def take(self, statement: Statement) -> None:
        match statement:
            case Load(out=out, ref=ref, indices=places) if _is_plain(ref):
                if offsets(places, self.loops, self.integers) is not None:
                    self.element[out] = statement
            case Call(out=out, args=args) if not out.shape:
                load = self.linear(statement)
                asked = self.element.get(args[0]) if isinstance(args[0], Value) else None
                if statement.function is np.equal and asked and is_constant(args[1], 0):
                    self.zero[out] = asked
                    self.calls[out] = statement
                elif all(map(self.is_fixed, args)) and not has_effect(statement):
                    self.fixed.add(out)
                    self.calls[out] = statement
                elif load is not None and load.out.type.dtype == out.type.dtype:
                    self.element[out] = load
                    self.calls[out] = statement

    def is_fixed(self, operand: Operand) -> bool:
        if isinstance(operand, Const):
            return isfinite(operand.value)
        return not is_array(operand) and (operand not in self.inner or operand in self.fixed)

    def linear(self, call: Call) -> Load | None:
        """Return the element in which the result of a call is linear."""
        parts = [self.element.get(arg) if isinstance(arg, Value) else None for arg in call.args]
        match call.function, parts:
            case ((np.negative | np.positive), [load]):
                return load
            case ((np.add | np.subtract), [load, other]) if load is other:
                return load
            case np.multiply, [None, load] if self.is_fixed(call.args[0]):
                return load
            case ((np.multiply | np.divide), [load, None]) if self.is_fixed(call.args[1]):
                return load
            case np.where, [None, None, load] if is_constant(call.args[1], 0):
                condition = call.args[0]
                known = isinstance(condition, Value) and self.zero.get(condition) is load
                return load if known else None
        return None

    def spread(self, added: list[Increment], inner: list[Statement]) -> Spread | None:
        """Return the spread that some increments of one array are."""
        loads = {self.element.get(s.value) if isinstance(s.value, Value) else None for s in added}
        load = loads.pop()
        if loads or load is None or not all(map(_is_adjoint, added)):
            return None
        places, rings = self.places([s.indices for s in added])
        shift = offsets(load.indices, self.loops, self.integers)
        shares = [(at, s) for at, s in zip(places, added, strict=True) if at is not None]
        if shift is None or len(shares) < len(added) or len(set(places)) < 2:
            return None
        if any(shift[axis] for axis in rings):
            return None
        found = Spread(self.loops, load, shift, shares, self.calls, rings=rings)
        for at, each in enumerate(inner):
            if isinstance(each, Store) and each.ref is load.ref and found.kill is None:
                found.kill = each
                if at < inner.index(load) or not self.clears(found, each):
                    return None
        return None if any(loop.stop in self.inner for loop in self.loops) else found

    def places(
        self, all_places: list[tuple[Operand, ...]]
    ) -> tuple[list[Offsets | None], frozenset[int]]:
        """Return how far each place is from the counters, and the axes that are rings."""
        flat = [tuple(map(self.unrolled, places, self.loops)) for places in all_places]
        pairs = [(k, p) for places in flat for k, p in enumerate(places)]
        rings = frozenset(k for k, (_, rolled) in pairs if rolled)
        plain = [
            offsets(tuple(p for p, _ in places), self.loops, self.integers, rings)
            for places in flat
        ]
        straight = {k for k, (place, rolled) in pairs if not rolled and self.is_beside(place, k)}
        return ([None] * len(plain), frozenset()) if rings & straight else (plain, rings)

    def unrolled(self, place: Operand, loop: For) -> tuple[Operand, bool]:
        """Return (j + 1, True) of `(j + 1) % m` where j counts from 0 to m."""
        call = self.integers.calls.get(place) if isinstance(place, Value) else None
        match call:
            case Call(function=np.remainder, args=(inner, size)) if is_constant(
                loop.start, 0
            ) and self.integers.affine(size) == self.integers.affine(loop.stop):
                return inner, True
        return place, False

    def is_beside(self, place: Operand, axis: int) -> bool:
        return self.integers.affine(place) != (self.loops[axis].index, 0)

    def clears(self, found: Spread, store: Store) -> bool:
        """Say whether a store sets the element to 0 that was read."""
        same = offsets(store.indices, self.loops, self.integers) == found.shift
        return same and is_constant(store.value, 0)


def _is_adjoint(added: Increment) -> bool:
    same = added.value.type.dtype == added.ref.type.dtype
    return added.origin.sweep == "adjoint" and same and _is_plain(added.ref)


def _is_plain(ref: Value) -> bool:
    return isinstance(ref.type, Array) and ref.type.layout == "C" and ref.type.dtype.kind == "f"


def _is_apart(found: Spread, inner: list[Statement], memory: Memory) -> bool:
    """Say whether nothing else in the nest touches the two arrays, and these are two."""
    own: set[Statement | None] = {found.load, found.kill, *(share for _, share in found.shares)}
    roots = {memory.root(found.source), memory.root(found.target)}
    rest = [memory.reads(s) | memory.writes(s) for s in inner if s not in own]
    return len(roots) == 2 and all(map(roots.isdisjoint, rest))


def offsets(
    places: tuple[Operand, ...],
    loops: list[For],
    integers: Indices,
    rings: frozenset[int] = frozenset(),
) -> Offsets | None:
    """Return how far each index is from the counter of its loop; none may be negative."""
    found = [integers.affine(place) for place in places]
    if [base for base, _ in found] != [loop.index for loop in loops]:
        return None
    if not all(k in rings or integers.is_index(place) for k, place in enumerate(places)):
        return None
    return tuple(offset for _, offset in found)


def hands_over(statement: Statement, integers: Indices) -> tuple[Value, Value] | None:
    """Return (from, to) of a nest that adds all elements of one array to those of another."""
    loops, inner = chain(statement)
    match inner:
        case [Load(out=out, ref=ref, indices=places), Increment(value=value) as added] if (
            value is out and added.ref is not ref and added.origin.sweep == "adjoint"
        ):
            own = tuple(0 for _ in loops)
            both = (offsets(places, loops, integers), offsets(added.indices, loops, integers))
            pairs = zip(loops, ref.shape, strict=False)
            if both == (own, own) and all(integers.covers(*pair) for pair in pairs):
                return ref, added.ref
    return None


def waist(found: Spread) -> Value:
    """Return the last number of a nest from which all its terms are made, as from the element."""
    values = [share.value for _, share in found.shares]
    for value in reversed(found.terms):
        if all(_follows(found, each, value) for each in values):
            return value
    return found.load.out


def _follows(found: Spread, value: Operand, middle: Value) -> bool:
    """Say whether `value` is made of `middle`, and not of the element in another way."""
    if value is middle:
        return True
    if value is found.load.out or not isinstance(value, Value) or value not in found.terms:
        return False
    parts = found.terms[value].args
    made = [part for part in parts if _depends(found, part)]
    return bool(made) and all(_follows(found, part, middle) for part in made)


def _depends(found: Spread, value: Operand) -> bool:
    if value is found.load.out:
        return True
    if not isinstance(value, Value) or value not in found.terms:
        return False
    return any(_depends(found, part) for part in found.terms[value].args)
