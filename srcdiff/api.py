"""The transforms: what people call to get a derivative."""

from collections.abc import Callable
from typing import Any

from srcdiff.derivative import Derivative, Identity, Plan, derivative_of
from srcdiff.errors import NotDifferentiable, UnknownFunction
from srcdiff.options import options_of
from srcdiff.specialisation import seeds_of
from srcdiff.specialise import COTANGENTS, GRAD, PRIMAL, PULLBACK, VALUE_AND_GRAD, Product
from srcdiff.subject import Argnums, subject_of
from srcdiff.trees import flatten

Decorator = Callable[[Any], Derivative]
MISSING: Any = object()


def grad(
    f: Any = MISSING, argnums: Argnums = 0, *, has_aux: bool = False, **options: Any
) -> Any:
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

    >>> import numpy as np, srcdiff as sd
    >>> sd.pullback(lambda x: x * x)(np.array([1.0, 0.0]), np.array([2.0, 3.0]))
    (array([4., 9.]), array([4., 0.]))
    """
    return _transform(PULLBACK, f, argnums, options)


def vjp(
    f: Any, *primals: Any, argnums: Argnums | None = None, **options: Any
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return `(out, back)`: the output of `f(*primals)`, and the function from a cotangent of it to
    a tuple of cotangents, one for each differentiated argument.

    Without `argnums` these are all that hold floating-point numbers.

    >>> import srcdiff as sd
    >>> out, back = sd.vjp(lambda x, y: x * x * y, 3.0, 2.0)
    >>> out, back(1.0)
    (18.0, (12.0, 9.0))
    """
    primals = tuple(map(_owned, primals))
    wanted = _floating(f, primals) if argnums is None else argnums
    back = _transform(COTANGENTS, f, wanted, options)
    out = _transform(PRIMAL, f, (), options)(*primals)
    return out, Back(back, primals, out)
