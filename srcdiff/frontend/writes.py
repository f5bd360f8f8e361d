"""Writes: what assignments and in-place operators share, and writes at arrays of indices.

x[k] = v      for i in range(k.shape[0]):      x[m] = 1.0      for i in range(m.shape[0]):
                  x[k[i]] = v[i]                                   if m[i]:
                                                                       x[i] = 1.0
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

import numpy as np

from srcdiff.errors import AliasingError, UnsupportedSyntax
from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import apply, require_equal
from srcdiff.frontend.arrays import FULL
from srcdiff.frontend.context import Context
from srcdiff.frontend.infer import loop_dtypes
from srcdiff.frontend.places import (
    Counters,
    Places,
    element_at,
    gather,
    nest,
    places_of,
    require_fit,
    whole_view,
)
from srcdiff.ir.build import extents
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    If,
    Increment,
    Item,
    Operand,
    Store,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import statements


def check_fits(c: Context, node: ast.AST, target: Sequence[Operand], value: Operand) -> None:
    """Make sure that `value` broadcasts to the shape of what is written."""
    shape = extents(value)
    if len(shape) > len(target):
        c.fail(
            node,
            "The right side has more axes than what it is assigned to.",
            "Reduce or index the right side.",
        )
    for extent, wanted in zip(shape[::-1], target[::-1], strict=False):
        if not (isinstance(extent, Const) and extent.value == 1):
            require_equal(c, node, wanted, extent)


def is_fresh(c: Context, value: Value) -> bool:
    """Say whether an array was made by the last statement, so that nothing else refers to it."""
    last = c.builder.statements[-1:]
    return any(isinstance(s, Call | Alloc) and s.out is value for s in last)


def adds_in_place(function: Any, array: Value, value: Operand) -> bool:
    """Say whether `array op= value` is an addition that stays in the dtype of the array."""
    if function not in (np.add, np.subtract):
        return False
    if function is np.subtract and array.type.dtype.kind == "u":
        return False
    return loop_dtypes(np.add, (array.type, value.type))[1] == array.type.dtype


def signed(c: Context, node: ast.AST, function: Any, value: Operand, array: Value) -> Operand:
    if function is np.subtract:
        value = apply(c, node, np.negative, (value,), "_t", operator=True)
    return c.builder.cast(value, array.type.dtype)


def check_dtype(c: Context, node: ast.AST, function: Any, target: Value, value: Operand) -> None:
    """NumPy refuses to write floats into integers in place."""
    result = loop_dtypes(function, (target.type, value.type))[1]
    if not np.can_cast(result, target.type.dtype, "same_kind"):
        c.fail(
            node,
            f"The result is {result}, which does not fit in place into {target.type}.",
            "Make the array a float array.",
        )


def update_element(
    c: Context,
    node: ast.AST,
    function: Any,
    array: Value,
    indices: tuple[Operand, ...],
    value: Operand,
) -> None:
    """Lower `array[indices] op= value` for one element."""
    if adds_in_place(function, array, value):
        c.builder.increment(array, indices, signed(c, node, function, value, array))
        return
    old = c.builder.load(array, indices, "_t")
    new = apply(c, node, function, (old, value), "_t", operator=True)
    c.builder.store(array, indices, c.builder.cast(new, array.type.dtype))


# ---- at arrays of indices ----


@dataclass(frozen=True, eq=False)
class Selection:
    """An array, and an index into it that holds arrays."""

    array: Value
    items: tuple[Item, ...]

    def mask(self) -> Value | None:
        """Return the mask, if it is the only array of the index."""
        arrays = [i for i in self.items if isinstance(i, Value) and is_array(i)]
        return arrays[0] if len(arrays) == 1 and indexing.is_mask(arrays[0]) else None

    def behind(self) -> int:
        """Return how many axes are left behind the arrays; 0 where these stand apart."""
        chosen = [k for k, item in enumerate(self.items) if isinstance(item, Value | Const)]
        together = chosen == list(range(chosen[0], chosen[-1] + 1))
        return len(self.items) - 1 - chosen[-1] if together else 0


def write_places(c: Context, node: ast.AST, chosen: Selection, value: Operand) -> None:
    """Lower `array[items] = value`; the right side is read first, as NumPy does."""
    _refuse_overlap(c, node, chosen, value)
    stored = _own(c, c.builder.cast(value, chosen.array.type.dtype))
    chosen = _with_own_indices(c, chosen)
    if _is_one_for_all(chosen, stored):
        _where_true(c, node, chosen, stored, partial(_store, c))
    else:
        _at_places(c, node, _places(c, node, chosen), stored, partial(_store, c))


def update_places(
    c: Context, node: ast.AST, function: Any, chosen: Selection, value: Operand
) -> None:
    """Lower `array[items] op= value`: what is named several times counts once, as in NumPy."""
    check_dtype(c, node, function, chosen.array, value)
    if chosen.mask() is None:
        chosen = _with_own_indices(c, chosen)
        places = _places(c, node, chosen)
        old = gather(c, node, places, "_t")
        new = apply(c, node, function, (old, value), "_t", operator=True)
        new = c.builder.cast(new, chosen.array.type.dtype)
        _at_places(c, node, places, new, partial(_store, c))
        return
    added = _own(c, value)
    chosen = _with_own_indices(c, chosen)
    update = partial(update_element, c, node, function)
    if _is_one_for_all(chosen, added):
        _where_true(c, node, chosen, added, update)
    else:
        _at_places(c, node, _places(c, node, chosen), added, update)


def update_at(c: Context, node: ast.AST, function: Any, chosen: Selection, value: Operand) -> None:
    """Lower `function.at(array, items, value)`: what is named several times counts each time."""
    check_dtype(c, node, function, chosen.array, value)
    added = _own(c, value)
    chosen = _with_own_indices(c, chosen)
    update = partial(update_element, c, node, function)
    _at_places(c, node, _places(c, node, chosen), added, update)


Write = Callable[[Value, Counters, Operand], None]


def _store(c: Context, array: Value, indices: Counters, value: Operand) -> None:
    c.builder.store(array, indices, value)


def _places(c: Context, node: ast.AST, chosen: Selection) -> Places:
    return places_of(c, node, chosen.array, chosen.items)


def _at_places(c: Context, node: ast.AST, places: Places, value: Operand, write: Write) -> None:
    """Build the loops that write an element of `value` at each place."""
    check_fits(c, node, places.shape, value)

    def one(counters: Counters) -> None:
        write(places.array, places.at(c, counters), element_at(c, value, counters))

    nest(c, places.shape, one)


def _is_one_for_all(chosen: Selection, value: Operand) -> bool:
    """Say whether the elements that a mask names all get the same number or array."""
    return chosen.mask() is not None and len(extents(value)) <= chosen.behind()


def _where_true(c: Context, node: ast.AST, chosen: Selection, value: Operand, write: Write) -> None:
    """Build loops over all elements, and write at those whose mask is true."""
    mask = chosen.mask()
    assert mask is not None
    at, rank = chosen.items.index(mask), len(mask.shape)
    before = sum(not isinstance(item, Value | Const) for item in chosen.items[:at])
    whole = (*chosen.items[:at], *[FULL] * rank, *chosen.items[at + 1 :])
    view = whole_view(c, node, chosen.array, whole)
    require_fit(c, node, view, mask, range(before, before + rank))
    behind = view.shape[before + rank :]
    check_fits(c, node, behind, value)

    def one(outer: Counters) -> None:
        test = c.builder.load(mask, outer[before:])
        with c.block() as then:
            nest(
                c,
                behind,
                lambda inner: write(view, (*outer, *inner), element_at(c, value, inner)),
            )
        c.builder.append(If(test, then.block(), Block(), (), c.builder.origin))

    nest(c, view.shape[: before + rank], one)


def _own(c: Context, value: Operand) -> Operand:
    """Return a value that no write changes."""
    if not isinstance(value, Value) or not is_array(value):
        return value
    return value if value is c.fresh or is_fresh(c, value) else c.builder.copy(value)


def _with_own_indices(c: Context, chosen: Selection) -> Selection:
    """Copy arrays of indices that the write itself may change."""
    kind = chosen.array.type.dtype.kind
    items = tuple(
        _own(c, item) if isinstance(item, Value) and is_array(item) and _clash(kind, item) else item
        for item in chosen.items
    )
    return replace(chosen, items=items)


def _clash(kind: str, item: Value) -> bool:
    return (kind == "b") == (item.type.dtype.kind == "b") and kind in "biu"


# ---- the order of things ----


def is_made_since(c: Context, start: int, value: object) -> bool:
    """Say whether `value` is an array made by the statements from `start` on."""
    new = c.builder.statements[start:]
    return any(isinstance(s, Call | Alloc) and s.out is value for s in new)


def _refuse_overlap(c: Context, node: ast.AST, chosen: Selection, value: Operand) -> None:
    """Refuse what NumPy itself reads while it writes: `a[mask] = a[::-1]`, `m[m[::-1]] = v`.

    It does so for a mask of all axes, and in an order that it does not promise.
    """
    mask = chosen.mask()
    if mask is None or len(chosen.items) > 1:
        return
    root = _root(c, chosen.array)
    for other in (value, mask):
        if other is not chosen.array and _root(c, other) is root:
            c.fail(
                node,
                "This writes into memory that the mask or the right side share.",
                "Copy them first, with `.copy()`: NumPy reads them while it writes.",
                AliasingError,
            )


def _root(c: Context, operand: Operand) -> Operand:
    """Return the array that `operand` is a view of, as far as that is known here."""
    views = {
        s.out: s.ref
        for builder in (*c.around, c.builder)
        for s in builder.statements
        if isinstance(s, View)
    }
    while operand in views:
        operand = views[operand]
    return operand


def refuse_writes_since(c: Context, node: ast.AST, start: int) -> None:
    """Refuse a right side that writes into arrays: NumPy reads the elements before it."""
    new = statements(Block(tuple(c.builder.statements[start:])))
    made: set[Value] = set()
    for statement in new:
        match statement:
            case Call(out=out) | Alloc(out=out):
                made.add(out)
            case View(out=out, ref=ref) if ref in made:
                made.add(out)
            case Store(ref=ref) | Increment(ref=ref) if ref not in made:
                _refuse_write(c, node)


def _refuse_write(c: Context, node: ast.AST) -> NoReturn:
    c.fail(
        node,
        "The right side writes into an array while elements are updated.",
        "Compute it on a line of its own before.",
        UnsupportedSyntax,
    )
