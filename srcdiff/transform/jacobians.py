"""Jacobians and series as functions of their own, made of tangents and adjoints.

A Jacobian comes by columns, all tangents at once, or by rows, one cotangent after another:

f_tangent(x_dot, x) -> y_dot          J(x): x_dot = the unit tangents; y_dot is J, by columns
f_adjoint(y_bar, x) -> x_bar    ->    J(x): for i: y_bar = the unit cotangent i; J[i] = x_bar
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from srcdiff.ir.build import Builder, constant, extents, integer
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    If,
    Index,
    Item,
    Join,
    Operand,
    Reshape,
    Slice,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.types import BOOL, PYTHON_INT, Array, Scalar, Type
from srcdiff.ir.walk import clone, substitute_block
from srcdiff.transform.splice import splice

FULL = Slice(None, None, None)


def columns(function: Function, count: int) -> Function:
    """Return the Jacobian of what `function`, a tangent of several directions, is the tangent of.

    The first `count` parameters are the tangents. There is one result for each result of `function`
    and each tangent: of the shape of the one, then that of the other.
    """
    seeds, params = function.params[:count], function.params[count:]
    first, rest = prologue(function, params)
    builder = Builder()
    shapes = [seed.shape[:-1] for seed in seeds]
    sizes = [_size(builder, shape) for shape in shapes]
    starts = _starts(builder, sizes)
    mapping: dict[Value, Operand] = {
        seed: _basis(builder, seed, start, starts[-1])
        for seed, start in zip(seeds, starts[:-1], strict=True)
    }
    body = substitute_block(Block(tuple(rest)), mapping)
    end = Builder()
    found = [mapping.get(r, r) if isinstance(r, Value) else r for r in function.results]
    results = [
        _cast(end, _block(end, result, shape, starts[k : k + 2], whole=count == 1), seeds[k])
        for result in found
        for k, shape in enumerate(shapes)
    ]
    statements = (*first, *builder.statements, *body.statements, *end.statements)
    return replace(function, params=params, body=Block(statements), results=tuple(results))


def prologue(
    function: Function, params: Sequence[Value]
) -> tuple[list[Statement], list[Statement]]:
    """Return the statements that ask the parameters for their extents, and all others."""
    asked = {extent for param in params for extent in param.shape}
    first: list[Statement] = []
    rest: list[Statement] = []
    for statement in function.body.statements:
        known = isinstance(statement, Call) and statement.out in asked
        (first if known else rest).append(statement)
    return first, rest


def _size(builder: Builder, shape: Sequence[Operand]) -> Operand:
    size: Operand = integer(1)
    for extent in shape:
        size = builder.fold(np.multiply, size, extent)
    return size


def _starts(builder: Builder, sizes: Sequence[Operand]) -> list[Operand]:
    """Return where the columns of each tangent begin, and where the last one's end."""
    starts: list[Operand] = [integer(0)]
    for size in sizes:
        starts.append(builder.fold(np.add, starts[-1], size))
    return starts


def _basis(builder: Builder, seed: Value, start: Operand, width: Operand) -> Value:
    """Append unit tangents: element number k is 1 in direction `start + k`, and else 0."""
    dtype = seed.type.dtype
    basis = builder.zeros((*seed.shape[:-1], width), dtype, seed.name)

    def unit(inner: Builder, place: tuple[Operand, ...], number: Operand) -> None:
        column = inner.fold(np.add, start, number)
        inner.store(basis, (*place, column), constant(1, Scalar(dtype)))

    each(builder, seed.shape[:-1], unit)
    return basis


def each(
    builder: Builder,
    shape: Sequence[Operand],
    body: Callable[[Builder, tuple[Operand, ...], Operand], None],
    place: tuple[Operand, ...] = (),
    number: Operand | None = None,
) -> None:
    """Append loops over all elements of a shape; `body` gets their indices and their number."""
    number = integer(0) if number is None else number
    if not shape:
        body(builder, place, number)
        return
    index = Value("i", PYTHON_INT)
    inner = Builder(builder.origin)
    scaled = inner.fold(np.multiply, number, shape[0])
    each(inner, shape[1:], body, (*place, index), inner.fold(np.add, scaled, index))
    loop = For(index, integer(0), shape[0], integer(1), (), inner.block(), origin=builder.origin)
    builder.append(loop)


