"""Is it worth to run a loop in lanes?

Where its innermost loops stream through arrays, they have vector code already, and lanes would cost
up to 4 times as much (they read with strides, and keep more). Where those are triangular, or carry
a state from one iteration to the next, or where there are no inner loops and much is computed, or
branches are taken, lanes are what makes vector code possible.
"""

from collections.abc import Iterator

import numpy as np

from srcdiff.analysis.dataflow import Definition
from srcdiff.analysis.loops import roles
from srcdiff.ir.nodes import (
    Call,
    For,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.walk import blocks, statements
from srcdiff.transform.jam import is_recurrence
from srcdiff.transform.lanes.study import Study
from srcdiff.transform.vectorise import is_below, replaces

FEWEST = 24
"""The least number of operations in straight code that pay for gathering and scattering."""
LEAST = 8
"""The least number of operations around inner loops."""
APART = 4
"""The least number of operations for each element that is gathered or scattered."""
SHORT = 8
FEW_LANES = 32


def may_pay(loop: For) -> bool:
    """Say whether a loop computes so much that it is worth to study it."""
    inner = statements(loop.body)
    nested = any(isinstance(s, For) for s in inner)
    return sum(isinstance(s, Call) for s in inner) >= (LEAST if nested else FEWEST)


def why_not(study: Study) -> str:
    """Return why lanes are not worth it, for a loop that can be run in lanes; empty: they are."""
    if is_below(study.loop, FEW_LANES):
        return "it has few iterations"
    inner = list(_loops(study.loop, 1))
    deepest = max((depth for depth, _ in inner), default=0)
    last = [loop for depth, loop in inner if depth == deepest]
    if not all(_needs_lanes(study, loop) for loop in last):
        return "its innermost loops have vector code of their own"
    if not inner and not _is_hard(study):
        return "it has vector code of its own"
    if not _is_busy(study, LEAST if inner else FEWEST):
        return "it computes little for each element"
    if inner and _is_for_jam(study):
        return "rows of it run side by side"
    if not inner and _goes_round(study):
        return "what it reads and writes lies side by side, but for the ends of a ring"
    return ""


def _is_for_jam(study: Study) -> bool:
    """Say whether `transform.jam` hides that rounds wait for each other, and lanes would gather.

    Rows lie apart: lanes would turn over each that is read, to no other end.
    """
    if study.strict or not is_recurrence(study.loop):
        return False
    accesses = (s for s in statements(study.loop.body) if isinstance(s, Load | Store | Increment))
    along = (study.loop.index is s.indices[-1] for s in accesses if s.ref not in study.private)
    return not any(along)


def _goes_round(study: Study) -> bool:
    """Say whether lanes would bring no more than elements together that are around a ring.

    Scalar code finds these in the cache. It is elementary functions that scalar code is slow at.
    """
    inner = list(statements(study.loop.body))
    accesses = (s for s in inner if isinstance(s, Load | Store | Increment))
    apart = [s for s in accesses if study.is_scattered(s)]
    calls = (s for s in inner if isinstance(s, Call))
    if not apart or any(replaces(call) is not None for call in calls):
        return False
    return all(_is_round(study, s.indices[-1]) for s in apart)


def _is_round(study: Study, index: Operand) -> bool:
    """Say whether an index is beside the counter of a loop, or at the other end."""
    made = study.flow.integers.calls.get(index) if isinstance(index, Value) else None
    match made:
        case Call(function=np.remainder, args=(place, _)):
            return _is_beside(study, place)
        case Call(function=np.where, args=(_, *places)):
            beside = [place for place in places if _is_beside(study, place)]
            return len(beside) == 1 and not all(map(study.varying.__contains__, places))
    return False


def _is_busy(study: Study, least: int) -> bool:
    """Say whether much is computed for each element that lies apart from the next lane's."""
    inner = list(statements(study.loop.body))
    work = sum(isinstance(s, Call) for s in inner)
    accesses = [s for s in inner if isinstance(s, Load | Store | Increment)]
    return work >= max(least, APART * sum(map(study.is_scattered, accesses)))


def _loops(loop: Statement, depth: int) -> Iterator[tuple[int, For]]:
    for block in blocks(loop):
        for statement in block.statements:
            inside = isinstance(statement, For)
            if isinstance(statement, For):
                yield depth, statement
            yield from _loops(statement, depth + inside)


def _is_hard(study: Study) -> bool:
    """Say whether something keeps LLVM from vector code of straight code."""
    inner = list(statements(study.loop.body))
    accesses = [s for s in inner if isinstance(s, Load | Store | Increment)]
    apart = any(study.is_scattered(s) or study.is_shifted(s) for s in accesses)
    return apart or any(isinstance(s, If) for s in inner)


def _needs_lanes(study: Study, loop: For) -> bool:
    """Say whether an innermost loop has no vector code of its own, or is short."""
    if "state" in roles(loop, study.flow).values() or is_below(loop, SHORT):
        return True
    return any(_is_counted(study, bound) for bound in (loop.start, loop.stop))


def _is_counted(study: Study, bound: Operand) -> bool:
    """Say whether a bound follows from the counter of an inner loop around it."""
    definition = study.flow.definitions.get(bound) if isinstance(bound, Value) else None
    match definition:
        case Definition(statement=Call(args=args)):
            return any(_is_counted(study, arg) for arg in args)
        case Definition(statement=For() as loop):
            return any(s is loop for s in statements(study.loop.body))
    return False


def _is_beside(study: Study, place: Operand) -> bool:
    return study.flow.integers.affine(place)[0] is study.loop.index
