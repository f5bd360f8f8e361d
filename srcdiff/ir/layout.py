"""Which memory layouts follow from what is known: an array's own, and those of a view of it.

    layouts_of(float64[:, ::1])                        C, A
    layouts_of_index(float64[:, ::1], (i, Slice))      a row: C, F, A
    layouts_of_index(float64[:, ::1], (Slice, j))      a column: A
    layouts_of_transpose(float64[:, ::1], (1, 0))      F, A

"A" claims nothing and always follows; an array of fewer than two axes that is contiguous in one
order is so in both.
"""

from collections.abc import Sequence

from typing_extensions import assert_never

from srcdiff.ir.nodes import (
    Broadcast,
    Const,
    How,
    Index,
    Item,
    NewAxis,
    Operand,
    Reshape,
    Slice,
    Transpose,
    Value,
)
from srcdiff.ir.types import Array, Layout, Type

BOTH: frozenset[Layout] = frozenset({"C", "F", "A"})
C_ORDER: frozenset[Layout] = frozenset({"C", "A"})
F_ORDER: frozenset[Layout] = frozenset({"F", "A"})
NEITHER: frozenset[Layout] = frozenset({"A"})


def layouts_of(type: Type) -> frozenset[Layout]:
    """Return the layouts that a value of `type` surely has."""
    match type:
        case Array(ndim=0) | Array(ndim=1, layout="C" | "F"):
            return BOTH
        case Array(layout=layout):
            return frozenset({layout, "A"})
    return NEITHER


def layouts_of_index(ref: Array, items: Sequence[Item]) -> frozenset[Layout]:
    """Return the layouts that an array of type `ref`, indexed by `items`, surely has."""
    known = layouts_of(ref)
    axes = sum(isinstance(item, Slice | NewAxis) for item in items)
    c = "C" in known and _is_run(items)
    f = "F" in known and _is_run(items[::-1])
    if axes == 0 or (axes == 1 and (c or f)):
        return BOTH
    return NEITHER | (C_ORDER if c else NEITHER) | (F_ORDER if f else NEITHER)


def _is_run(items: Sequence[Item]) -> bool:
    """Say whether `items`, slowest axis first, take one gapless run of a contiguous array."""
    sliced = False
    for item in items:
        match item:
            case NewAxis():
                pass
            case Value() | Const():
                if sliced:
                    return False
            case Slice(start=start, stop=stop, step=step):
                whole = start is None and stop is None
                if (sliced and not whole) or not (step is None or is_one(step)):
                    return False
                sliced = True
            case _:
                assert_never(item)
    return True


def is_one(operand: Operand) -> bool:
    """Say whether `operand` is the literal 1."""
    return isinstance(operand, Const) and operand.value == 1


def layouts_of_transpose(ref: Array, axes: Sequence[int]) -> frozenset[Layout]:
    """Return the layouts that an array of type `ref`, its axes permuted, surely has."""
    known, order = layouts_of(ref), list(axes)
    if order == sorted(order):
        return known
    if order == sorted(order, reverse=True):
        swapped: dict[Layout, Layout] = {"C": "F", "F": "C", "A": "A"}
        return frozenset(swapped[layout] for layout in known)
    return NEITHER


def view_layout(ref: Array, how: How) -> Layout:
    """Return the strongest layout that a view of an array of type `ref` surely has."""
    match how:
        case Index(items=items):
            known = layouts_of_index(ref, items)
        case Transpose(axes=axes):
            known = layouts_of_transpose(ref, axes)
        case Reshape():
            known = C_ORDER
        case Broadcast():
            known = NEITHER
        case _:
            assert_never(how)
    return "C" if "C" in known else "F" if "F" in known else "A"