def _cast(builder: Builder, block: Operand, seed: Value) -> Operand:
    """Return a block in the dtype of its argument, as a gradient has it."""
    return builder.cast(block, seed.type.dtype, "jacobian")


def _block(
    builder: Builder,
    result: Operand,
    shape: tuple[Operand, ...],
    bounds: Sequence[Operand],
    *,
    whole: bool,
) -> Operand:
    """Append the part of a Jacobian that belongs to one tangent, in the shape of its argument."""
    assert isinstance(result, Value)
    outer = result.shape[:-1]
    if not shape and not outer:
        return builder.load(result, (bounds[0],), "jacobian")
    part = result
    if not shape:
        items: tuple[Item, ...] = (*[FULL] * len(outer), bounds[0])
        part = builder.view(result, Index(items), Array(result.type.dtype, len(outer), "A"), outer)
    elif not whole:
        size = builder.fold(np.subtract, bounds[1], bounds[0])
        items = (*[FULL] * len(outer), Slice(bounds[0], bounds[1], None))
        type = Array(result.type.dtype, len(outer) + 1, "A" if outer else "C")
        part = builder.view(result, Index(items), type, (*outer, size))
    if isinstance(part.type, Array) and part.type.layout != "C":
        part = builder.copy(part, "jacobian")
    if len(shape) < 2:
        return part
    type = Array(result.type.dtype, len(outer) + len(shape))
    return builder.view(part, Reshape(), type, (*outer, *shape), "jacobian")


def rows(primal: Function, function: Function, wrt: Sequence[int]) -> Function:
    """Return the Jacobian of `primal`, whose adjoint with cotangents as parameters `function` is.

    `wrt` are the positions of the parameters that it is the adjoint of. There is one result for
    each float result of `primal` and each of `wrt`.
    """
    builder = Builder()
    mapping: dict[Value, Operand] = {}
    first, rest = prologue(primal, primal.params)
    builder.statements += first
    builder.statements += clone(Block(tuple(rest)), mapping).statements
    found = [mapping.get(r, r) if isinstance(r, Value) else r for r in primal.results]
    outs = [out for out in found if out.type.dtype.kind == "f"]
    results: list[Operand] = []
    for number in range(len(outs)):
        results += _rows_of(builder, primal, function, wrt, outs, number)
    return replace(primal, name=function.name, body=builder.block(), results=tuple(results))


def _rows_of(
    builder: Builder,
    primal: Function,
    function: Function,
    wrt: Sequence[int],
    outs: Sequence[Operand],
    number: int,
) -> list[Operand]:
    """Append the rows that belong to one result."""
    out, params = outs[number], [primal.params[k] for k in wrt]
    shape = extents(out)
    if not shape:
        seeds = [_unit(builder, each_out, None) for each_out in outs]
        seeds[number] = constant(1, Scalar(out.type.dtype))
        return splice(builder, function, (*seeds, *primal.params))
    blocks = [
        builder.alloc((*shape, *param.shape), param.type.dtype, None, "jacobian")
        for param in params
    ]

    def row(inner: Builder, place: tuple[Operand, ...], _: Operand) -> None:
        seeds = [_unit(inner, o, place if o is out else None) for o in outs]
        bars = splice(inner, function, (*seeds, *primal.params))
        for block, param, bar in zip(blocks, params, bars, strict=True):
            if not is_array(param):
                inner.store(block, place, bar)
                continue
            items: tuple[Item, ...] = (*place, *[FULL] * len(param.shape))
            type = Array(param.type.dtype, len(param.shape))
            inner.store(inner.view(block, Index(items), type, param.shape), (), bar)

    each(builder, shape, row)
    return list(blocks)


