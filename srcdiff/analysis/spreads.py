"""Nests that add linear terms of each point of a box to its neighbours: adjoints of stencils.

    For i in range(1, n - 1)
        For j in range(1, m - 1)
            s = Load a_bar[i, j]
            Store a_bar[i, j] = 0.0             may be missing
            t = Call multiply(0.2, s)
            Increment b_bar[i, j] += t
            Increment b_bar[i - 1, j] += t

A term is linear in the element that is read, with literal coefficients, so that it is 0 where that
element is 0, whatever the other numbers are.
"""

from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from srcdiff.analysis.indices import Indices
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import Call, Const, For, Increment, Load, Operand, Statement, Store, Value
from srcdiff.ir.types import Array

Offsets = tuple[int, ...]
KEPT = frozenset({np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive})


@dataclass(eq=False)
class Spread:
    """What a nest reads, clears and adds to; offsets are from the counters of its loops."""

    loops: list[For]
    load: Load
    shift: Offsets
    kill: Store | None = None
    shares: list[tuple[Offsets, Increment]] = field(default_factory=list)
    terms: dict[Value, Call] = field(default_factory=dict)
    """The calls that make the terms, by what they define, in order."""

    @property
    def source(self) -> Value:
        return self.load.ref

    @property
    def target(self) -> Value:
        return self.shares[0][1].ref

    @property
    def starts(self) -> Offsets:
        return tuple(int(loop.start.value) for loop in self.loops if isinstance(loop.start, Const))


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
    return statement.function in (np.add, np.subtract) and statement.out.type.dtype.kind == "i"


def looks_like_one(statement: Statement) -> bool:
    """Say whether it is worth finding out whether a statement is such a nest."""
    _, inner = chain(statement)
    loads = sum(isinstance(s, Load) for s in inner)
    adds = sum(isinstance(s, Increment) for s in inner)
    stores = sum(isinstance(s, Store) for s in inner)
    rest = len(inner) - loads - adds - stores
    calls = sum(isinstance(s, Call) for s in inner)
    return loads == 1 and adds > 1 and stores <= 1 and rest == calls


def spread(statement: Statement, integers: Indices) -> Spread | None:
    """Return what a nest does, if it is such a nest."""
    loops, inner = chain(statement)
    if not all(map(_counts, loops)) or not isinstance(inner[0], Load):
        return None
    shift = offsets(inner[0].indices, loops, integers)
    if shift is None or not _is_plain(inner[0].ref):
        return None
    found = Spread(loops, inner[0], shift)
    if not all(_takes(found, each, integers) for each in inner[1:]):
        return None
    several = len({offset for offset, _ in found.shares}) > 1
    return found if several and _is_whole(found) else None


def _counts(loop: For) -> bool:
    """Say whether a loop counts up by 1 from a literal to its end, and carries nothing."""
    simple = loop.leave is None and loop.trips is None and not loop.carried
    start = loop.start.value if isinstance(loop.start, Const) else -1
    return simple and is_constant(loop.step, 1) and start >= 0


def offsets(places: tuple[Operand, ...], loops: list[For], integers: Indices) -> Offsets | None:
    """Return how far each index is from the counter of its loop; none may be negative."""
    found = [integers.affine(place) for place in places]
    if [base for base, _ in found] != [loop.index for loop in loops]:
        return None
    if not all(map(integers.is_index, places)):
        return None
    return tuple(offset for _, offset in found)


def _is_plain(ref: Value) -> bool:
    return isinstance(ref.type, Array) and ref.type.layout == "C" and ref.type.dtype.kind == "f"


def _takes(found: Spread, statement: Statement, integers: Indices) -> bool:
    """Take one more statement of the nest, if it fits."""
    match statement:
        case Store(ref=ref, indices=places, value=value) if found.kill is None:
            found.kill = statement
            same = offsets(places, found.loops, integers) == found.shift
            return same and ref is found.source and _is_zero(value)
        case Increment(ref=ref, indices=places, value=value):
            offset = offsets(places, found.loops, integers)
            if offset is None or statement.origin.sweep != "adjoint":
                return False
            found.shares.append((offset, statement))
            plain = ref is found.target and ref is not found.source and _is_plain(ref)
            return plain and ref.type.dtype == value.type.dtype and _is_term(found, value)
        case Call(out=out):
            found.terms[out] = statement
            return out.type.dtype == found.load.out.type.dtype and _is_linear(found, statement)
    return False


def _is_zero(value: Operand) -> bool:
    return is_constant(value, 0)


def _is_term(found: Spread, operand: Operand) -> bool:
    return operand is found.load.out or operand in found.terms


def _is_linear(found: Spread, call: Call) -> bool:
    match call:
        case Call(function=np.negative | np.positive, args=(arg,)):
            return _is_term(found, arg)
        case Call(function=np.add | np.subtract, args=(left, right)):
            return _is_term(found, left) and _is_term(found, right)
        case Call(function=np.multiply, args=(Const(value=factor), arg)):
            return isfinite(factor) and _is_term(found, arg)
        case Call(function=np.multiply, args=(arg, Const(value=factor))):
            return isfinite(factor) and _is_term(found, arg)
        case Call(function=np.divide, args=(arg, Const(value=factor))):
            return factor != 0 and isfinite(factor) and _is_term(found, arg)
    return False


def _is_whole(found: Spread) -> bool:
    """Say whether no bound of the nest is made in it, and it has the axes of both arrays."""
    inner = {loop.index for loop in found.loops}
    inner |= {s.out for loop in found.loops for s in loop.body.statements if isinstance(s, Call)}
    return all(loop.stop not in inner for loop in found.loops)


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
