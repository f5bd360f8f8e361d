"""Make sums of the products of vectors with matrices that need not exist.

    m = Call multiply(a, b)                 m = Call multiply(a, b)
    r = Call matmul(m, x)           ->      t = Call multiply(m, x)
                                            r = Call sum(t, axis=1)

A matrix that is computed element by element, and used so but for one product, is never made: all of
that is one loop (`fuse`), and so is its adjoint. BLAS would have it in memory, where it would be
written and read for a product that uses each of its elements once.
"""

from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import NEW_AXIS, Call, Function, Statement, Value
from srcdiff.ir.types import Array
from srcdiff.ir.walk import asks, rewrite, statements
from srcdiff.transform.fusion.scalars import is_elementwise
from srcdiff.transform.reverse.calls import FULL, expanded


def dissolve(function: Function) -> Function:
    """Make sums of the products of `function` that are the only reason for a matrix to be."""
    if not any(map(_is_of_vector, statements(function.body))):
        return function
    study = _Study(function, dataflow(function), aliases(function, through_edges=True))

    def change(statement: Statement) -> list[Statement]:
        if _is_of_vector(statement) and study.is_passing(statement):
            return _summed(statement)
        return [statement]

    return replace(function, body=rewrite(function.body, change))


def _is_of_vector(statement: Statement) -> TypeGuard[Call]:
    """Say whether a statement is a product of a matrix and a vector of floats of one dtype."""
    if not isinstance(statement, Call) or statement.function is not np.matmul:
        return False
    left, right = statement.args
    assert isinstance(left, Value) and isinstance(right, Value)
    same = left.type.dtype == right.type.dtype and left.type.dtype.kind == "f"
    return same and {len(left.shape), len(right.shape)} == {1, 2}


@dataclass(frozen=True, eq=False)
class _Study:
    """Which matrices are used element by element only."""

    function: Function
    flow: Dataflow
    aliases: Aliases

    def is_passing(self, product: Call) -> bool:
        """Say whether a matrix is computed, and used, in the block of a product, and only there."""
        (matrix,) = (a for a in product.args if isinstance(a, Value) and len(a.shape) == 2)
        made, block = self.flow.definitions[matrix], self.flow.definitions[product.out].block
        if made.block is not block or not _is_computed(made.statement):
            return False
        if self.aliases.is_memory(matrix) or matrix in self.function.results:
            return False
        users = [use for use in self.flow.uses[matrix] if not asks(use.statement)]
        others = [use for use in users if use.statement is not product]
        # Of several products each but the first may need the result of another one.
        return all(use.block is block and _goes_over(use.statement) for use in others)


def _is_computed(statement: Statement | None) -> bool:
    return isinstance(statement, Call) and is_elementwise(statement.function)


def _goes_over(statement: Statement) -> bool:
    """Say whether a statement needs one element of its arguments after the other."""
    return _is_computed(statement) or (isinstance(statement, Call) and statement.function is np.sum)


def _summed(product: Call) -> list[Statement]:
    """Return a product as the sum of an array of products."""
    left, right = product.args
    assert isinstance(left, Value) and isinstance(right, Value)
    builder = Builder(product.origin)
    by_row = len(left.shape) == 2
    if not by_row:
        left = expanded(builder, left, [FULL, NEW_AXIS])
    shape = left.shape if by_row else right.shape
    type = Array(product.out.type.dtype, 2)
    terms = builder.call(np.multiply, left, right, name="_t", type=type, shape=shape)
    static = (("axis", (1 if by_row else 0,)), ("keepdims", False))
    return [*builder.statements, replace(product, function=np.sum, args=(terms,), static=static)]
