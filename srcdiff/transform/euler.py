"""Take the value of a function that is linear in parameters from its gradient by them.

    return x_bar, b_bar      ->      return np.sum(x * x_bar) + np.sum(b * b_bar), x_bar, b_bar

It is Euler's theorem for homogeneous functions, of degree 1. The primal sweep does no more then
than the adjoint sweep asks for, in any order. Where an adjoint is 0, the parameter does not count.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.homogeneous import linear_in
from srcdiff.analysis.orders import orderless_sums
from srcdiff.ir.build import Builder, constant
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    Increment,
    Operand,
    Origin,
    Store,
    While,
    is_array,
)
from srcdiff.ir.walk import blocks
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.factor import PRODUCTS

MANY = 8
"""What a loop is thought to run, in comparisons."""


def euler(function: Function, primal: Function, wrt: Sequence[int]) -> Function:
    """Return a function that gives the value of `primal` and its gradient, the one from the other.

    It is the same function if the value is not linear, or that saves no loops.
    """
    linear = linear_in(primal, [primal.params[k] for k in wrt])
    if not linear:
        return function
    places = [primal.params.index(param) for param in linear]
    pairs = [(place, wrt.index(place) + 1) for place in places]
    gradient = eliminate(replace(function, results=function.results[1:]))
    more = sum(MANY ** len(function.params[param].shape) for param, _ in pairs)
    less = _cost(eliminate(function).body) - _cost(gradient.body)
    if less <= more:
        # Sums of which only the gradient is made need not be added up in order.
        less += MANY * (_orderless(gradient) - _orderless(function))
    if less <= more:
        return function
    return _with_value(gradient, pairs)


def _orderless(function: Function) -> int:
    return orderless_sums(function, dataflow(function))


def _cost(block: Block, rounds: int = 1) -> int:
    """Return how often loops go round, and what products of matrices take."""
    total = 0
    for statement in block.statements:
        match statement:
            case For() | While():
                total += rounds * MANY
                total += sum(_cost(inner, rounds * MANY) for inner in blocks(statement))
            case Call(function=function) if function in PRODUCTS:
                total += rounds * MANY**3
            case Call(out=ref) | Store(ref=ref, indices=()) | Increment(ref=ref, indices=()):
                total += rounds * MANY ** len(ref.shape) if ref.shape else 0
            case _:
                total += sum(_cost(inner, rounds) for inner in blocks(statement))
    return total


def _with_value(gradient: Function, pairs: Sequence[tuple[int, int]]) -> Function:
    """Return a function that gives the value first, from parameters and their adjoints."""
    builder = Builder(Origin(sweep="adjoint"))
    total: Operand | None = None
    for param, result in pairs:
        term = share(builder, gradient.params[param], gradient.results[result - 1])
        total = term if total is None else builder.call(np.add, total, term)
    assert total is not None
    body = Block((*gradient.body.statements, *builder.statements))
    return replace(gradient, body=body, results=(total, *gradient.results))


def share(builder: Builder, param: Operand, bar: Operand) -> Operand:
    """Append the sum of an array times an adjoint; what has no adjoint does not count."""
    zero = constant(0, param.type)
    product = builder.call(np.multiply, param, bar)
    counted = builder.call(np.where, builder.call(np.equal, bar, zero), zero, product)
    return builder.sum(counted, tuple(range(len(counted.shape)))) if is_array(counted) else counted
