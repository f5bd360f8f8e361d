"""Rules of the user's own: taken instead of the function's code, in every mode."""

import math
from typing import Any

import numba
import numpy as np
import pytest

import srcdiff as sd

X = np.array([1.0, 2.0, 3.0])
A = np.diag([2.0, 4.0, 5.0])


# The factor 3 is not the derivative: it shows that the rule is used, and not the code.
@sd.rule(partials=lambda y, x: 3.0 * x)
def square(x):
    return x * x


@sd.rule(partials=lambda z, a, b: (2.0 * b, None))
def product(a, b):
    return a * b


def solve_tangent(dots, y, matrix, b):
    return dots[1] / np.diagonal(matrix) - y * np.diagonal(dots[0]) / np.diagonal(matrix)


def solve_adjoint(y_bar, y, matrix, b):
    b_bar = y_bar / np.diagonal(matrix)
    matrix_bar = np.zeros_like(matrix)
    for k in range(b.shape[0]):
        matrix_bar[k, k] = -b_bar[k] * y[k]
    return matrix_bar, b_bar


@sd.rule(tangent=solve_tangent, adjoint=solve_adjoint)
def solve(matrix, b):
    x = b.copy()
    for k in range(b.shape[0]):
        x[k] /= matrix[k, k]
    return x


@sd.rule(adjoint=lambda y_bar, y, x: (7.0 * y_bar * np.cos(x),))
@numba.njit
def sine(x):
    return math.sin(x)


@sd.zero
def half_up(x):
    return float(int(x + 0.5))


def cube(x):
    return square(x) * x


def test_partials_are_used_in_every_mode() -> None:
    assert sd.grad(cube, jit=False)(2.0) == 16.0
    assert sd.jvp(cube, (2.0,), (1.0,), jit=False) == (8.0, 16.0)
    # d/dx [3 x x + square(x)], the latter by the rule again
    assert sd.grad(sd.grad(cube, jit=False), jit=False)(2.0) == 18.0
    assert sd.hessian(cube, jit=False)(2.0) == 18.0
    assert sd.grad(cube)(2.0) == 16.0


def test_the_function_itself_may_have_the_rule() -> None:
    assert sd.grad(square, jit=False)(2.0) == 6.0


def test_partials_of_arrays_and_broadcasts() -> None:
    found = sd.grad(lambda x: np.sum(square(x)), jit=False)(X)
    np.testing.assert_array_equal(found, 3.0 * X)
    by_a, by_b = sd.grad(lambda a, b: np.sum(product(a, b)), (0, 1), jit=False)(2.0, X)
    assert by_a == 2.0 * np.sum(X)
    np.testing.assert_array_equal(by_b, np.zeros(3))
    jacobian = sd.jacfwd(lambda a: product(a, X), jit=False)(2.0)
    np.testing.assert_array_equal(jacobian, 2.0 * X)


def objective(matrix, b):
    return np.sum(solve(matrix, b) ** 2)


@pytest.mark.parametrize("jit", [False, True])
def test_tangent_and_adjoint(jit: bool) -> None:
    diagonal = np.diag(A)
    matrix_bar, b_bar = sd.grad(objective, (0, 1), jit=jit)(A, X)
    np.testing.assert_allclose(b_bar, 2.0 * X / diagonal**2)
    np.testing.assert_allclose(matrix_bar, np.diag(-2.0 * X**2 / diagonal**3))
    _, dot = sd.jvp(objective, (A, X), (A, np.ones(3)), jit=jit)
    assert dot == pytest.approx(np.sum(matrix_bar * A) + np.sum(b_bar))
    hessian = sd.hessian(lambda b: objective(A, b), jit=jit)(X)
    np.testing.assert_allclose(hessian, np.diag(2.0 / diagonal**2))
    np.testing.assert_allclose(sd.jacfwd(lambda b: solve(A, b), jit=jit)(X), np.diag(1 / diagonal))


