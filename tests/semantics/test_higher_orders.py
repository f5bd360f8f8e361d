"""Derivatives of derivatives: third ones, Jacobians of Jacobians, and seeds that are 0."""

from typing import Any

import numpy as np
import pytest

import srcdiff as sd


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


# ---- derivatives of derivatives ----


def oscillating(x):
    return np.sin(2.0 * x) * x


def powers(x):
    total = 1.0
    for _ in range(5):
        total = total * x
    return total


def doubled(x):
    y = x
    while y < 100.0:
        y = y * y * 1.5
    return y


def in_arrays(x):
    u = np.empty(4)
    u[0] = x
    for i in range(1, 4):
        u[i] = u[i - 1] * x
    u[0] = u[3] * u[1]
    return u[0]


THIRD = {
    oscillating: lambda x: -12 * np.sin(2 * x) - 8 * x * np.cos(2 * x),
    powers: lambda x: 60 * x**2,
    # From 2.0: 6, 54, 4374, as 1.5**7 x**8.
    doubled: lambda x: 1.5**7 * 336 * x**5,
    in_arrays: lambda x: 120 * x**3,
}


def forward(f: Any) -> Any:
    push = sd.pushforward(f, jit=False)
    return lambda x: push(1.0, x)[1]


def reverse(f: Any) -> Any:
    return sd.grad(f, jit=False)


@pytest.mark.parametrize("first", [forward, reverse])
@pytest.mark.parametrize("second", [forward, reverse])
@pytest.mark.parametrize("third", [forward, reverse])
@pytest.mark.parametrize("f", THIRD, ids=lambda f: f.__name__)
def test_third_derivatives(f: Any, first: Any, second: Any, third: Any) -> None:
    found = third(second(first(f)))(2.0)
    assert found == pytest.approx(THIRD[f](2.0), rel=1e-12)


@pytest.mark.parametrize("f", THIRD, ids=lambda f: f.__name__)
def test_taylor_coefficients(f: Any) -> None:
    found = sd.taylor(f, 3, jit=False)(1.0, 2.0)
    exact = [f(2.0), sd.grad(f, jit=False)(2.0), None, THIRD[f](2.0) / 6]
    for n in (0, 1, 3):
        assert found[n] == pytest.approx(exact[n], rel=1e-12)


def test_fourth_derivative() -> None:
    fourth = reverse(reverse(reverse(reverse(powers))))
    assert fourth(2.0) == pytest.approx(240.0, rel=1e-13)


def test_derivatives_of_each_transform() -> None:
    cube = lambda x: x * x * x  # noqa: E731
    for transform in (sd.grad, sd.jacobian, sd.jacfwd, sd.jacrev):
        assert sd.grad(transform(cube), jit=False)(2.0) == pytest.approx(12.0)
        assert sd.jacfwd(transform(cube), jit=False)(2.0) == pytest.approx(12.0)
    assert sd.grad(sd.hessian(cube), jit=False)(2.0) == pytest.approx(6.0)
    assert sd.grad(sd.hvp(cube), argnums=1, jit=False)(1.0, 2.0) == pytest.approx(6.0)
    value, slope = sd.pushforward(sd.value_and_grad(cube), jit=False)(1.0, 2.0)
    assert value == pytest.approx((8.0, 12.0))
    assert slope == pytest.approx((12.0, 12.0))


# ---- partials that may be infinite ----

TWICE = {
    "hessian": lambda f, **options: sd.hessian(f, **options),
    "forward over reverse": lambda f, **options: sd.jacfwd(sd.grad(f), **options),
    "reverse over reverse": lambda f, **options: sd.jacrev(sd.grad(f), **options),
    "forward over forward": lambda f, **options: sd.jacfwd(sd.jacfwd(f), **options),
    "reverse over forward": lambda f, **options: sd.jacrev(sd.jacfwd(f), **options),
}


def distance(x):
    return np.sqrt(1.0 + x[0] * (x[0] - 4.0) + 4.0 + 0.0 * x[1])


def distance_in_a_branch(x):
    y = 0.0
    if x[0] > 1.0:
        y = np.sqrt(x[0])
    return y * x[1]


def distances(x):
    return np.sum(np.sqrt(x[1] + (x - 2.0) ** 2)) / x[1]


@pytest.mark.parametrize("way", TWICE)
def test_a_seed_that_happens_to_be_0_has_a_derivative(way: str) -> None:
    """The guard of `sqrt` is for seeds that are 0 since a branch was not taken."""
    at = {distance: [2.0, 0.0], distance_in_a_branch: [4.0, 0.0]}
    exact = {distance: [[1.0, 0.0], [0.0, 0.0]], distance_in_a_branch: [[0, 0.25], [0.25, 0]]}
    for f, point in at.items():
        found = TWICE[way](f, jit=False)(np.array(point))
        np.testing.assert_allclose(found, exact[f], atol=1e-14)


def test_a_series_along_a_direction_that_starts_with_0() -> None:
    found = sd.taylor(distance, 2, jit=False)(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    np.testing.assert_allclose(found, [1.0, 0.0, 0.5], atol=1e-14)
    sd.testing.check_grads(distances, (np.array([2.0, 1.0, 2.0]),), jit=False)


def branch_of_where(x):
    t = np.log(x)
    return np.sum(np.where(x > 0.0, t * t, 0.0) + x * x)


def branch_of_if(x):
    total = 0.0
    for i in range(x.shape[0]):
        t = np.sqrt(x[i])
        if x[i] > 0.0:
            total += t * x[i]
        total += x[i] * x[i]
    return total


@pytest.mark.parametrize("way", TWICE)
def test_second_derivatives_of_a_branch_not_taken_are_0(way: str) -> None:
    x = np.array([0.0, 1.0])
    with np.errstate(all="ignore"):
        found = TWICE[way](branch_of_where, jit=False)(x)
        np.testing.assert_allclose(found, [[2.0, 0.0], [0.0, 4.0]], atol=1e-14)
        found = TWICE[way](branch_of_if, jit=False)(x)
        np.testing.assert_allclose(found, [[2.0, 0.0], [0.0, 2.75]], atol=1e-14)


# ---- Jacobians of Jacobians ----

JACOBIANS = [sd.jacfwd, sd.jacrev, sd.jacobian]


@pytest.mark.parametrize("outer", JACOBIANS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("inner", JACOBIANS, ids=lambda each: each.__name__)
def test_jacobians_of_jacobians(outer: Any, inner: Any) -> None:
    found = outer(inner(lambda x: x[0] * x[1] * x), jit=False)(np.array([2.0, 3.0]))
    # The first output is a a b, the second a b b; at a = 2, b = 3.
    expected = [[[6.0, 4.0], [4.0, 0.0]], [[0.0, 6.0], [6.0, 4.0]]]
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    again = outer(sd.hessian(lambda x: x[0] * x[1] * x[1]), jit=False)(np.array([2.0, 3.0]))
    expected = [[[0.0, 0.0], [0.0, 2.0]], [[0.0, 2.0], [2.0, 0.0]]]
    np.testing.assert_allclose(again, expected, rtol=1e-14)
