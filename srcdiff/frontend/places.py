"""Indices that hold arrays: of integers, or of truth values.

    y = x[k]          for i in range(k.shape[0]):            k: an array of integers
                          y[i] = x[k[i]]

A mask stands for the indices of its true elements, one array for each of its axes, as in NumPy.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from srcdiff.errors import BoundsError
from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import (
    broadcast_shapes,
    is_unordered,
    place_of,
    require_equal,
)
from srcdiff.frontend.arrays import FULL
from srcdiff.frontend.context import Context, Static
from srcdiff.ir.build import integer, is_constant
from srcdiff.ir.nodes import (
    Block,
    Const,
    For,
    Increment,
    Item,
    NewAxis,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import statements
from srcdiff.library import LIBRARY, all_inside

Counters = tuple[Operand, ...]
INDEX = np.dtype(np.int64)


@dataclass(frozen=True, eq=False)
class Places:
    """Elements of `array`, one for each element of `shape`.

    `indices` has an array of integers for each axis of `array`, or None where all of the axis is
    meant. Their broadcast has `rank` axes, which are those from `first` on in `shape`.
    """

    array: Value
    indices: tuple[Value | None, ...]
    shape: tuple[Operand, ...]
    first: int
    rank: int

    def at(self, c: Context, counters: Counters) -> Counters:
        """Return the index into `array` of the element that `counters` is for."""
        chosen = counters[self.first : self.first + self.rank]
        rest = iter(counters[: self.first] + counters[self.first + self.rank :])
        return tuple(
            next(rest) if index is None else element_at(c, index, chosen) for index in self.indices
        )


def places_of(c: Context, node: ast.AST, array: Value, items: Sequence[Item]) -> Places:
    """Return the elements that an index names; indices out of bounds raise at run time."""
    axes = iter(range(len(array.shape)))
    spread: list[Item] = []
    for item in items:
        if indexing.is_mask(item):
            spread += _indices_of_mask(c, node, array, item, [next(axes) for _ in item.shape])  # type: ignore[arg-type, union-attr]
        elif isinstance(item, Value) and is_array(item):
            extent = c.facts.find(array.shape[next(axes)])
            key = ("inside", item, extent.value if isinstance(extent, Const) else extent)
            spread.append(_once(c, key, "iu", partial(_checked, c, node, item, extent)))
        else:
            spread.append(item)
            isinstance(item, NewAxis) or next(axes)
    return _arranged(c, node, array, spread)


def _arranged(c: Context, node: ast.AST, array: Value, items: Sequence[Item]) -> Places:
    """Find where the axes of the arrays go: where these stand together there, else in front."""
    view = whole_view(c, node, array, items)
    kept = [item for item in items if isinstance(item, Slice | NewAxis) or is_array(item)]
    indices = tuple(item if isinstance(item, Value) else None for item in kept)
    arrays = [index.shape for index in indices if index is not None]
    broadcast = broadcast_shapes(c, node, arrays)
    chosen = [k for k, item in enumerate(items) if isinstance(item, Value | Const)]
    together = chosen == list(range(chosen[0], chosen[-1] + 1)) if chosen else True
    first = chosen[0] if chosen and together else 0
    pairs = zip(view.shape, indices, strict=True)
    rest = [extent for extent, index in pairs if index is None]
    shape = (*rest[:first], *broadcast, *rest[first:])
    return Places(view, indices, shape, first, len(broadcast))


def whole_view(c: Context, node: ast.AST, array: Value, items: Sequence[Item]) -> Value:
    """Return the array with all but the arrays of an index applied."""
    basic = [FULL if isinstance(item, Value) and is_array(item) else item for item in items]
    if all(_is_full(item) for item in basic):
        return array
    return indexing.view(c, node, array, basic, "_t")


def _is_full(item: Item) -> bool:
    return isinstance(item, Slice) and item.start is item.stop is item.step is None


def _indices_of_mask(
    c: Context, node: ast.AST, array: Value, mask: Value, axes: Sequence[int]
) -> list[Item]:
    require_fit(c, node, array, mask, axes)

    def find() -> Any:
        return c.inline(c, Static(LIBRARY[np.nonzero]), (mask,), {}, node)

    return list(_once(c, ("nonzero", mask), "b", find))


def _once(c: Context, key: tuple[Any, ...], kinds: str, make: Callable[[], Any]) -> Any:
    """Return what was made for `key` in this block, if no array of these dtypes changed since."""
    builder, position, found = c.once.get(key, (None, 0, None))
    if builder is c.builder and not _writes(builder.statements[position:], kinds):
        return found
    made = make()
    c.once[key] = (c.builder, len(c.builder.statements), made)
    return made


def _writes(since: Sequence[Statement], kinds: str) -> bool:
    return any(
        isinstance(s, Store | Increment) and s.ref.type.dtype.kind in kinds
        for s in statements(Block(tuple(since)))
    )


def require_fit(c: Context, node: ast.AST, array: Value, mask: Value, axes: Sequence[int]) -> None:
    """Make sure that a mask has the extents of the axes that it is for."""
    for axis, extent in zip(axes, mask.shape, strict=True):
        require_equal(c, node, array.shape[axis], extent)


def _checked(c: Context, node: ast.AST, index: Value, extent: Operand) -> Value:
    """Return the indices as NumPy's integers, after a check that they are inside the axis."""
    index = c.builder.cast(index, INDEX, "_i")  # type: ignore[assignment]
    if index.shape:
        inside = c.inline(c, Static(all_inside), (index, extent), {}, node)
    else:
        inside = c.inline(c, Static(all_inside), (c.builder.load(index, ()), extent), {}, node)
    assert isinstance(inside, Value | Const)
    message = f"{place_of(c, node)}: index out of bounds in an array of indices"
    c.builder.guard(inside, BoundsError, message)
    return index


