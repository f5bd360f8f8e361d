"""Derivatives inside of functions that are differentiated.

What is confused with what, if perturbations are, is told by numbers that were worked out by hand;
the rest is held against differences.
"""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

import srcdiff as sd


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


def outer_forward(f: Any, x: float) -> Any:
    return sd.pushforward(f, jit=False)(1.0, x)[1]


def outer_reverse(f: Any, x: float) -> Any:
    return sd.grad(f, jit=False)(x)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run what functions differentiate inside, when called from Python, as plain Python, too."""
    monkeypatch.setattr(numba.core.config, "DISABLE_JIT", 1)


OUTER = pytest.mark.parametrize("outer", [outer_forward, outer_reverse])


# ---- perturbation confusion ----
# J. M. Siskind and B. A. Pearlmutter, Perturbation confusion and referential transparency, 2005;
# Nesting forward-mode AD in a functional framework, 2008.


def sum_inside(x):
    return x * sd.grad(lambda y: x + y)(1.0)


def product_inside(x):
    return x * sd.grad(lambda y: x * y)(2.0)


def sum_inside_forward(x):
    return x * sd.jvp(lambda y: x + y, (1.0,), (1.0,))[1]


def product_inside_forward(x):
    return x * sd.jvp(lambda y: x * y * y, (2.0,), (1.0,))[1]


def same_name(x):
    return x * sd.grad(lambda x: x * x)(x)


def at_the_outer_variable(x):
    return sd.grad(lambda y: x * y * y)(x)


def three_deep(x):
    def middle(y):
        return y * sd.grad(lambda z: x * y * z * z)(x + y)

    return x * sd.grad(middle)(2.0 * x)


def twice_inside(x):
    return x * sd.grad(sd.grad(lambda y: x * y * y * y))(x)


def tangent_is_outer(x):
    return sd.jvp(lambda y: y * y * x, (x,), (x * x,))[1]


CONFUSIONS: dict[Callable[..., Any], Callable[[float], float]] = {
    sum_inside: lambda x: 1.0,
    product_inside: lambda x: 2 * x,
    sum_inside_forward: lambda x: 1.0,
    product_inside_forward: lambda x: 8 * x,
    same_name: lambda x: 4 * x,
    at_the_outer_variable: lambda x: 4 * x,
    # d/dz = 2xyz; the middle function is 2xy^2(x + y), and so on: x (4xy(x + y) + 2xy^2) at y = 2x.
    three_deep: lambda x: 4 * 32 * x**3,
    twice_inside: lambda x: 18 * x**2,
    tangent_is_outer: lambda x: 8 * x**3,
}


@OUTER
@pytest.mark.parametrize("f", CONFUSIONS, ids=lambda f: f.__name__)
def test_perturbations_are_not_confused(outer: Any, f: Any) -> None:
    for x in (1.0, 0.75):
        assert outer(f, x) == pytest.approx(CONFUSIONS[f](x), rel=1e-13)


def test_arguments_that_are_differentiated_by_inside_and_outside() -> None:
    def f(x, y):
        inner = sd.grad(lambda a, b: a * a * b + x * b, (0, 1))
        da, db = inner(y, x)
        return da * x + db * y

    # da = 2yx, db = y^2 + x: f = 2 y x^2 + y^3 + x y
    gradient = sd.grad(f, (0, 1), jit=False)(2.0, 3.0)
    assert gradient == pytest.approx((4 * 6 + 3.0, 8 + 27 + 2.0), rel=1e-14)


# ---- nested derivatives inside of control flow ----


def energy(q, k):
    total = 0.0
    for i in range(q.shape[0]):
        total += 0.25 * k * q[i] ** 4
        if i > 0:
            total += 0.5 * (q[i] - q[i - 1]) ** 2
    return total


def leapfrog(q, p, k, steps):
    """Integrate with forces that are gradients, and write into both arrays."""
    for _ in range(steps):
        p -= 0.05 * sd.grad(energy)(q, k)
        q += 0.1 * p
        p -= 0.05 * sd.grad(energy)(q, k)
    return 0.5 * np.sum(p * p) + energy(q, k)


def newton(c, x):
    """Find where `g` is 0, with the derivative of `g`, until it is."""
    g = lambda t: t * t * t + c * t - 2.0  # noqa: E731
    step = 1.0
    while abs(step) > 1e-10:
        step = g(x) / sd.grad(g)(x)
        x = x - step
    return x


def branching(x, y):
    if x > y:
        slope = sd.grad(lambda t: np.sin(t * y))(x)
    elif x > 0.0:
        slope = sd.grad(lambda t: t * t * x)(y)
    else:
        slope = 3.0 * x
    return slope * x


def descent(start, rate):
    """Descend inside of a function that is called inside of the loop of another."""

    def inner(scale):
        x = start
        for _ in range(4):
            x = x - rate * sd.grad(lambda t: scale * t * t + np.cos(t))(x)
        return x

    total = 0.0
    for n in range(3):
        total += inner(0.1 * n + start)
    return total


def written(x, a):
    """Differentiate a function that writes into its argument, which others read afterwards."""

    def smooth(u):
        for i in range(1, u.shape[0]):
            u[i] = u[i] + a * u[i - 1] * u[i]
        return u[-1]

    g = sd.grad(smooth)(x)
    x *= g
    return np.sum(g * x)


def filled(x):
    """Store gradients in an array, of which the next ones depend."""
    u = np.zeros(x.shape[0] + 1)
    u[0] = 1.0
    for i in range(x.shape[0]):
        u[i + 1] = sd.grad(lambda t, i=i: u[i] * np.exp(t * x[i]))(x[i])
    return np.sum(u)


def matrix(x, A):
    """The trace of a Jacobian, and a product of a Hessian, inside."""
    f = lambda v: np.tanh(A @ v)  # noqa: E731
    jacobian = sd.jacfwd(f)(x)
    product = sd.hvp(lambda v: np.sum(f(v) ** 2))(x, x)
    return np.trace(jacobian @ jacobian) + np.sum(product * product)


def stack(x):
    """Pull a cotangent that depends on the outer variable."""
    out, bar = sd.pullback(lambda v: v * v[::-1])(x * x, x)
    return np.sum(out * bar)


VECTOR = np.array([0.5, -0.75, 1.25])
MATRIX = np.array([[0.5, 0.25, -0.5], [0.1, -0.3, 0.6], [0.7, 0.2, 0.4]])
NESTED: dict[Callable[..., Any], tuple[Any, ...]] = {
    leapfrog: (VECTOR, np.array([0.1, 0.2, -0.3]), 0.8, 4),
    newton: (1.5, 1.0),
    branching: (1.5, 0.5),
    descent: (0.4, 0.2),
    written: (VECTOR, 0.3),
    filled: (VECTOR,),
    matrix: (VECTOR, MATRIX),
    stack: (VECTOR,),
}


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("f", NESTED, ids=lambda f: f.__name__)
def test_derivatives_inside_are_differentiated(f: Any) -> None:
    """The function itself runs as Python, with derivatives that are called from there."""
    sd.testing.check_grads(f, NESTED[f], order=1, jit=False)
    sd.testing.dot_product_test(f, NESTED[f], rtol=1e-11, jit=False)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("args", [(0.4, 0.9), (-0.5, 0.25)])
def test_each_branch_with_a_derivative_inside(args: Any) -> None:
    sd.testing.check_grads(branching, args, order=1, jit=False)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("f", [leapfrog, newton, filled], ids=lambda f: f.__name__)
def test_derivatives_inside_are_differentiated_twice(f: Any) -> None:
    sd.testing.check_grads(f, NESTED[f], rtol=1e-5, jit=False)


@pytest.mark.parametrize("f", [leapfrog, newton, written], ids=lambda f: f.__name__)
def test_compiled_nesting(f: Any) -> None:
    expected = sd.grad(f, jit=False)(*NESTED[f])
    np.testing.assert_allclose(sd.grad(f)(*NESTED[f]), expected, rtol=1e-12)


def test_hessian_of_a_gradient_inside() -> None:
    def f(x):
        return np.sum(sd.grad(lambda v: np.sum(v * v * v * x))(x))

    # grad = 3 x^2 x: f = sum(3 x^3), and its Hessian has 18 x on the diagonal.
    found = sd.hessian(f, jit=False)(VECTOR)
    np.testing.assert_allclose(found, np.diag(18 * VECTOR), rtol=1e-13, atol=1e-13)


def test_math_functions_inside() -> None:
    found = sd.grad(lambda x: sd.grad(lambda y: math.exp(x * y))(1.0), jit=False)(2.0)
    assert found == pytest.approx(3.0 * math.exp(2.0))
