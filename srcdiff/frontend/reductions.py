"""Sums, products of matrices, conversions, and the builtins of Python."""

import ast
import builtins
import math
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import (
    apply,
    literal,
    ordered_like,
    require_equal,
    without_axes,
)
from srcdiff.frontend.arrays import FULL, array, axes_of, joint_dtype, static
from srcdiff.frontend.conditions import condition
from srcdiff.frontend.context import Context, Entity, Iteration, Static
from srcdiff.ir.build import constant, extents, integer, is_constant, reduced_shape
from srcdiff.ir.nodes import NEW_AXIS, Const, Item, Operand, Value, is_array
from srcdiff.ir.types import PYTHON_FLOAT, PYTHON_INT, Array, Scalar
from srcdiff.library import LIBRARY, REDUCTIONS, RESULTS, integer_matmul, rows


def operand(c: Context, node: ast.AST, entity: Entity) -> Operand:
    """Return an argument that must be a number or an array."""
    if isinstance(entity, Value | Const):
        return entity
    if isinstance(entity, tuple) and entity:
        return array(c, node, "_t", entity)
    c.fail(node, "A number or an array is expected here.", "Pass a number or an array.")


# ---- sums ----


def sum_(
    c: Context,
    node: ast.AST,
    name: str,
    a: Entity,
    axis: Entity | None = None,
    keepdims: Entity | None = None,
) -> Entity:
    source = operand(c, node, a)
    if not isinstance(source, Value) or not is_array(source):
        return source
    source = _widened(c, source)
    axes = axes_of(c, node, static(c, node, axis, "axis"), len(source.shape))
    keep = bool(static(c, node, keepdims, "keepdims"))
    return ordered_like(c, c.builder.sum(source, axes, name, keepdims=keep), source)


def _widened(c: Context, source: Value) -> Value:
    """Return integers as the 64-bit ones in which NumPy adds and multiplies."""
    kind = {"b": np.int64, "i": np.int64, "u": np.uint64}.get(source.type.dtype.kind)
    return source if kind is None else c.builder.cast(source, np.dtype(kind))  # type: ignore[return-value]


def _of_sums(function: Any) -> Any:
    """Return the handler of a function of the library that adds up elements."""

    def handler(c: Context, node: ast.AST, name: str, a: Entity) -> Entity:
        source = operand(c, node, a)
        if not isinstance(source, Value) or not is_array(source):
            c.fail(node, "An array is expected here.", "Pass an array.")
        return c.inline(c, Static(LIBRARY[function]), (_widened(c, source),), {}, node)

    return handler


def mean(
    c: Context,
    node: ast.AST,
    name: str,
    a: Entity,
    axis: Entity | None = None,
    keepdims: Entity | None = None,
) -> Entity:
    source = operand(c, node, a)
    shape = extents(source)
    axes = axes_of(c, node, static(c, node, axis, "axis"), len(shape))
    count = indexing.size(c, [shape[axis] for axis in axes])
    total = sum_(c, node, f"_{name.lstrip('_')}", source, axis, keepdims)
    return apply(c, node, np.divide, (total, count), name)  # type: ignore[arg-type]


def _along(function: Any) -> Any:
    """Return the handler of a reduction that the library has for arrays of one axis."""

    def reduce(
        c: Context,
        node: ast.AST,
        name: str,
        a: Entity,
        axis: Entity | None = None,
        keepdims: Entity | None = None,
    ) -> Entity:
        source = operand(c, node, a)
        if not isinstance(source, Value) or not is_array(source):
            return source
        axes = axes_of(c, node, static(c, node, axis, "axis"), len(source.shape))
        keep = bool(static(c, node, keepdims, "keepdims"))
        if function is np.prod:
            source = _widened(c, source)
        shape = reduced_shape(source.shape, axes, keepdims=keep)
        body = Static(REDUCTIONS[function])
        if not shape:
            flat = indexing.reshape(c, node, source, [integer(-1)], read_only=True)
            return c.inline(c, body, (flat,), {}, node)
        matrix = _as_rows(c, node, source, axes)
        dtype = Static(np.dtype(RESULTS.get(function, source.type.dtype)))
        reduced = c.inline(c, Static(rows), (matrix, body, dtype), {}, node)
        assert isinstance(reduced, Value)
        return indexing.reshape(c, node, reduced, list(shape), name)

    return reduce


def _as_rows(c: Context, node: ast.AST, source: Value, axes: tuple[int, ...]) -> Value:
    """Return a matrix whose rows run over `axes`."""
    kept = [axis for axis in range(len(source.shape)) if axis not in axes]
    moved = indexing.transpose(c, source, [*kept, *axes])
    sizes = [indexing.size(c, [source.shape[k] for k in group]) for group in (kept, axes)]
    return indexing.reshape(c, node, moved, sizes, read_only=True)


# ---- products ----


def _floating(c: Context, *operands: Operand) -> list[Value]:
    """Return arrays in their common dtype, contiguous as BLAS wants them."""
    dtype = joint_dtype([o.type for o in operands])
    result = []
    for one in operands:
        one = c.builder.cast(one, dtype)
        assert isinstance(one, Value) and isinstance(one.type, Array)
        result.append(c.builder.copy(one) if one.type.layout == "A" else one)
    return result