def nest(
    c: Context,
    shape: Sequence[Operand],
    body: Callable[[Counters], None],
    outer: Counters = (),
) -> None:
    """Build loops over all elements of `shape`, the last axis innermost, around `body`."""
    if not shape:
        body(outer)
        return
    index = Value("_k", PYTHON_INT)
    with c.block() as block:
        nest(c, shape[1:], body, (*outer, index))
    bounds = (integer(0), shape[0], integer(1))
    c.builder.append(For(index, *bounds, (), block.block(), None, None, c.builder.origin))


def element_at(c: Context, operand: Operand, counters: Counters) -> Operand:
    """Return the element of a number or an array that is broadcast to what `counters` run over."""
    if not isinstance(operand, Value) or not is_array(operand):
        return operand
    own = counters[len(counters) - len(operand.shape) :]
    places = tuple(
        integer(0) if is_constant(extent, 1) else counter
        for extent, counter in zip(operand.shape, own, strict=True)
    )
    return c.builder.load(operand, places)


def gather(c: Context, node: ast.AST, places: Places, name: str) -> Operand:
    """Return a new array of the elements, the element itself if there are no axes."""
    if not places.shape:
        return c.builder.load(places.array, places.at(c, ()), name)
    out = c.builder.alloc(places.shape, places.array.type.dtype, None, name)

    def fill(counters: Counters) -> None:
        c.builder.store(out, counters, c.builder.load(places.array, places.at(c, counters)))

    nest(c, places.shape, fill)
    if _may_be_unordered(c, places):
        c.unordered.add(out)
    return out


def _may_be_unordered(c: Context, places: Places) -> bool:
    """Say whether NumPy may lay out what is gathered in another order than C."""
    rest = len(places.shape) - places.rank
    arrays = [index for index in places.indices if index is not None]
    in_order = places.first == 0 and not any(is_unordered(c, index) for index in arrays)
    return len(places.shape) > 1 and not (
        in_order and (rest < 2 or not is_unordered(c, places.array))
    )