def test_a_rule_of_compiled_code() -> None:
    assert sd.grad(lambda x: 2.0 * sine(x))(0.3) == pytest.approx(14.0 * math.cos(0.3))
    with pytest.raises(sd.NotDifferentiable, match="no `tangent`"):
        sd.jvp(lambda x: sine(x), (0.3,), (1.0,))


def test_zero() -> None:
    assert sd.grad(lambda x: half_up(x) * x, jit=False)(2.7) == 3.0


def test_a_rule_holds_for_derivatives_made_before() -> None:
    def late(x):
        return x * x

    assert sd.grad(late, jit=False)(2.0) == 4.0
    sd.rule(late, partials=lambda y, x: 5.0)
    assert sd.grad(late, jit=False)(2.0) == 5.0


def test_keywords_are_bound_to_positions() -> None:
    assert sd.grad(lambda x: product(b=3.0, a=x), jit=False)(2.0) == 6.0


def one(x):
    return x


def two(x, y):
    return x + y


@pytest.mark.parametrize(
    ("register", "message"),
    [
        (lambda: sd.rule(np.sin, partials=lambda y, x: 1.0), "has a rule already"),
        (lambda: sd.rule(two, partials=lambda z, x: 1.0), "takes 3, not 2"),
        (lambda: sd.rule(two, adjoint=lambda z_bar, x, y: (1.0, 1.0)), "takes 4, not 3"),
        (lambda: sd.rule(one), "A rule has"),
        (lambda: sd.rule(one, partials=lambda y, x: 1.0, adjoint=lambda b, y, x: (b,)), "besides"),
    ],
)
def test_rules_that_cannot_be(register: Any, message: str) -> None:
    with pytest.raises(sd.RuleError, match=message):
        register()


def test_what_a_rule_gives_is_checked() -> None:
    def no_tuple(x):
        return x

    def too_many(x):
        return x

    def wrong_rank(x):
        return x

    sd.rule(no_tuple, adjoint=lambda y_bar, y, x: y_bar)
    sd.rule(too_many, adjoint=lambda y_bar, y, x: (y_bar, y_bar))
    sd.rule(wrong_rank, adjoint=lambda y_bar, y, x: (np.sum(y_bar),))
    for function, message in (
        (no_tuple, "must give a tuple"),
        (too_many, "gives 2 values where 1"),
        (wrong_rank, "another rank"),
    ):
        with pytest.raises(sd.RuleError, match=message) as caught:
            sd.grad(lambda x, f=function: np.sum(f(x)), jit=False)(X)
        assert caught.value.span is not None


# ---- functions that are called as a whole ----


def heavy(x):
    y = x
    for _ in range(5):
        y = np.sin(y) * x
    return y


def in_pieces(x):
    return sd.checkpoint(heavy)(x) * sd.checkpoint(heavy)(x * x)


def at_once(x):
    return heavy(x) * heavy(x * x)


def test_checkpoint_changes_nothing_but_what_is_kept() -> None:
    assert in_pieces(0.7) == at_once(0.7)
    assert sd.grad(in_pieces, jit=False)(0.7) == sd.grad(at_once, jit=False)(0.7)
    first, second = (sd.hessian(f, jit=False)(0.7) for f in (in_pieces, at_once))
    assert first == pytest.approx(second, rel=1e-14)
    assert sd.jvp(in_pieces, (0.7,), (1.0,), jit=False)[1] == pytest.approx(sd.grad(at_once)(0.7))


def test_checkpoint_runs_the_function_again() -> None:
    text = sd.grad(in_pieces, jit=False).source(0.7)
    # Once each for the values, once each again with what the adjoint needs, once each back.
    assert text.count("in range(") == 10


def test_what_is_called_as_a_whole_must_not_write() -> None:
    def write(a):
        a[0] = 2.0 * a[0]
        return a[0]

    with pytest.raises(sd.UnsupportedSyntax, match="called as a whole"):
        sd.grad(lambda x: sd.checkpoint(write)(x), jit=False)(X)
