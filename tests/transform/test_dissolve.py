"""Matrices that are there for one product with a vector only are never made."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.dissolve import dissolve
from tests.transform.soundness import check_memory_programs, check_references


def by_row(a, b, x):
    m = np.exp(-a) * b
    return np.sum(np.cos(m @ x) * np.sum(m, axis=1))


def by_column(a, b, x):
    m = a * b + 1.0
    return np.sum(np.sin(x[: a.shape[0]] @ m) ** 2) + np.sum(m)


def forces(a, b, x):
    """Several matrices, each with a product of its own."""
    distance = x - x[:, None]
    weight = 1.0 / (1.0 + distance * distance)
    return np.sum(((weight * distance) @ b[0]) * (weight @ x)) + np.sum(a)


def in_a_loop(a, b, x):
    y = x.copy()
    for k in range(3):
        m = np.tanh(a * y)
        y[: a.shape[0]] += 0.1 * (m @ y) * b[k % 2, 0]
    return np.sum(y * y)


def twice(a, b, x):
    """The second product needs the result of the first."""
    m = a * b
    return np.sum(np.cos(x[: a.shape[0]] @ m) * x) + np.sum(m @ x)


def given(a, b, x):
    """A matrix that is there already."""
    return np.sum(np.cos(a @ x)) + b[0, 0]


def written(a, b, x):
    m = a * b
    r = m @ x
    m[0, 0] = 0.5
    return np.sum(np.cos(r)) * np.sum(m)


def viewed(a, b, x):
    m = a * b
    return np.sum(np.cos(m @ x) * m[:, 0])


def made_before(a, b, x):
    """It would be computed in each iteration."""
    m = np.exp(a)
    y = x.copy()
    for _ in range(3):
        y[: a.shape[0]] += 0.1 * (m @ y)
    return np.sum(y * b[0])


DISSOLVED = (by_row, by_column, forces, in_a_loop)
KEPT = (twice, given, written, viewed, made_before)


def arguments() -> tuple[Any, Any, Any]:
    random = np.random.default_rng(0)
    return random.normal(size=(3, 5)), random.normal(size=(3, 5)), random.normal(size=5)


def gradient(f: Callable[..., Any], **options: Any) -> Any:
    return sd.value_and_grad(f, (0, 1, 2), **options)(*arguments())


@pytest.mark.parametrize("f", DISSOLVED + KEPT, ids=lambda f: f.__name__)
def test_gradients_are_right(f: Callable[..., Any]) -> None:
    value, found = gradient(f, jit=False)
    args = arguments()
    np.testing.assert_allclose(value, f(*args), rtol=1e-14)
    step = 1e-20j
    for number, part in enumerate(found):
        for place in np.ndindex(part.shape):
            moved = [arg.astype(complex) for arg in args]
            moved[number][place] += step
            expected = f(*moved).imag / step.imag
            np.testing.assert_allclose(part[place], expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", DISSOLVED, ids=lambda f: f.__name__)
def test_compiled_is_plain(f: Callable[..., Any]) -> None:
    value, plain = gradient(f, jit=False)
    compiled_value, compiled = gradient(f)
    np.testing.assert_allclose(compiled_value, value, rtol=1e-13)
    for left, right in zip(compiled, plain, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("f", DISSOLVED + KEPT, ids=lambda f: f.__name__)
def test_which_products_are_sums(f: Callable[..., Any]) -> None:
    text = sd.value_and_grad(f, (0, 1, 2)).source(*arguments())
    code = "\n".join(line.partition("#")[0] for line in text.splitlines())
    if f is not twice:  # whose products are one loop of their own
        assert (" @ " in code) == (f in KEPT)
    if f in DISSOLVED:
        assert "m = np.empty" not in code


def test_what_programs_compute_stays() -> None:
    check_memory_programs(dissolve, range(20))
    check_references(dissolve, range(40))