def matmul(c: Context, node: ast.AST, name: str, a: Entity, b: Entity) -> Entity:
    left, right = operand(c, node, a), operand(c, node, b)
    ranks = (len(extents(left)), len(extents(right)))
    if 0 in ranks:
        c.fail(node, "`@` takes arrays, not numbers.", "Use `*`.")
    if max(ranks) > 2:
        return _stacked_matmul(c, node, name, left, right)
    inner = extents(right)[0 if ranks[1] == 1 else -2]
    require_equal(c, node, extents(left)[-1], inner)
    if ranks == (1, 1):
        return _inner_product(c, node, name, left, right)
    if joint_dtype([left.type, right.type]).kind != "f":
        return c.inline(c, Static(integer_matmul), (left, right), {}, node)
    left, right = _floating(c, left, right)
    shape = left.shape[:-1] + (right.shape[1:] if ranks[1] == 2 else ())
    type = Array(left.type.dtype, len(shape))
    return c.builder.call(np.matmul, left, right, name=name, type=type, shape=shape)


def _stacked_matmul(c: Context, node: ast.AST, name: str, left: Operand, right: Operand) -> Entity:
    """Multiply stacks of matrices; a stack of extent 1 is multiplied with all of the other."""
    assert isinstance(left, Value) and isinstance(right, Value)
    if len(left.shape) == len(right.shape):
        if is_constant(left.shape[0], 1):
            return matmul(c, node, name, _only(c, node, left), right)
        if is_constant(right.shape[0], 1):
            return matmul(c, node, name, left, _only(c, node, right))
        require_equal(c, node, left.shape[0], right.shape[0])
    return c.inline(c, Static(LIBRARY[np.matmul]), (left, right), {}, node)


def _only(c: Context, node: ast.AST, stack: Value) -> Value:
    items: list[Item] = [integer(0), *[FULL] * (len(stack.shape) - 1)]
    return indexing.view(c, node, stack, items, "_t")


def _inner_product(c: Context, node: ast.AST, name: str, left: Operand, right: Operand) -> Value:
    product = apply(c, node, np.multiply, (left, right), "_t")
    assert isinstance(product, Value)
    return c.builder.sum(product, (0,), name)


def dot(c: Context, node: ast.AST, name: str, a: Entity, b: Entity) -> Entity:
    left, right = operand(c, node, a), operand(c, node, b)
    ranks = (len(extents(left)), len(extents(right)))
    if 0 in ranks:
        return apply(c, node, np.multiply, (left, right), name)
    if max(ranks) > 2:
        c.fail(
            node,
            "np.dot of arrays with more than two axes is not supported.",
            "Use np.matmul, or write the sum you mean.",
        )
    return matmul(c, node, name, left, right)


def vdot(c: Context, node: ast.AST, name: str, a: Entity, b: Entity) -> Entity:
    flat = []
    for entity in (a, b):
        one = operand(c, node, entity)
        if not isinstance(one, Value) or not is_array(one):
            c.fail(node, "np.vdot takes arrays.", "Use `*` for numbers.")
        flat.append(indexing.reshape(c, node, one, [integer(-1)], read_only=True))
    require_equal(c, node, flat[0].shape[0], flat[1].shape[0])
    return _inner_product(c, node, name, *flat)


def inner(c: Context, node: ast.AST, name: str, a: Entity, b: Entity) -> Entity:
    left, right = operand(c, node, a), operand(c, node, b)
    if len(extents(right)) == 2 and isinstance(right, Value):
        right = indexing.transpose(c, right, (1, 0))
    return dot(c, node, name, left, right)


def outer(c: Context, node: ast.AST, name: str, a: Entity, b: Entity) -> Entity:
    left, right = operand(c, node, a), operand(c, node, b)
    if isinstance(left, Value) and is_array(left):
        flat = indexing.reshape(c, node, left, [integer(-1)], read_only=True)
        items: list[Item] = [FULL, NEW_AXIS]
        left = indexing.view(c, node, flat, items, "_t")
    if isinstance(right, Value) and is_array(right):
        right = indexing.reshape(c, node, right, [integer(-1)], read_only=True)
    return apply(c, node, np.multiply, (left, right), name)


# ---- builtins and conversions ----


def _convert(type: Scalar) -> Any:
    """Return the handler of `float`, `int`, `np.float32` and the like."""

    def convert(c: Context, node: ast.AST, name: str, x: Entity | None = None) -> Entity:
        value = without_axes(c, literal(0) if x is None else operand(c, node, x))
        if is_array(value):
            if type.weak:
                c.fail(
                    node,
                    "An array cannot be converted to a number.",
                    "Index it, or convert it with `.astype(...)`.",
                )
            return c.builder.cast(value, type.dtype, name)
        if type.dtype.kind == "b":
            return condition(c, node, value)
        if isinstance(value, Const):
            try:
                kind: Any = float if type.dtype.kind == "f" else int
                return replace(constant(kind(value.value), type), type=type)
            except (OverflowError, ValueError) as error:
                c.fail(node, f"This cannot be converted: {error}.", "Mend the number.")
        if value.type == type:
            return value
        return c.builder.convert(value, type, name)

    return convert


