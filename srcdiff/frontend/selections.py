"""NumPy functions that read or write elements at given places, and the norms of vectors."""

import ast
from typing import Any

import numpy as np

from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import apply, literal
from srcdiff.frontend.arrays import FULL, array, axes_of, known_array, static
from srcdiff.frontend.context import Context, Entity, Static, plain
from srcdiff.frontend.places import gather, places_of
from srcdiff.frontend.records import opened
from srcdiff.frontend.subscripts import complete, entity_items
from srcdiff.frontend.writes import Selection, update_at, write_places
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Const, Item, Operand, Value
from srcdiff.library import LIBRARY, matrix_norm


def take(
    c: Context, node: ast.AST, name: str, a: Entity, indices: Entity, axis: Entity | None = None
) -> Entity:
    source, wanted = known_array(c, node, a), static(c, node, axis, "axis")
    if wanted is None:
        source, wanted = indexing.reshape(c, node, source, [integer(-1)]), 0
    (place,) = axes_of(c, node, wanted, len(source.shape))
    if isinstance(indices, tuple):
        indices = array(c, node, "_i", indices)
    if isinstance(indices, Value | Const) and indices.type.dtype.kind not in "iu":
        c.fail(node, "np.take takes integers.", "Use `a[mask]` for a mask.")
    chosen = entity_items(c, node, indices)
    items = complete(c, node, source, [*[FULL] * place, *chosen])
    if indexing.has_arrays(items):
        taken = gather(c, node, places_of(c, node, source, items), name)
        c.unordered.discard(taken)
        return taken
    indexing.check_bounds(c, node, source, items)
    if indexing.is_element(items):
        return c.builder.load(source, indexing.element(items), name)
    return c.builder.copy(indexing.view(c, node, source, items, "_t"), name)


def put(c: Context, node: ast.AST, name: str, a: Entity, ind: Entity, v: Entity) -> Entity:
    target = known_array(c, node, a)
    if isinstance(ind, tuple):
        ind = array(c, node, "_i", ind)
    if len(target.shape) != 1:
        c.fail(node, "np.put is only supported for arrays of one axis.", "Write `a[i, j] = v`.")
    write_places(c, node, _selection(c, node, target, ind), _number(c, node, v))
    return Static(None)


def nonzero(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    mask = known_array(c, node, a)
    if not 1 <= len(mask.shape) <= 3:
        c.fail(node, "np.nonzero takes arrays of one to three axes.", "Write a loop.")
    return c.inline(c, Static(LIBRARY[np.nonzero]), (mask,), {}, node)


def flatnonzero(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
    flat = indexing.reshape(c, node, known_array(c, node, a), [integer(-1)])
    found = nonzero(c, node, name, flat)
    assert isinstance(found, tuple)
    return found[0]  # type: ignore[no-any-return]


def where(
    c: Context,
    node: ast.AST,
    name: str,
    condition: Entity,
    x: Entity | None = None,
    y: Entity | None = None,
) -> Entity:
    if x is None and y is None:
        return nonzero(c, node, name, condition)
    operands = []
    for entity in (condition, x, y):
        if entity is None:
            c.fail(node, "np.where takes one argument or three.", "Pass both values.")
        operands.append(_number(c, node, entity))
    return apply(c, node, np.where, operands, name)


# ---- updates that count each time ----


def _at(function: Any) -> Any:
    """Return the handler of `np.add.at` and its like."""

    def handler(
        c: Context, node: ast.AST, name: str, a: Entity, indices: Entity, b: Entity
    ) -> Entity:
        target = known_array(c, node, a)
        chosen = _selection(c, node, target, indices)
        update_at(c, node, function, chosen, _number(c, node, plain(opened(c, node, b))))
        return Static(None)

    return handler


def _selection(c: Context, node: ast.AST, target: Value, indices: Entity) -> Selection:
    items: list[Item] = complete(c, node, target, entity_items(c, node, indices))
    return Selection(target, tuple(items))


def _number(c: Context, node: ast.AST, entity: Entity) -> Operand:
    if isinstance(entity, tuple):
        return array(c, node, "_t", entity)
    if isinstance(entity, Value | Const):
        return entity
    c.fail(node, "A number or an array is expected here.", "Pass a number or an array.")


# ---- norms ----

LENGTHS = (None, 1, 2, np.inf, -np.inf)
"""The `ord` of vectors that are supported; "fro" is that of a matrix."""


def norm(
    c: Context,
    node: ast.AST,
    name: str,
    x: Entity,
    ord: Entity | None = None,
    axis: Entity | None = None,
    keepdims: Entity | None = None,
) -> Entity:
    source = known_array(c, node, x)
    if source.type.dtype.kind != "f":
        source = c.builder.cast(source, np.dtype(np.float64))  # type: ignore[assignment]
    kind, wanted = static(c, node, ord, "ord"), static(c, node, axis, "axis")
    keep = literal(bool(static(c, node, keepdims, "keepdims")))
    axes = axes_of(c, node, wanted, len(source.shape))
    if len(axes) == 2 and kind in (1, -1, np.inf, -np.inf) and len(source.shape) == 2:
        return c.inline(c, Static(matrix_norm), (source, ord, keep), {}, node)  # type: ignore[arg-type]
    known = LENGTHS if len(axes) == 1 else (None, "fro") if len(axes) == 2 else (None,)
    if kind not in known or not axes:
        c.fail(
            node,
            f"np.linalg.norm with ord={kind!r} over {len(axes)} axes is not supported.",
            "Supported are 1, 2, inf and -inf of vectors, and 'fro', 1 and inf of matrices.",
        )
    arguments = (source, ord or Static(None), axis or Static(None), keep)
    return c.inline(c, Static(LIBRARY[np.linalg.norm]), arguments, {}, node)


UFUNCS = (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum)
UPDATES: dict[Any, Any] = {function.at: _at(function) for function in UFUNCS}
"""To their indices a list is an array, and a tuple is one index for each axis."""

HANDLERS: dict[Any, Any] = {
    np.take: take,
    np.put: put,
    np.nonzero: nonzero,
    np.flatnonzero: flatnonzero,
    np.where: where,
    np.linalg.norm: norm,
    **UPDATES,
}
