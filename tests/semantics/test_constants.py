"""`stop_gradient` and `no_grad`: what is a constant to derivatives, and what is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff import no_grad

X = np.array([0.5, -1.5, 2.0])


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


def number(x):
    return x[0] * sd.stop_gradient(x[0]) * x[1]


def array(x):
    return np.sum(x * sd.stop_gradient(x * x))


def a_copy(x):
    """What is written into the constant does not reach the array, and the other way round."""
    y = sd.stop_gradient(x)
    y[0] = 3.0
    x[1] = 2.0 * x[1]
    return np.sum(x * y)


def written_afterwards(x):
    """An array that was made a constant can have a derivative again."""
    y = sd.stop_gradient(x)
    y[0] = x[1]
    return np.sum(x * y)


def a_tuple(x):
    a, (b, _) = sd.stop_gradient((x[0], (x, 3)))
    return a * x[1] + np.sum(b * x)


def in_a_loop(x):
    total = 0.0
    for i in range(x.shape[0]):
        total = total * sd.stop_gradient(x[i]) + x[i]
    return total


def in_a_branch(x):
    total = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            total += x[i] * sd.stop_gradient(x[i])
        else:
            total += x[i] * x[i]
    return total


def helper(a):
    return a * sd.stop_gradient(a)


def in_a_helper(x):
    return np.sum(helper(x)) + helper(x[0])


def straight_through(x):
    return np.sum((x + sd.stop_gradient(np.round(x) - x)) ** 2)


def computed(x):
    with sd.no_grad():
        scale = np.sum(x * x)
        half = 0.5 * scale
    return half * np.sum(x)


def bound(x):
    """A name that is bound to what is active, and a view of it."""
    y = x * x
    with no_grad():
        z = y
        first = y[0]
        tail = y[1:]
    return np.sum(y * z) + first * y[1] + np.sum(tail * x[1:])


def rebound(x):
    """A name has a derivative before, none after."""
    y = x[0] * x[1]
    total = y * x[2]
    with no_grad():
        y = y + x[2]
    return total + y * x[1]


def writes(x):
    """Elements that are written are constants, the others are not."""
    y = x * x
    with no_grad():
        y[0] = x[0] * x[1]
        y[1] *= 2.0
    return np.sum(y * y)


def writes_into_the_argument(x):
    with no_grad():
        x[0] = x[1] * x[2]
    return x[0] * x[1]


def written_again(x):
    """What is written after the block has a derivative again."""
    y = np.zeros(3)
    with no_grad():
        y[:] = x * x
    y[1] = x[1] * y[0]
    return np.sum(y * y)


def loops(x):
    with no_grad():
        total = 0.0
        largest = 0.0
        for i in range(x.shape[0]):
            if x[i] < 0.0:
                continue
            total += x[i]
            if total > 2.0:
                break
        while largest < total:
            largest += 1.0
    return np.sum(x * x) / (total + largest)


def in_each_iteration(x):
    """The running mean is subtracted, as a constant."""
    mean = 0.0
    total = 0.0
    for i in range(x.shape[0]):
        total += (x[i] - mean) ** 2
        with no_grad():
            mean = 0.5 * mean + 0.5 * x[i]
    return total


def calls(x):
    with no_grad():
        y = helper(x)
    return np.sum(y * x)


def inside_a_block(x):
    with no_grad():
        with no_grad():
            y = x * x
        z = x * y
    return np.sum(x * y * z)


def condition(x):
    with no_grad():
        positive = x[0] > 0.0
    return x[0] * x[1] if positive else x[2]


def a_gradient(x):
    """A step of a gradient that is not differentiated."""
    with no_grad():
        slope = sd.grad(lambda v: np.sum(v * v * v))(x)
    return np.sum((x - 0.1 * slope) ** 2)


def made_in_a_block(x):
    """An array that is computed in the block, and written into afterwards."""
    with no_grad():
        y = x * x
        z = x.copy()
        w = np.full(3, x[1])
    y[0] = x[1]
    z[0] = x[0]
    w[2] += x[1]
    return np.sum(y * z * w)


def rebound_in_a_loop_of_a_block(x):
    y = x * x
    with no_grad():
        for i in range(3):
            y[i] += x[0]
            y = y * x[i]
    y[0] += x[1]
    return np.sum(y * x)


def a_gradient_written_into(x):
    with no_grad():
        y = sd.grad(lambda v: np.sum(v * v * v))(x)
    y[0] += x[1]
    return np.sum(y * x)


GRADIENTS: dict[Callable[..., Any], Any] = {
    number: [0.5 * -1.5, 0.25, 0.0],
    array: X * X,
    a_copy: [3.0, 2 * -1.5, 2.0],
    # x0 x1 + 2 x1 c1 - the second element is constant - with y = (x1, c1, c2).
    written_afterwards: [-1.5, -1.5 + 0.5, 2.0],
    a_tuple: X + np.array([0.0, 0.5, 0.0]),
    # ((x0) c1 + x1) c2 + x2
    in_a_loop: [-1.5 * 2.0, 2.0, 1.0],
    in_a_branch: [0.5, -3.0, 2.0],
    in_a_helper: X + np.array([0.5, 0.0, 0.0]),
    straight_through: 2.0 * np.round(X),
    computed: np.full(3, 0.5 * np.sum(X * X)),
    # y z: 2 x x x; c0 y1: 2 c0 x1; tail x: c.
    bound: 2 * X**3 + np.array([0.0, 2 * 0.25 * -1.5 + 2.25, 4.0]),
    rebound: [-1.5 * 2.0, 0.5 * 2.0 + (0.5 * -1.5 + 2.0), 0.5 * -1.5],
    writes: [0.0, 0.0, 4 * 8.0],
    writes_into_the_argument: [0.0, -3.0, 0.0],
    written_again: [0.0, 2 * -1.5 * 0.0625, 0.0],
    # total = 2.5, largest = 3.0
    loops: 2 * X / 5.5,
    # means before: 0, 0.25, -0.625
    in_each_iteration: 2 * (X - np.array([0.0, 0.25, -0.625])),
    calls: X * X,
    inside_a_block: X**5,
    condition: [-1.5, 0.5, 0.0],
    # x1 x0 c1 + k + c2 c2 (c1 + x1)
    made_in_a_block: [-1.5 * -1.5, 0.5 * -1.5 + 8.0, 0.0],
    # y = (-1.125 + x1, -4.875, -5)
    rebound_in_a_loop_of_a_block: [-2.625, 0.5 - 4.875, -5.0],
    a_gradient_written_into: [0.75 - 1.5, 0.5 + 6.75, 12.0],
    a_gradient: 2 * (X - 0.3 * X * X),
}


@pytest.mark.parametrize("f", GRADIENTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_constants_have_no_derivative(f: Any, jit: bool) -> None:
    value, gradient = sd.value_and_grad(f, jit=jit)(X)
    assert value == pytest.approx(f(X.copy()), rel=1e-13)
    np.testing.assert_allclose(gradient, GRADIENTS[f], rtol=1e-13, atol=1e-14)
    for transform in (sd.jacfwd, sd.jacrev):
        found = transform(f, jit=jit)(X)
        np.testing.assert_allclose(found, GRADIENTS[f], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("f", GRADIENTS, ids=lambda f: f.__name__)
def test_constants_stay_constant_in_second_derivatives(f: Any) -> None:
    """Each combination of modes gives the same, where differences would not."""
    hessian = sd.hessian(f, jit=False)(X)
    for outer in (sd.jacfwd, sd.jacrev):
        for inner in (sd.grad, sd.jacfwd):
            found = outer(inner(f), jit=False)(X)
            np.testing.assert_allclose(found, hessian, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("jit", [False, True])
def test_one_of_each_compiled(jit: bool) -> None:
    for f in (array, writes, in_each_iteration):
        np.testing.assert_allclose(sd.grad(f, jit=jit)(X), GRADIENTS[f], rtol=1e-13)


def test_second_derivative_of_a_constant() -> None:
    """A derivative stops again where it stopped before."""
    f = lambda x: x * x * sd.stop_gradient(x)  # noqa: E731
    assert sd.grad(f, jit=False)(3.0) == 18.0
    assert sd.grad(sd.grad(f), jit=False)(3.0) == 6.0
    assert sd.hessian(f, jit=False)(3.0) == 6.0


def test_words_are_plain_python_outside() -> None:
    y = sd.stop_gradient(X)
    np.testing.assert_array_equal(y, X)
    assert not np.shares_memory(y, X)
    assert sd.stop_gradient((1.0, (2, "a"))) == (1.0, (2, "a"))
    with sd.no_grad():
        assert sd.stop_gradient(2.0) == 2.0


def test_integers_pass() -> None:
    f = lambda x, n: x * sd.stop_gradient(n) * n  # noqa: E731
    assert sd.grad(f, jit=False)(2.0, 3) == 9.0


def read_again(x):
    """The same element as in the block, read outside of it, has a derivative."""
    total = 0.0
    for i in range(x.shape[0]):
        with no_grad():
            hidden = 3.0 * x[i]
        total += x[i] * 2.0 + hidden
    return total


def times_one(x):
    total = 0.0
    for i in range(x.shape[0]):
        with no_grad():
            hidden = 1.0 * x[i]
        total += x[i] * 2.0 + hidden
    return total


def written_over(x):
    y = x * 2.0
    for i in range(x.shape[0]):
        with no_grad():
            constant = y[i]
        y[i] = y[i] + constant
    return np.sum(y)


@pytest.mark.parametrize("f", [read_again, times_one, written_over], ids=lambda f: f.__name__)
def test_what_is_computed_in_and_out_of_the_block_differs(f: Callable[..., Any]) -> None:
    value, bar = sd.value_and_grad(f, jit=False)(X)
    assert value == pytest.approx(f(X.copy()))
    np.testing.assert_array_equal(bar, np.full(3, 2.0))
    assert sd.jvp(f, (X,), (np.ones(3),), jit=False)[1] == 6.0