def _rounded(function: Any) -> Any:
    """Return the handler of `round`, `math.floor` and the like, which give Python integers."""

    def handler(c: Context, node: ast.AST, name: str, x: Entity) -> Entity:
        value = without_axes(c, operand(c, node, x))
        if is_array(value):
            c.fail(node, "This function takes a number.", f"Use np.{function.__name__}.")
        if value.type.dtype.kind in "biu":
            return c.builder.convert(value, PYTHON_INT, name)
        if isinstance(value, Const):
            return literal(int(function(value.value)))
        rounded = apply(c, node, function, (value,), "_t")
        return c.builder.convert(rounded, PYTHON_INT, name)

    return handler


def _extreme(function: Any, array_function: Any) -> Any:
    """Return the handler of the builtins `max` and `min`."""

    def extreme(c: Context, node: ast.AST, name: str, *args: Entity) -> Entity:
        items = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
        if len(items) == 1 and isinstance(items[0], Value) and is_array(items[0]):
            return c.inline(c, Static(REDUCTIONS[array_function]), (items[0],), {}, node)
        if not items or not all(isinstance(i, Value | Const) and not is_array(i) for i in items):
            c.fail(
                node,
                f"`{function.__name__}` takes numbers or one array.",
                f"Use np.{array_function.__name__} or np.maximum for arrays.",
            )
        result, *others = [operand(c, node, item) for item in items]
        for position, item in enumerate(others, 2):
            wish = name if position == len(items) else f"_{name.lstrip('_')}"
            result = _two(c, node, function, result, item, wish)
        return result

    return extreme


def _two(
    c: Context, node: ast.AST, function: Any, left: Operand, right: Operand, name: str
) -> Operand:
    """Return `max(left, right)` or `min`: of literals a literal."""
    if isinstance(left, Const) and isinstance(right, Const):
        return left if function(left.value, right.value) == left.value else right
    dtype = joint_dtype([left.type, right.type])
    weak = all(isinstance(o.type, Scalar) and o.type.weak for o in (left, right))
    operands = [c.builder.cast(one, dtype) for one in (left, right)]
    return c.builder.call(function, *operands, name=name, type=Scalar(dtype, weak), shape=())


def builtin_sum(
    c: Context, node: ast.AST, name: str, iterable: Entity, start: Entity | None = None
) -> Entity:
    if isinstance(iterable, tuple):
        total: Operand = literal(0) if start is None else operand(c, node, start)
        for item in iterable:
            total = apply(c, node, np.add, (total, operand(c, node, item)), "_t", operator=True)
        return total
    source = operand(c, node, iterable)
    if len(extents(source)) != 1:
        c.fail(node, "`sum` takes a tuple or an array of one axis.", "Use np.sum with `axis=`.")
    total = sum_(c, node, name, source)  # type: ignore[assignment]
    if start is None:
        return total
    return apply(c, node, np.add, (operand(c, node, start), total), name, operator=True)


def _iteration(kind: str) -> Any:
    def make(c: Context, node: ast.AST, name: str, *args: Entity) -> Entity:
        if kind == "range" and not (1 <= len(args) <= 3):
            c.fail(node, "`range` takes one to three integers.", "Mend the call.")
        if kind == "range":
            for arg in args:
                if not isinstance(arg, Value | Const) or arg.type.dtype.kind not in "iu":
                    c.fail(node, "`range` takes integers.", "Convert them with `int(...)`.")
        return Iteration(kind, args)

    return make


HANDLERS: dict[Any, Any] = {
    **{function: _along(function) for function in REDUCTIONS},
    np.amax: _along(np.max),
    np.amin: _along(np.min),
    np.sum: sum_,
    np.mean: mean,
    np.cumsum: _of_sums(np.cumsum),
    np.trace: _of_sums(np.trace),
    np.matmul: matmul,
    np.dot: dot,
    np.vdot: vdot,
    np.inner: inner,
    np.outer: outer,
    builtins.float: _convert(PYTHON_FLOAT),
    builtins.int: _convert(PYTHON_INT),
    builtins.round: _rounded(np.rint),
    math.floor: _rounded(np.floor),
    math.ceil: _rounded(np.ceil),
    math.trunc: _rounded(np.trunc),
    builtins.bool: _convert(Scalar(np.dtype(np.bool_), weak=True)),
    builtins.max: _extreme(builtins.max, np.max),
    builtins.min: _extreme(builtins.min, np.min),
    builtins.sum: builtin_sum,
    builtins.range: _iteration("range"),
    builtins.enumerate: _iteration("enumerate"),
    builtins.zip: _iteration("zip"),
    builtins.reversed: _iteration("reversed"),
} | {
    getattr(np, name): _convert(Scalar(np.dtype(name)))
    for name in [
        "float64",
        "float32",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
    ]
}
