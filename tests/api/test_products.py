"""The transforms beside `grad`: what they take and return."""

from typing import Any

import numpy as np
import pytest

import srcdiff as sd

X = np.array([0.5, -1.5, 2.0])
Y = 2.0


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


def vector(x, y):
    return x * x * y


def scalar(x, y):
    return np.sum(x**3) * y


def tree(p, n):
    a, (b, c) = p
    return a * b, (np.sum(b) * c, n), None


TREE = (3.0, (np.array([1.0, 2.0]), np.float32(0.5)))


# ---- what comes back ----


@pytest.mark.parametrize("jit", [False, True])
def test_jvp(jit: bool) -> None:
    out, dot = sd.jvp(vector, (X, Y), (np.ones(3), 10.0), jit=jit)
    np.testing.assert_array_equal(out, X * X * Y)
    np.testing.assert_array_equal(dot, 2 * X * Y + 10.0 * X * X)
    out, dot = sd.jvp(vector, (X, Y), (10.0,), argnums="y", jit=jit)
    np.testing.assert_array_equal(dot, 10.0 * X * X)


@pytest.mark.parametrize("jit", [False, True])
def test_tangents_of_trees(jit: bool) -> None:
    tangent = (0.5, (np.array([1.0, -1.0]), np.float32(2.0)))
    out, dot = sd.jvp(tree, (TREE, 4), (tangent,), jit=jit)
    np.testing.assert_array_equal(out[0], [3.0, 6.0])
    np.testing.assert_array_equal(dot[0], [0.5 + 3.0, 1.0 - 3.0])
    assert dot[1] == (6.0, None)
    assert dot[2] is None
    assert out[1] == (1.5, 4)


def test_jacobians_have_shapes_of_output_and_argument() -> None:
    A = np.arange(6.0).reshape(2, 3)
    for transform in (sd.jacobian, sd.jacfwd, sd.jacrev):
        by_x, by_a = transform(lambda x, A: A @ x, (0, 1), jit=False)(X, A)
        np.testing.assert_array_equal(by_x, A)
        np.testing.assert_array_equal(by_a, np.einsum("ij,k->ijk", np.eye(2), X))
        by_y = transform(vector, "y", jit=False)(X, Y)
        np.testing.assert_array_equal(by_y, X * X)
        assert transform(lambda x: x * x, jit=False)(3.0) == 6.0


def test_jacobians_of_trees() -> None:
    point = (3.0, (np.array([1.0, 2.0]), 0.5))
    for transform in (sd.jacobian, sd.jacfwd, sd.jacrev):
        first, (second, whole), nothing = transform(tree, jit=False)(point, 4)
        assert whole is None
        assert nothing is None
        a, (b, c) = first
        np.testing.assert_array_equal(a, [1.0, 2.0])
        np.testing.assert_array_equal(b, 3.0 * np.eye(2))
        np.testing.assert_array_equal(c, [0.0, 0.0])
        np.testing.assert_array_equal(second[1][0], [0.5, 0.5])
        assert second[1][1] == 3.0


@pytest.mark.parametrize("transform", [sd.jacrev, sd.jacfwd, sd.jacobian])
def test_jacobians_have_the_dtypes_of_arguments(transform: Any) -> None:
    x, y = np.ones(2), np.ones(2, np.float32)
    found = transform(lambda x, y: x * y, (0, 1), jit=False)(x, y)
    assert [block.dtype for block in found] == [np.float64, np.float32]


def test_hessian_blocks() -> None:
    blocks = sd.hessian(scalar, (0, 1), jit=False)(X, Y)
    np.testing.assert_allclose(blocks[0][0], np.diag(6 * X * Y))
    np.testing.assert_allclose(blocks[0][1], 3 * X * X)
    np.testing.assert_allclose(blocks[1][0], 3 * X * X)
    assert blocks[1][1] == 0.0


def test_products_follow_argnums() -> None:
    v = np.array([1.0, 0.0, -1.0])
    np.testing.assert_allclose(sd.hvp(scalar, jit=False)(v, X, Y), 6 * X * Y * v)
    by_x, by_y = sd.hvp(scalar, ("x", "y"), jit=False)((v, 2.0), X, Y)
    np.testing.assert_allclose(by_x, 6 * X * Y * v + 2.0 * 3 * X * X)
    assert by_y == pytest.approx(3 * (X * X) @ v)
    found = sd.gnvp(vector, jit=False)(v, X, Y)
    np.testing.assert_allclose(found, (2 * X * Y) ** 2 * v)


def test_taylor_of_an_array() -> None:
    found = sd.taylor(vector, 3, jit=False)(np.ones(3), X, Y)
    np.testing.assert_allclose(found, [X * X * Y, 2 * X * Y, np.full(3, Y), np.zeros(3)])


def test_single_precision_is_kept() -> None:
    x, y = X.astype(np.float32), np.float32(Y)
    for transform in (sd.jacfwd, sd.jacrev, sd.jacobian):
        assert transform(vector, jit=False)(x, y).dtype == np.float32
    assert sd.hessian(scalar, jit=False)(x, y).dtype == np.float32
    assert sd.hvp(scalar, jit=False)(x, x, y).dtype == np.float32
    assert sd.jvp(vector, (x, y), (x, y), jit=False)[1].dtype == np.float32


