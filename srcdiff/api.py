"""The transforms: what people call to get a derivative."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from srcdiff.arguments import form_of, is_float
from srcdiff.derivative import Derivative, Identity, Plan, derivative_of
from srcdiff.errors import NotDifferentiable
from srcdiff.options import options_of
from srcdiff.outputs import (
    COTANGENTS,
    GRAD,
    PRIMAL,
    PULLBACK,
    VALUE_AND_GRAD,
    Product,
    check_outputs,
)
from srcdiff.subject import Argnums, subject_of
from srcdiff.trees import expression, flatten, size

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
    leaves: list[Any] = []
    names: dict[str, Any] = {}
    tree = flatten(value, leaves)
    copies = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
    names["leaves"] = copies
    texts = (f"leaves[{k}]" for k in range(len(copies)))
    return eval(expression(tree, texts, names), names)


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
