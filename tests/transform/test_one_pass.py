"""Products of one matrix: with vectors in one loop, with matrices fewer of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients


def both_ways(a: Any, x: Any, u: Any) -> Any:
    return np.sum((a @ x) ** 2) + np.sum(np.sin(u @ a))


def one_after_the_other(a: Any, x: Any, u: Any) -> Any:
    return np.sum(u * ((a @ x) @ a)[0])


def transposed(a: Any, x: Any, u: Any) -> Any:
    b = a.T
    return np.sum((x @ b) * (a @ x)) + np.sum(b @ u)


def depends_on_a_sum(a: Any, x: Any, u: Any) -> Any:
    """The second product needs all of the first one."""
    first = a @ x
    return np.sum(a @ (x * np.sum(first)))


def written_between(a: Any, x: Any, u: Any) -> Any:
    a = a.copy()
    first = a @ x
    a[0, 0] = first[1] * x[0]
    return np.sum(a @ x) + np.sum(u @ a)


def changed_vector(a: Any, x: Any, u: Any) -> Any:
    x = x.copy()
    first = a @ x
    x[0] = first[0]
    return np.sum(np.exp(0.1 * (a @ x)))


def result_is_written(a: Any, x: Any, u: Any) -> Any:
    first = a @ x
    first[0] = 2.0 * x[0]
    return np.sum((first @ a) * x)


ONE_PASS = (both_ways, one_after_the_other)
FUNCTIONS = (
    *ONE_PASS,
    transposed,
    depends_on_a_sum,
    written_between,
    changed_vector,
    result_is_written,
)


def arguments(n: int, m: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(n)
    return random.normal(size=(n, m)), random.normal(size=m), random.normal(size=n)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", [(3, 4), (2, 2), (5, 2)], ids=str)
def test_gradients_are_exact(f: Callable[..., Any], shape: tuple[int, int]) -> None:
    args = arguments(*shape)
    value, bars = sd.value_and_grad(f, (0, 1, 2), jit=False)(*args)
    wanted, wanted_bars = gradients(f, args, (0, 1, 2))
    assert value == pytest.approx(wanted, rel=1e-12)
    for bar, wanted_bar in zip(bars, wanted_bars, strict=True):
        np.testing.assert_allclose(bar, wanted_bar, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", ONE_PASS, ids=lambda f: f.__name__)
def test_all_products_are_in_one_nest(f: Callable[..., Any]) -> None:
    assert "@" not in _body(sd.value_and_grad(f, (0, 1, 2)).source(*arguments(3, 4)))


def test_a_product_alone_is_left_to_blas() -> None:
    source = _body(
        sd.value_and_grad(lambda a, x, u: np.sin(np.sum(a @ x))).source(*arguments(3, 4))
    )
    assert source.count("@") == 1


def test_a_product_that_needs_all_of_another_one_stays() -> None:
    source = _body(sd.value_and_grad(depends_on_a_sum, (0, 1)).source(*arguments(3, 4)))
    assert "@" in source


def test_shapes_are_checked_before_the_loop() -> None:
    a, x, u = arguments(3, 4)
    for jit in (False, True):
        with pytest.raises(sd.ShapeError, match="shapes do not match"):
            sd.value_and_grad(both_ways, (0, 1), jit=jit)(a, x, u[:2])


def gram(a: Any, b: Any) -> Any:
    return np.sum(np.sin(b * (a.T @ a)))


def two_sides(a: Any, b: Any) -> Any:
    return np.sum((a @ b) ** 2) + np.sum(np.sin(a @ (2.0 * b)))


@pytest.mark.parametrize(("f", "products"), [(gram, 2), (two_sides, 4)], ids=["gram", "two_sides"])
def test_common_factors(f: Callable[..., Any], products: int) -> None:
    """`a.T @ a` gives `a` two contributions, and one product; so does `a @ b` twice."""
    random = np.random.default_rng(1)
    args = random.normal(size=(3, 3)), random.normal(size=(3, 3))
    derivative = sd.value_and_grad(f, jit=False)
    assert _body(derivative.source(*args)).count("@") == products
    value, bar = derivative(*args)
    wanted, (wanted_bar,) = gradients(f, args, (0,))
    assert value == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(bar, wanted_bar, rtol=1e-11, atol=1e-12)


def _body(source: str) -> str:
    lines = source.partition("edit.")[2].splitlines()
    return "\n".join(line.partition("#")[0] for line in lines)
