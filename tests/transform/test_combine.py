"""Matrices that are written in the loops that read one."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.combine import combine
from tests.transform.soundness import check_memory_programs, check_references


def both_products(a: Any, x: Any, y: Any) -> Any:
    """Of the adjoint of `a`, the vectors are known before the products."""
    return np.sum(y * (a @ x)) + np.sum(x * (y @ a))


def of_the_product(a: Any, x: Any, y: Any) -> Any:
    """The adjoint of `a` needs what the products give."""
    return np.sum((a @ x) ** 2) + np.sum((y @ a) ** 2)


def in_loops(a: Any, x: Any, y: Any) -> Any:
    """The rows of both matrices have one length, but nobody says so of the columns."""
    total = 0.0
    b = np.empty((a.shape[0], x.shape[0]))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j] * x[j]
    for i in range(a.shape[0]):
        for j in range(x.shape[0]):
            b[i, j] = y[i] * x[j]
    return total * np.sum(b)


def changed_between(a: Any, x: Any, y: Any) -> Any:
    """The vector is another one when the matrix is filled."""
    total = 0.0
    z = y.copy()
    b = np.empty((a.shape[0], a.shape[1]))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j] * x[j] * z[i]
    for i in range(a.shape[0]):
        z[i] = z[i] * total
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = z[i] * x[j]
    return np.sum(b * b)


def arguments(n: int, m: int) -> tuple[Any, ...]:
    random = np.random.default_rng(n)
    return random.normal(size=(n, m)), random.normal(size=m), random.normal(size=n)


def source(f: Callable[..., Any]) -> str:
    return str(sd.value_and_grad(f, (0, 1, 2)).source(*arguments(2, 3)))


def nests(text: str) -> int:
    return len(re.findall(r"^    for .*\n(?: {8,}.*\n)*? {8}for ", text, flags=re.M))


def test_an_adjoint_is_written_where_its_matrix_is_read() -> None:
    text = source(both_products)
    assert nests(text) == 2  # four rows at once, and those that are left
    assert re.search(r"a_\d = a\[i\w*, j\](?:\n.*)*? +a_bar\[i\w*, j\] = ", text)


STAYS = (of_the_product, in_loops, changed_between)


@pytest.mark.parametrize("f", STAYS, ids=lambda f: f.__name__)
def test_what_stays_apart(f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = source(f)
    passes = tuple(p for p in sd.pipeline.FINISH if p is not combine)
    monkeypatch.setattr(sd.pipeline, "FINISH", passes)
    assert with_it == source(f)


@pytest.mark.parametrize("f", [both_products, *STAYS], ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4, 3)])
def test_gradients(f: Callable[..., Any], shape: tuple[int, int]) -> None:
    args = arguments(*shape)
    value, _ = sd.value_and_grad(f, (0, 1, 2), jit=False)(*args)
    assert value == pytest.approx(f(*args), rel=1e-13)
    sd.testing.check_grads(f, args, (0, 1, 2), order=1, jit=False)


def test_shapes_are_compared_first() -> None:
    a, x, y = arguments(2, 3)
    with pytest.raises(sd.ShapeError):
        sd.grad(both_products, (0, 1, 2), jit=False)(a, x, y[:1])


def test_what_programs_compute_stays() -> None:
    check_memory_programs(combine, range(20))
    check_references(combine, range(40))
