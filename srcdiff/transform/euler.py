"""Take the value of a function that is linear in parameters from its gradient by them.

    return x_bar, b_bar      ->      return np.sum(x * x_bar) + np.sum(b * b_bar), x_bar, b_bar

It is Euler's theorem for homogeneous functions, of degree 1. The primal sweep does no more then
than the adjoint sweep asks for. Where an adjoint is 0, the parameter does not count.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcdiff.ir.build import Builder, constant
from srcdiff.ir.nodes import Block, Function, Operand, Origin, is_array


def with_value(gradient: Function, pairs: Sequence[tuple[int, int]]) -> Function:
    """Return a function of what `gradient` returns, after the value.

    That is linear in some parameters: `pairs` are their positions and those of their adjoints.
    """
    builder = Builder(Origin(sweep="adjoint"))
    total: Operand | None = None
    for param, result in pairs:
        term = _share(builder, gradient.params[param], gradient.results[result])
        total = term if total is None else builder.call(np.add, total, term)
    assert total is not None
    body = Block((*gradient.body.statements, *builder.statements))
    return replace(gradient, body=body, results=(total, *gradient.results))


def _share(builder: Builder, param: Operand, bar: Operand) -> Operand:
    """Append the share of a parameter in the value."""
    zero = constant(0, param.type)
    product = builder.call(np.multiply, param, bar)
    share = builder.call(np.where, builder.call(np.equal, bar, zero), zero, product)
    return builder.sum(share, tuple(range(len(share.shape)))) if is_array(share) else share
