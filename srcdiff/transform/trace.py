"""Take what a product of matrices is weighed to from its adjoint, which is computed anyway.

    t = Call matmul(a, b)                     t' = Call matmul(w, b.T)
    y = Call sum(w * t)               ->      y = Call sum(a * t')
    a_bar = Call matmul(w, b.T)               a_bar = t'

All of them are the trace of w^T a b. One product of three is saved, where nothing else needs `t`;
numbers that either side is multiplied by are taken out of the products. Where b is a^T, the adjoint
is a (w + w^T), and its sum with `a` twice the value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.build import Builder, constant, is_constant, same
from srcdiff.ir.nodes import Block, Call, Function, Operand, Statement, Value, is_array
from srcdiff.ir.walk import map_blocks, renewed, statements
from srcdiff.transform.factor import Matrix, is_product, matrix_of, view_of

Scale = tuple[Callable[..., Any], Operand]
"""A number that something is multiplied or divided by."""


def trace(function: Function) -> Function:
    """Merge sums over products in `function` with the products of their adjoints."""
    if sum(map(_is_product, statements(function.body))) < 2:
        return function
    work = _Tracer(dataflow(function), aliases(function, through_edges=True))
    body = work.block(function.body)
    return function if body is function.body else replace(function, body=body)


def _is_product(statement: Statement) -> bool:
    """Say whether a statement multiplies two matrices."""
    if not isinstance(statement, Call) or not is_product(statement):
        return False
    real = statement.out.type.dtype.kind == "f"
    return real and all(isinstance(a, Value) and len(a.shape) == 2 for a in statement.args)


@dataclass(frozen=True, eq=False)
class _Sum:
    """A number that is linear in a product: what it is weighed with, and the way to it."""

    weight: Matrix | None = None
    scales: tuple[Scale, ...] = ()
    path: tuple[tuple[Call, Value], ...] = ()
    """The calls from the product on, each with the argument that depends on it; the sum is last."""

    @property
    def call(self) -> Call:
        return self.path[-1][0]


@dataclass(frozen=True, eq=False)
class _Weighed:
    """A weight times numbers, or that and its transpose."""

    scales: tuple[Scale, ...] = ()
    is_twofold: bool = False


@dataclass(frozen=True, eq=False)
class _Adjoint:
    """The product of the weight and a `kept` matrix, whose sum with `factor` is the trace."""

    call: Call
    weight: Matrix
    kept: Matrix
    factor: Matrix
    weighed: _Weighed
    weighed_first: bool


@dataclass(eq=False)
class _Tracer:
    flow: Dataflow
    aliases: Aliases

    def block(self, block: Block) -> Block:
        found = [map_blocks(s, self.block) for s in block.statements]
        products = [s for s in found if isinstance(s, Call) and _is_product(s)]
        for product in products:
            if product in found and self.is_lasting(product):
                found = self.merged(found, product, [p for p in products if p in found])
        return renewed(block, found)

    def is_lasting(self, product: Call) -> bool:
        """Say whether the contents of both matrices never change."""
        return not any(self.aliases.is_memory(self.matrix(arg).array) for arg in product.args)

    def merged(
        self, found: list[Statement], product: Call, products: list[Call]
    ) -> list[Statement]:
        """Return the statements of a block, without a product if that can be done."""
        work = _Uses(self, product)
        sums = work.sums() or []
        weight = sums[0].weight if sums else None
        if weight is None or self.aliases.is_memory(weight.array):
            return found
        one_weight = all(s.weight is not None and s.weight.is_like(weight) for s in sums)
        if not one_weight or not all(s.call in found for s in sums):
            return found
        others = (p for p in products if p is not product and self.is_lasting(p))
        for other in others:
            adjoint = self.adjoint(other, product, weight)
            if adjoint is not None:
                return _rewritten(found, work.chain | {product}, sums, adjoint)
        return found

    def adjoint(self, other: Call, product: Call, weight: Matrix) -> _Adjoint | None:
        """Return what another product is, if it is one of the weight and a factor."""
        left, right = map(self.matrix, product.args)
        first, second = map(self.matrix, other.args)
        gram = left.turned().is_like(right)
        for weighed_first, meant, factor, kept in (
            (True, weight, left, right.turned()),
            (True, weight.turned(), right.turned(), left),
            (False, weight, right, left.turned()),
            (False, weight.turned(), left.turned(), right),
        ):
            one, other_one = (first, second) if weighed_first else (second, first)
            weighed = self.weighed(one, meant) if other_one.is_like(kept) else None
            if weighed is not None and (gram or not weighed.is_twofold):
                return _Adjoint(other, meant, kept, factor, weighed, weighed_first)
        return None

    def weighed(self, matrix: Matrix, weight: Matrix) -> _Weighed | None:
        """Return how a matrix is made of the weight, if it is."""
        matrix, scales = self.unscaled(matrix)
        if matrix.is_like(weight):
            return _Weighed(scales)
        match self.flow.definitions[matrix.array].statement:
            case Call(function=np.add, args=args) if all(map(is_array, args)):
                found = self.twofold(args, weight) or self.twofold(args[::-1], weight)
                return found and replace(found, scales=(*found.scales, *scales))
        return None

    def twofold(self, args: tuple[Operand, ...], weight: Matrix) -> _Weighed | None:
        """Return how two matrices are the weight and its transpose, if they are."""
        one = self.weighed(self.matrix(args[0]), weight)
        other = self.weighed(self.matrix(args[1]), weight.turned())
        if one is None or other is None or one.is_twofold or other.is_twofold:
            return None
        return replace(one, is_twofold=True) if _alike(one.scales, other.scales) else None

    def matrix(self, array: Operand) -> Matrix:
        return matrix_of(self.flow, array)

    def unscaled(self, matrix: Matrix) -> tuple[Matrix, tuple[Scale, ...]]:
        """Return what numbers have been multiplied with to give a matrix, and the numbers."""
        scales: tuple[Scale, ...] = ()
        while not self.aliases.is_memory(matrix.array):
            call = self.flow.definitions[matrix.array].statement
            scaled = _scaled(call) if isinstance(call, Call) else None
            if scaled is None:
                break
            array, scale = scaled
            inner = self.matrix(array)
            matrix = inner.turned() if matrix.flipped else inner
            scales = (scale, *scales)
        return matrix, scales


@dataclass(eq=False)
class _Uses:
    """What a block makes of a product."""

    tracer: _Tracer
    product: Call
    chain: set[Statement] = field(default_factory=set)
    """The calls that lead from the product to its sums."""

    def sums(self) -> list[_Sum] | None:
        """Return the sums that all uses of the product lead to; None: some lead elsewhere."""
        return self.ends(self.product.out, _Sum())

    def ends(self, value: Value, way: _Sum) -> list[_Sum] | None:
        found: list[_Sum] = []
        for use in self.tracer.flow.uses.get(value, ()):
            call = use.statement
            if not isinstance(call, Call):
                return None
            following = self.step(call, value, replace(way, path=(*way.path, (call, value))))
            if following is None:
                return None
            self.chain.add(call)
            ends = [following] if call.function is np.sum else self.ends(call.out, following)
            if ends is None:
                return None
            found += ends
        return found

    def step(self, call: Call, value: Value, way: _Sum) -> _Sum | None:
        """Return what a way is after a call, if that is linear in `value` and of its shape."""
        others = [arg for arg in call.args if arg is not value]
        if len(others) != len(call.args) - 1:
            return None
        match call.function:
            case np.sum if not is_array(call.out):
                return way
            case np.add if _is_full(others[0]):
                return way
            case np.subtract if _is_full(others[0]):
                if others[0] is call.args[1]:
                    return way
                return replace(way, scales=(*way.scales, _minus(call.out)))
            case np.multiply if way.weight is None and _is_full(others[0]):
                weight, scales = self.tracer.unscaled(self.tracer.matrix(others[0]))
                return replace(way, weight=weight, scales=(*way.scales, *scales))
        scaled = _scaled(call)
        if scaled is None or scaled[0] is not value:
            return None
        return replace(way, scales=(*way.scales, scaled[1]))


def _is_full(operand: Operand) -> bool:
    """Say whether an operand is a matrix that is not broadcast: guards tell that of the rest."""
    extents = operand.shape if isinstance(operand, Value) else ()
    return len(extents) == 2 and not any(is_constant(extent, 1) for extent in extents)


def _scaled(call: Call) -> tuple[Operand, Scale] | None:
    """Return the array that a call multiplies or divides by a number, and that."""
    match call:
        case Call(function=np.negative, args=(array,)) if is_array(array):
            return array, _minus(array)
        case Call(function=np.multiply | np.divide as function, args=(array, number)) if is_array(
            array
        ) and not is_array(number):
            return array, (function, number)
        case Call(function=np.multiply, args=(number, array)) if is_array(array) and not is_array(
            number
        ):
            return array, (np.multiply, number)
    return None


def _minus(like: Operand) -> Scale:
    return np.multiply, constant(-1, like.type)


def _alike(one: tuple[Scale, ...], other: tuple[Scale, ...]) -> bool:
    if len(one) != len(other):
        return False
    return all(f is g and same(a, b) for (f, a), (g, b) in zip(one, other, strict=True))


# ---- the new statements ----


def _rewritten(
    found: list[Statement], dropped: set[Statement], sums: list[_Sum], adjoint: _Adjoint
) -> list[Statement]:
    """Return the statements with the adjoint in front of the first of the sums."""
    ends = {each.call: each for each in sums}
    scales = adjoint.weighed.scales
    result: list[Statement] = []
    product: Value | None = None
    total: Operand | None = None
    for statement in found:
        builder = Builder(statement.origin)
        if product is None and (statement in ends or statement is adjoint.call):
            product = _product(builder, adjoint)
        if isinstance(statement, Call) and statement in ends:
            assert product is not None
            total = _total(builder, adjoint, product) if total is None else total
            _define(builder, ends[statement], total)
        elif statement is adjoint.call:
            assert product is not None
            _scale(builder, product, scales, adjoint.call.out)
        elif statement not in dropped:
            builder.append(statement)
        result += builder.statements
    return result


def _product(builder: Builder, adjoint: _Adjoint) -> Value:
    """Append the product of the weight, or of that and its transpose, and the kept matrix."""
    factors = [view_of(builder, matrix) for matrix in (adjoint.weight, adjoint.kept)]
    if adjoint.weighed.is_twofold:
        turned = view_of(builder, adjoint.weight.turned())
        factors[0] = builder.call(np.add, factors[0], turned)
    left, right = factors if adjoint.weighed_first else factors[::-1]
    out = adjoint.call.out
    function = adjoint.call.function
    if not adjoint.weighed.scales:
        builder.call_into(out, function, (left, right), ())
        return out
    return builder.call(function, left, right, name=out.name, type=out.type, shape=out.shape)


def _total(builder: Builder, adjoint: _Adjoint, product: Value) -> Operand:
    """Append the sum of the product over its other factor."""
    weighed = builder.call(np.multiply, view_of(builder, adjoint.factor), product)
    total = builder.sum(weighed, (0, 1))
    half = constant(0.5, total.type)
    return builder.call(np.multiply, half, total) if adjoint.weighed.is_twofold else total


def _define(builder: Builder, end: _Sum, total: Operand) -> None:
    """Append what a sum is: the total times numbers, and what has been added on the way to it."""
    rest: Operand | None = None
    for call, value in end.path[:-1]:
        rest = _followed(builder, call, value, rest)
    if rest is None:
        _scale(builder, total, end.scales, end.call.out)
        return
    first = total
    for function, number in end.scales:
        first = builder.call(function, first, number)
    assert isinstance(rest, Value)
    builder.call_into(end.call.out, np.add, (first, builder.sum(rest, (0, 1))), ())


def _followed(builder: Builder, call: Call, value: Value, rest: Operand | None) -> Operand | None:
    """Return what a call makes of the rest, which is nothing at first."""
    other = next((arg for arg in call.args if arg is not value), None)
    match call.function:
        case np.add | np.subtract if rest is None:
            assert other is not None
            turned = call.function is np.subtract and other is call.args[1]
            return builder.call(np.negative, other) if turned else other
        case _ if rest is None:
            return None
    return builder.call(call.function, *(rest if arg is value else arg for arg in call.args))


def _scale(builder: Builder, value: Operand, scales: tuple[Scale, ...], out: Value) -> None:
    """Append what multiplies and divides a value; `out` is that."""
    if not scales and value is not out:
        builder.call_into(out, np.positive, (value,), ())
    for function, number in scales[:-1]:
        value = builder.call(function, value, number)
    for function, number in scales[-1:]:
        builder.call_into(out, function, (value, number), ())
