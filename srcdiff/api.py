"""The transforms: what people call to get a derivative."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from srcdiff.arguments import form_of, is_float
from srcdiff.derivative import Derivative, Identity, Plan, derivative_of, forget_all
from srcdiff.errors import NotDifferentiable, RuleError, TypeInferenceError
from srcdiff.options import options_of
from srcdiff.outputs import check_outputs
from srcdiff.products import (
    COTANGENTS,
    GNVP,
    GRAD,
    HESSIAN,
    HVP,
    JACFWD,
    JACOBIAN,
    JACREV,
    JVP,
    PRIMAL,
    PULLBACK,
    PUSHFORWARD,
    TAYLOR,
    VALUE_AND_GRAD,
    Argnums,
    Product,
)
from srcdiff.rules.custom import Custom, register
from srcdiff.subject import subject_of
from srcdiff.trees import flatten, mapped, size

MISSING: Any = object()


def grad(f: Any = MISSING, argnums: Argnums = 0, *, has_aux: bool = False, **options: Any) -> Any:
    """Return a function that computes the gradient of `f`, a function that returns one number.

    `argnums` says by which arguments: a position or a name gives the gradient itself, a tuple gives
    a tuple. With `has_aux`, `f` returns `(output, aux)` and the result is `(gradient, aux)`. A
    gradient has the tree, shapes and dtypes of its argument. Raises `NotDifferentiable` for other
    outputs and for integer arguments.

    >>> import srcdiff as sd
    >>> sd.grad(lambda x, y: x * x * y)(3.0, 2.0)
    12.0
    """
    return _transform(GRAD, f, argnums, options, has_aux=has_aux)


def value_and_grad(
    f: Any = MISSING, argnums: Argnums = 0, *, has_aux: bool = False, **options: Any
) -> Any:
    """Return a function that computes `(value, gradient)` of `f`; with `has_aux`, `((value, aux),
    gradient)`.

    >>> import srcdiff as sd
    >>> sd.value_and_grad(lambda x, y: x * x * y, argnums=("x", "y"))(3.0, 2.0)
    (18.0, (12.0, 9.0))
    """
    return _transform(VALUE_AND_GRAD, f, argnums, options, has_aux=has_aux)


def pullback(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return `h(out_bar, *args) -> (out, cotangents)`: `vjp` ahead of time.

    `out_bar` has the tree, shapes and dtypes of the output, with None where it is not a float.

    For a function that returns nothing, `outputs="a"` or a tuple of names says which arguments that
    it writes into are the output. The caller's arrays stay as they are.

    >>> import numpy as np, srcdiff as sd
    >>> sd.pullback(lambda x: x * x)(np.array([1.0, 0.0]), np.array([2.0, 3.0]))
    (array([4., 9.]), array([4., 0.]))
    >>> def double(a, x):
    ...     a *= x
    >>> sd.pullback(double, argnums="x", outputs="a")(np.ones(2), np.array([1.0, 2.0]), 3.0)
    (array([3., 6.]), 3.0)
    """
    return _transform(PULLBACK, f, argnums, options)