@pytest.mark.parametrize("transform", [sd.pushforward, sd.hvp, sd.gnvp, sd.hessian, sd.jacobian])
def test_arguments_are_not_changed(transform: Any) -> None:
    def f(x):
        x[0] = x[1] * x[0]
        return np.sum(x * x)

    x, v = X.copy(), np.ones(3)
    derivative = transform(f, jit=False)
    found = derivative(x) if transform in (sd.hessian, sd.jacobian) else derivative(v, x)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(v, np.ones(3))
    assert not any(np.shares_memory(part, x) for part in arrays(found))


EACH = [sd.grad, sd.jacobian, sd.jacfwd, sd.jacrev, sd.hessian, sd.hvp, sd.gnvp, sd.pushforward]


@pytest.mark.parametrize("transform", EACH)
def test_arguments_that_are_rebound_are_not_changed(transform: Any) -> None:
    """A write goes into whatever the name is bound to by then."""

    def swapped(x):
        y = np.ones_like(x)
        for _ in range(2):
            x[0] += x[1] * y[0]
            x, y = y, x
        return np.sum(x * x) + np.sum(y)

    x, v = X.copy(), np.ones(3)
    seeds = (v,) if transform in (sd.hvp, sd.gnvp, sd.pushforward) else ()
    transform(swapped, jit=False)(*seeds, x)
    sd.vjp(swapped, x, jit=False)[1](1.0)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(v, np.ones(3))


@pytest.mark.parametrize("count", [0, 1])
def test_outputs_are_not_the_arguments(count: int) -> None:
    """What a loop that did not run hands on is copied."""

    def f(x, n):
        for _ in range(n):
            x = x * 2.0
        return x

    x, v = X.copy(), np.ones(3)
    out, dot = sd.pushforward(f, jit=False)(v, x, count)
    assert not np.shares_memory(out, x)
    assert not np.shares_memory(dot, v)
    assert not np.shares_memory(dot, x)
    out, bar = sd.pullback(f, jit=False)(v, x, count)
    assert not np.shares_memory(out, x)
    assert not np.shares_memory(bar, v)
    _, aux = sd.grad(lambda x, n: (np.sum(x), f(x, n)), has_aux=True, jit=False)(x, count)
    assert not np.shares_memory(aux, x)


def arrays(tree: Any) -> list[Any]:
    if isinstance(tree, tuple):
        return [array for one in tree for array in arrays(one)]
    return [tree] if isinstance(tree, np.ndarray) else []


def test_tangents_are_not_handed_back() -> None:
    v = np.ones(3)
    _, dot = sd.pushforward(lambda x: x, jit=False)(v, X)
    np.testing.assert_array_equal(dot, v)
    assert not np.shares_memory(dot, v)


# ---- outputs that do not depend on the input ----


def independent(x, y):
    return np.ones(2) * y, (x * 0.0 + 1.0)[0], 3.0


@pytest.mark.parametrize("jit", [False, True])
def test_what_does_not_depend_is_0(jit: bool) -> None:
    for transform in (sd.jacobian, sd.jacfwd, sd.jacrev):
        first, second, third = transform(independent, jit=jit)(X, Y)
        np.testing.assert_array_equal(first, np.zeros((2, 3)))
        np.testing.assert_array_equal(second, np.zeros(3))
        np.testing.assert_array_equal(third, np.zeros(3))
    _, dots = sd.pushforward(independent, jit=jit)(np.ones(3), X, Y)
    np.testing.assert_array_equal(dots[0], np.zeros(2))
    assert dots[1:] == (0.0, 0.0)


def test_constant_functions() -> None:
    constant = lambda x: 2.0  # noqa: E731
    np.testing.assert_array_equal(sd.grad(constant, jit=False)(X), np.zeros(3))
    np.testing.assert_array_equal(sd.hessian(constant, jit=False)(X), np.zeros((3, 3)))
    np.testing.assert_array_equal(sd.hvp(constant, jit=False)(X, X), np.zeros(3))
    np.testing.assert_array_equal(sd.gnvp(constant, jit=False)(X, X), np.zeros(3))
    np.testing.assert_array_equal(sd.taylor(constant, 2, jit=False)(X, X), [2.0, 0.0, 0.0])
    assert sd.jvp(constant, (X,), (X,), jit=False) == (2.0, 0.0)
    linear = lambda x: np.sum(3.0 * x)  # noqa: E731
    np.testing.assert_array_equal(sd.hessian(linear, jit=False)(X), np.zeros((3, 3)))
    np.testing.assert_array_equal(sd.hvp(linear, jit=False)(X, X), np.zeros(3))


def test_one_argument_of_two_has_no_influence() -> None:
    f = lambda x, y: y * y  # noqa: E731
    blocks = sd.hessian(f, (0, 1), jit=False)(X, Y)
    np.testing.assert_array_equal(blocks[0][0], np.zeros((3, 3)))
    np.testing.assert_array_equal(blocks[0][1], np.zeros(3))
    assert blocks[1][1] == 2.0
    by_x, by_y = sd.grad(f, (0, 1), jit=False)(X, Y)
    np.testing.assert_array_equal(by_x, np.zeros(3))
    assert by_y == 4.0


def test_no_elements() -> None:
    x = np.zeros(0)
    f = lambda x: np.sum(x * x)  # noqa: E731
    assert sd.jacfwd(f, jit=False)(x).shape == (0,)
    assert sd.jacrev(f, jit=False)(x).shape == (0,)
    assert sd.hessian(f, jit=False)(x).shape == (0, 0)
    assert sd.jacobian(lambda x: x * x, jit=False)(x).shape == (0, 0)
