"""Sums over products of matrices: their value comes from a product that the adjoint needs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients


def plain(a: Any, b: Any, w: Any) -> Any:
    return np.sin(np.sum(w * (a @ b)))


def scaled(a: Any, b: Any, w: Any) -> Any:
    """A number is taken out of the products; the rest of the sum stays."""
    alpha = np.sin(a[0, 1])
    return np.sin(np.sum(w * (b - (alpha * (a @ b) - w) / 1.5)))


def weighed_first(a: Any, b: Any, w: Any) -> Any:
    return np.sin(np.sum((b - w * (a @ b)) * 2.0))


def turned(a: Any, b: Any, w: Any) -> Any:
    return np.sin(np.sum((b.T @ a.T) * w.T))


def turned_weight(a: Any, b: Any, w: Any) -> Any:
    return np.log(4.0 + np.sum(w.T * (a @ b)) ** 2)


def gram(a: Any, b: Any, w: Any) -> Any:
    return np.sin(np.sum((a.T @ a) * w) / 3.0)


def gram_of_rows(a: Any, b: Any, w: Any) -> Any:
    return np.sin(np.sum(w.T * (0.5 * (a @ a.T))))


def twice(a: Any, b: Any, w: Any) -> Any:
    product = a @ b
    return np.sin(np.sum(w * product) * np.sum(w * (2.0 * product)))


def in_a_loop(a: Any, b: Any, w: Any) -> Any:
    total = 0.0
    for _ in range(3):
        total += np.sum(w * (a @ b)) + 1.0
    return total


def two_weights(a: Any, b: Any, w: Any) -> Any:
    product = a @ b
    return np.sum(w * product) + np.sum(b * product)


def squared(a: Any, b: Any, w: Any) -> Any:
    product = a @ b
    return np.sum(w * product * product)


def read_elsewhere(a: Any, b: Any, w: Any) -> Any:
    product = a @ b
    return np.sum(w * product) + product[1, 0] ** 2


def written_between(a: Any, b: Any, w: Any) -> Any:
    a = a.copy()
    first = np.sum(w * (a @ b))
    a[0, 0] = 2.0 * b[1, 1]
    return first * np.sum(a)


def one_row(a: Any, b: Any, w: Any) -> Any:
    """What is broadcast on the way is not of the shape of the product."""
    return np.sum(w * (a @ b + b[:1]))


FEWER = (
    plain,
    scaled,
    weighed_first,
    turned,
    turned_weight,
    gram,
    gram_of_rows,
    in_a_loop,
)
OTHERS = (twice, two_weights, squared, read_elsewhere, written_between, one_row)


def matrices(n: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(n)
    a, b, w = random.normal(size=(3, n, n))
    return a, b, w


@pytest.mark.parametrize("f", [*FEWER, *OTHERS], ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [2, 3, 5])
def test_values_and_gradients_are_exact(f: Callable[..., Any], n: int) -> None:
    args = matrices(n)
    value, found = sd.value_and_grad(f, argnums=(0, 1), jit=False)(*args)
    np.testing.assert_allclose(value, f(*args), rtol=1e-12)
    for bar, wanted in zip(found, gradients(f, args, (0, 1))[1], strict=True):
        np.testing.assert_allclose(bar, wanted, rtol=1e-11, atol=1e-12)


def products(derivative: Any, args: Any) -> int:
    """Return how many products of matrices the code has."""
    lines = derivative.source(*args).splitlines()
    return sum(line.split("#")[0].count(" @ ") for line in lines)


@pytest.mark.parametrize("f", FEWER, ids=lambda f: f.__name__)
def test_one_product_is_saved(f: Callable[..., Any]) -> None:
    """With the value there are as many products as the gradient needs."""
    found = products(sd.value_and_grad(f, argnums=(0, 1), jit=False), matrices(3))
    assert found == (1 if "gram" in f.__name__ else 2)


@pytest.mark.parametrize("f", [two_weights, squared, read_elsewhere], ids=lambda f: f.__name__)
def test_a_product_that_is_needed_stays(f: Callable[..., Any]) -> None:
    assert products(sd.value_and_grad(f, argnums=(0, 1), jit=False), matrices(3)) == 3


def test_the_value_is_that_of_plain_sums_where_a_weight_is_zero() -> None:
    """A scale of zero is not divided by."""

    def f(alpha: Any, a: Any, b: Any, w: Any) -> Any:
        return np.sum(w * (alpha * (a @ b)))

    a, b, w = matrices(4)
    value, (alpha_bar, a_bar) = sd.value_and_grad(f, argnums=(0, 1), jit=False)(0.0, a, b, w)
    assert value == 0.0
    np.testing.assert_allclose(alpha_bar, np.sum(w * (a @ b)), rtol=1e-12)
    np.testing.assert_array_equal(a_bar, np.zeros_like(a))
