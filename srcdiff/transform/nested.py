"""Derivatives of derivatives, as derivatives of functions: reverse mode is always the outermost.

A `Derive` in reverse mode gives `x_bar = c f'(x)`, the gradient of `c f(x)`. So with the tangent
`T(d, x) = (f(x), f'(x) d)` of f

    its tangent along d is a gradient:   x_bar_dot = grad_x [c_dot f + c f' d]
                                                   = reverse of T at (d, x), seeds (c_dot, c)
    its adjoint for w is one, too:       x_bar += grad_x [v f + c f' w]
                                                = reverse of T at (w, x), seeds (v, c)
                                         c_bar += f' w, which T gives

because second derivatives are symmetric. Code that reverse mode has made is never reversed again,
so that what it keeps, and where, is no concern of further derivatives.
"""

from collections.abc import Sequence
from dataclasses import replace

from srcdiff.ir.build import Builder
from srcdiff.ir.derivatives import reverse
from srcdiff.ir.nodes import Const, Derive, Function, Operand
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import clone_function
from srcdiff.transform.jacobians import columns, prologue, stacked
from srcdiff.transform.once import quiet
from srcdiff.transform.splice import splice
from srcdiff.transform.tangent import Tangents, tangent


def along(function: Function, wrt: Sequence[int], *, several: bool = False) -> Function:
    """Return the tangent of `function`, together with its results unless it is for `several`."""
    params = tuple(function.params[k] for k in wrt)
    return tangent(function, Tangents(params, with_value=not several, several=several))


# ---- other derivatives in terms of these ----


def structured(derive: Derive, function: Function) -> Function:
    """Return a function that gives what `derive` gives, from tangents and reverse mode alone.

    `function` is that of `derive`, in which nothing is derived in other ways.
    """
    wrt = derive.wrt
    match derive.mode:
        case "forward":
            return along(function, wrt)
        case "jacfwd" | "jacrev" | "jacobian":
            return columns(along(function, wrt, several=True), len(wrt))
        case "hessian":
            return second_columns(function, wrt)
        case "hvp":
            return along_gradient(function, wrt)
        case "gnvp":
            return gauss_newton(function, wrt)
        case "taylor":
            return stacked(derivatives(function, wrt, derive.order), derive.order)
    raise AssertionError(derive.mode)


def derivatives(function: Function, wrt: Sequence[int], order: int) -> Function:
    """Return the function that gives a function with its derivatives along tangents of `wrt`."""
    count = len(function.results)
    result = along(function, wrt)
    for _ in range(order - 1):
        shifted = [len(wrt) + k for k in wrt]
        again = quiet(along(replace(result, results=result.results[-count:]), shifted))
        copy = clone_function(result)
        builder = Builder()
        builder.statements += copy.body.statements
        found = splice(builder, again, (*copy.params[: len(wrt)], *copy.params))
        results = (*copy.results, *found[count:])
        result = replace(copy, body=builder.block(), results=results)
    return result


def gradient(function: Function, wrt: Sequence[int]) -> Function:
    """Return the function that gives the adjoints of a function with one result."""
    copy = clone_function(function)
    builder = Builder()
    builder.statements, _ = prologue(copy, copy.params)
    _, bars = reverse(builder, function, wrt, (one(function.results[0]),), copy.params)
    return replace(copy, body=builder.block(), results=tuple(bars))


def second_columns(function: Function, wrt: Sequence[int]) -> Function:
    """Return the function that gives the Hessian."""
    slope = gradient(function, wrt)
    return columns(along(slope, wrt, several=True), len(wrt))


def along_gradient(function: Function, wrt: Sequence[int]) -> Function:
    """Return the function that gives the product of the Hessian and a vector."""
    tangents = along(function, wrt)
    copy = clone_function(tangents)
    builder = Builder()
    builder.statements, _ = prologue(copy, copy.params)
    seeds = (None, one(function.results[0]))
    shifted = [len(wrt) + k for k in wrt]
    _, bars = reverse(builder, tangents, shifted, seeds, copy.params)
    return replace(copy, body=builder.block(), results=tuple(bars))


def gauss_newton(function: Function, wrt: Sequence[int]) -> Function:
    """Return the function that gives J' (J v)."""
    tangents = along(function, wrt)
    copy = clone_function(tangents)
    builder = Builder()
    builder.statements, _ = prologue(copy, copy.params)
    dots = splice(builder, tangents, copy.params)[len(function.results) :]
    _, bars = reverse(builder, function, wrt, dots, copy.params[len(wrt) :])
    return replace(copy, body=builder.block(), results=tuple(bars))


def one(result: Operand) -> Const:
    return Const(1.0, Scalar(result.type.dtype))