def _unit(builder: Builder, out: Operand, place: tuple[Operand, ...] | None) -> Operand:
    """Append a cotangent that is 1 at `place`, and else 0."""
    dtype = out.type.dtype
    if not is_array(out):
        return constant(0, Scalar(dtype))
    seed = builder.zeros(extents(out), dtype, "out_bar")
    if place is not None:
        builder.store(seed, place, constant(1, Scalar(dtype)))
    return seed


def product(along: Function, back: Function) -> Function:
    """Return J' (J v): `back`, an adjoint, with the results of `along`, a tangent, as cotangents.

    `along` takes tangents and arguments, `back` cotangents and the same arguments.
    """
    count = len(along.results)
    params = along.params[len(along.params) - len(back.params) + count :]
    builder = Builder()
    builder.statements += along.body.statements
    results = splice(builder, back, (*along.results, *params))
    return replace(along, name=back.name, body=builder.block(), results=tuple(results))


def cheaper(
    primal: Function, forward: Function, backward: Function, wrt: Sequence[int]
) -> Function:
    """Return one of two functions for a Jacobian, or one that decides between them by sizes.

    A row costs about two columns, which share what they have in common.
    """
    inputs = [primal.params[k] for k in wrt]
    if not any(is_array(r) for r in primal.results if r.type.dtype.kind == "f"):
        return backward
    if not any(map(is_array, inputs)):
        return forward
    builder, mapping = Builder(), dict[Value, Operand]()
    builder.statements, rest = prologue(primal, primal.params)
    builder.statements += clone(Block(tuple(rest)), mapping).statements
    found = [mapping.get(r, r) if isinstance(r, Value) else r for r in primal.results]
    outs = [out for out in found if out.type.dtype.kind == "f"]
    n, m = (_total(builder, [extents(o) for o in each]) for each in (inputs, outs))
    few = builder.call(np.less_equal, n, builder.fold(np.multiply, m, integer(2)), type=BOOL)
    sides = Builder(), Builder()
    blocks = [splice(b, f, primal.params) for b, f in zip(sides, (forward, backward), strict=True)]
    shapes = [(*extents(out), *extents(x)) for out in outs for x in inputs]
    joins = []
    for first, second, shape in zip(*blocks, shapes, strict=True):
        type: Type = Array(first.type.dtype, len(shape), "A") if shape else Scalar(first.type.dtype)
        joins.append(Join(Value("jacobian", type, shape), first, second))
    builder.append(If(few, sides[0].block(), sides[1].block(), tuple(joins)))
    results = tuple(join.out for join in joins)
    return replace(primal, name=forward.name, body=builder.block(), results=results)


def _total(builder: Builder, shapes: Sequence[Sequence[Operand]]) -> Operand:
    return _starts(builder, [_size(builder, shape) for shape in shapes])[-1]


def stacked(function: Function, order: int) -> Function:
    """Return the coefficients of a Taylor series, stacked, from the derivatives along a direction.

    `function` gives those of order 0, for each result of the primal, then those of order 1, ...
    """
    count = len(function.results) // (order + 1)
    builder = Builder()
    builder.statements += function.body.statements
    results = []
    for k in range(count):
        first = function.results[k]
        shape = extents(first)
        series = builder.alloc((integer(order + 1), *shape), first.type.dtype, None, "series")
        for n in range(order + 1):
            _put(builder, series, n, function.results[n * count + k])
        results.append(series)
    return replace(function, body=builder.block(), results=tuple(results))


def _put(builder: Builder, series: Value, number: int, derivative: Operand) -> None:
    """Append what stores the derivative of order `number`, divided by its factorial."""
    type = Scalar(series.type.dtype)
    if number > 1:
        factor = constant(1.0 / math.factorial(number), type)
        derivative = builder.call(np.multiply, factor, derivative)
    if not is_array(derivative):
        builder.store(series, (integer(number),), derivative)
        return
    shape = series.shape[1:]
    items: tuple[Item, ...] = (integer(number), *[FULL] * len(shape))
    row = builder.view(series, Index(items), Array(type.dtype, len(shape)), shape)
    builder.store(row, (), derivative)