def pushforward(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return `h(tangents, *args) -> (out, out_dot)`: `jvp` ahead of time.

    `tangents` follows `argnums`: a tangent, or a tuple of them, each with the tree, shapes and
    dtypes of its argument, with None where that is not a float. `out_dot` has those of the output.

    >>> import srcdiff as sd
    >>> sd.pushforward(lambda x, y: x * x * y, argnums=("x", "y"))((1.0, 10.0), 3.0, 2.0)
    (18.0, 102.0)
    """
    return _transform(PUSHFORWARD, f, argnums, options)


def jvp(
    f: Any, primals: Any, tangents: Any, argnums: Argnums | None = None, **options: Any
) -> tuple[Any, Any]:
    """Return `(out, out_dot)`: the output of `f(*primals)`, and its derivative along `tangents`.

    There is one tangent for each differentiated argument; without `argnums` these are all that hold
    floating-point numbers.

    >>> import srcdiff as sd
    >>> sd.jvp(lambda x, y: x * x * y, (3.0, 2.0), (1.0, 10.0))
    (18.0, 102.0)
    """
    primals = tuple(primals)
    wanted = _floating(f, primals) if argnums is None else argnums
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    given = tuple(tangents)
    if len(given) != len(wanted):
        raise TypeInferenceError(
            f"{len(given)} tangents are given for {len(wanted)} arguments.",
            hint="Pass one for each argument that is differentiated.",
        )
    out: tuple[Any, Any] = _transform(PUSHFORWARD, f, wanted, options)(given, *primals)
    return out


def jacobian(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return a function that computes the Jacobian of `f`, by columns or by rows, as sizes say.

    The result is that of `jacfwd` and `jacrev`.

    >>> import numpy as np, srcdiff as sd
    >>> sd.jacobian(lambda x, y: x[:2] * y)(np.array([1.0, 3.0, 5.0]), 2.0)
    array([[2., 0., 0.],
           [0., 2., 0.]])
    """
    return _transform(JACOBIAN, f, argnums, options)


def taylor(f: Any, order: int, argnum: int | str = 0, **options: Any) -> Any:
    """Return `h(direction, *args)`: the Taylor coefficients of `t -> f(x + t direction)` at t = 0.

    The result has the coefficients of order 0 to `order`, stacked in front: the shape
    `(order + 1, *out.shape)`. Raises `TypeInferenceError` where `order` is not a positive integer.

    >>> import srcdiff as sd
    >>> sd.taylor(lambda x: x * x * x, 3)(1.0, 2.0)
    array([ 8., 12.,  6.,  1.])
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise TypeInferenceError(
            f"The order {order!r} is not a positive integer.", hint="Give one."
        )
    return _transform(replace(TAYLOR, order=order), f, argnum, options)


def jacfwd(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return a function that computes the Jacobian of `f` by columns, all in one pass.

    The Jacobian of an array by an array has the shape `out.shape + x.shape`. Where `f` returns a
    tree, the result is that tree of Jacobians; where `argnums` is a tuple, each is a tuple.

    >>> import numpy as np, srcdiff as sd
    >>> sd.jacfwd(lambda x: x * x)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """
    return _transform(JACFWD, f, argnums, options)


def jacrev(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return a function that computes the Jacobian of `f` by rows, one adjoint for each.

    The result is that of `jacfwd`.

    >>> import numpy as np, srcdiff as sd
    >>> sd.jacrev(lambda x: x * x)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """
    return _transform(JACREV, f, argnums, options)


def hessian(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return a function that computes the matrix of second derivatives of `f`, a function that
    returns one number: of shape `x.shape + x.shape`, forward over reverse.

    For a tuple of `argnums`, it is a tuple of tuples of blocks.

    >>> import numpy as np, srcdiff as sd
    >>> sd.hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return _transform(HESSIAN, f, argnums, options)


def hvp(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return `h(v, *args)`: the product of the Hessian of `f` and `v`; no Hessian is formed.

    `v` and the result follow `argnums`.

    >>> import numpy as np, srcdiff as sd
    >>> sd.hvp(lambda x: np.sum(x**3))(np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    array([ 6., 12.])
    """
    return _transform(HVP, f, argnums, options)


def gnvp(f: Any = MISSING, argnums: Argnums = 0, **options: Any) -> Any:
    """Return `h(v, *args)`: the Gauss-Newton product `J' (J v)` of the Jacobian J of `f`.

    `v` and the result follow `argnums`. It is the product of `v` and the Hessian of half the sum of
    squares of `f`, as far as first derivatives make it.

    >>> import numpy as np, srcdiff as sd
    >>> sd.gnvp(lambda x: x * x)(np.array([1.0, 1.0]), np.array([1.0, 3.0]))
    array([ 4., 36.])
    """
    return _transform(GNVP, f, argnums, options)


def vjp(
    f: Any, *primals: Any, argnums: Argnums | None = None, **options: Any
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return `(out, back)`: the output of `f(*primals)`, and the function from a cotangent of it to
    a tuple of cotangents, one for each differentiated argument.

    Without `argnums` these are all that hold floating-point numbers. For `outputs`, see `pullback`.

    >>> import srcdiff as sd
    >>> out, back = sd.vjp(lambda x, y: x * x * y, 3.0, 2.0)
    >>> out, back(1.0)
    (18.0, (12.0, 9.0))
    """
    wanted = _floating(f, primals) if argnums is None else argnums
    back = _transform(COTANGENTS, f, wanted, options)
    out = _transform(PRIMAL, f, (), options)(*primals)
    primals = tuple(map(_owned, primals))
    leaves: list[Any] = []
    flatten(out, leaves)
    return out, Back(back, primals, tuple(map(np.shape, leaves)))


@dataclass(frozen=True, eq=False)
class Back:
    """The function that `vjp` returns, from a cotangent of the output to those of the arguments."""

    derivative: Derivative
    primals: tuple[Any, ...]
    shapes: tuple[tuple[int, ...], ...]

    def __call__(self, out_bar: Any) -> tuple[Any, ...]:
        result: tuple[Any, ...] = self.derivative.pull(out_bar, self.primals, self.shapes)
        return result


def _transform(
    product: Product,
    f: Any,
    argnums: Any,
    given: Mapping[str, Any],
    *,
    has_aux: bool = False,
) -> Any:
    """Return the derivative of `f`, or a decorator that takes it."""
    if f is MISSING:
        return partial(_transform, product, argnums=argnums, given=given, has_aux=has_aux)
    subject = subject_of(f)
    options = options_of(given, subject)
    check_outputs(options.outputs, product, subject)
    if product.differentiates:
        subject.check_argnums(argnums)
    return derivative_of(Identity(f), Plan(product, argnums, bool(has_aux), options))


def _owned(value: Any) -> Any:
    """Return a tree with copies of its arrays."""
    return mapped(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, value)


def _floating(f: Any, primals: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the positions of the arguments that hold floating-point numbers."""
    form, _ = form_of(primals, {}, [f"primals[{k}]" for k in range(len(primals))])
    found, first = [], 0
    for position, tree in enumerate(form.positional):
        last = first + size(tree)
        if any(map(is_float, form.kinds[first:last])):
            found.append(position)
        first = last
    if not found:
        subject = subject_of(f)
        raise NotDifferentiable(
            f"No argument of `{subject.name}` holds a floating-point number.",
            subject.span(),
            "Pass floats.",
        )
    return tuple(found)


def rule(
    f: Any = MISSING, *, partials: Any = None, tangent: Any = None, adjoint: Any = None
) -> Any:
    """Give `f` a derivative rule of its own, which holds in all derivatives made from then on.

    An elementwise function has `partials(y, *args)`: a partial for each argument, a tuple if there
    are several. Others have `tangent(arg_dots, y, *args)`, the tangent of the result, for forward
    mode and derivatives of derivatives, and `adjoint(y_bar, y, *args)`, a tuple with a cotangent
    for each argument (None: zero), for reverse mode. All are written in the language that is
    differentiated. Returns `f`; works as a decorator. Raises `RuleError` where the rule cannot be.

    >>> import numpy as np, srcdiff as sd
    >>> @sd.rule(partials=lambda y, x: 2.0 * x)
    ... def square(x):
    ...     return x * x
    >>> sd.grad(lambda x: square(x) * x)(3.0)
    27.0
    """
    if f is MISSING:
        return partial(rule, partials=partials, tangent=tangent, adjoint=adjoint)
    if partials is None and tangent is None and adjoint is None:
        raise RuleError(
            "A rule has `partials`, or `tangent` and `adjoint`.", hint="Give them by name."
        )
    return _registered(Custom(f, partials, tangent, adjoint))


def zero(f: Any) -> Any:
    """Let the derivative of `f` be zero from now on. Returns `f`; works as a decorator.

    >>> import srcdiff as sd
    >>> @sd.zero
    ... def half_up(x):
    ...     return float(int(x + 0.5))
    >>> sd.grad(lambda x: half_up(x) * x)(2.7)
    3.0
    """
    return _registered(Custom(f))


def _registered(custom: Custom) -> Any:
    """Let a rule hold, also for derivatives of functions that have been differentiated before."""
    register(custom)
    forget_all()
    return custom.function


for _function, _product in (
    (grad, GRAD),
    (value_and_grad, VALUE_AND_GRAD),
    (pullback, PULLBACK),
    (pushforward, PUSHFORWARD),
    (jacobian, JACOBIAN),
    (jacfwd, JACFWD),
    (jacrev, JACREV),
    (hessian, HESSIAN),
    (hvp, HVP),
    (gnvp, GNVP),
    (taylor, TAYLOR),
    (jvp, JVP),
    (vjp, COTANGENTS),
):
    # The front end knows a transform that a function calls by this.
    vars(_function)["product"] = _product
