"""Functions that are linear in parameters: their value is that of the gradient times those."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.dual import gradients


def diffusion(a: Any, b: Any, w: Any) -> Any:
    a = a.copy()
    for _ in range(4):
        new = a.copy()
        for i in range(1, a.shape[0] - 1):
            new[i] = (a[i - 1] + a[i] + a[i + 1]) / 3.0
        a = new
    total = 0.0
    for i in range(a.shape[0]):
        total += w[i] * a[i]
    return total


def in_two_together(a: Any, b: Any, w: Any) -> Any:
    """In `a` and `b`, but in neither alone."""
    state = 0.0
    total = 0.0
    for t in range(10):
        for i in range(a.shape[0]):
            state = 0.5 * state + a[i] * np.sin(w[i])
            total += state - b[t % a.shape[0]]
    return total


def branches(a: Any, b: Any, w: Any) -> Any:
    """What decides does not depend on the parameter."""
    total = 0.0
    for _ in range(3):
        for i in range(a.shape[0]):
            step = a[i]
            for j in range(i):
                step = step + a[j] * 0.5 if w[j] > 0.0 else 0.25 * step
            total += step * w[i] / (2.0 + b[i] * b[i])
    return total


LINEAR = [diffusion, in_two_together, branches]


def affine(a: Any, b: Any, w: Any) -> Any:
    total = 0.0
    for _ in range(5):
        for i in range(a.shape[0]):
            total = 0.5 * total + a[i] + 1.0
    return total


def decided_by_it(a: Any, b: Any, w: Any) -> Any:
    total = 0.0
    for _ in range(5):
        for i in range(a.shape[0]):
            total += a[i] if a[i] > 0.1 else 2.0 * a[i]
    return total


def largest(a: Any, b: Any, w: Any) -> Any:
    total = 0.0
    for _ in range(5):
        for i in range(a.shape[0]):
            total += max(a[i], a[0])
    return total


def constant_part(a: Any, b: Any, w: Any) -> Any:
    """`no_grad` hides from the gradient what the value has."""
    total = 0.0
    for _ in range(5):
        for i in range(a.shape[0]):
            with sd.no_grad():
                hidden = 3.0 * a[i]
            total += a[i] * 2.0 + hidden
    return total


def square(a: Any, b: Any, w: Any) -> Any:
    total = 0.0
    for _ in range(5):
        for i in range(a.shape[0]):
            total += a[i] * a[i] * b[i] + w[i] * w[i]
    return total


def overwritten(a: Any, b: Any, w: Any) -> Any:
    """The parameter that comes back is not the one that was given."""
    total = 0.0
    for _ in range(5):
        for i in range(a.shape[0]):
            total += a[i] * 0.5
            a[i] = 0.5 * a[i]
    return total


OTHERS = [affine, decided_by_it, largest, square, overwritten]


def arguments() -> tuple[Any, Any, Any]:
    random = np.random.default_rng(7)
    a, b, w = random.normal(size=(3, 6))
    return a, b, w


def loops(f: Callable[..., Any], make: Callable[..., Any]) -> int:
    text = make(f, argnums=(0, 1), jit=False).source(*arguments())
    return sum("for " in line.split("#")[0] for line in text.splitlines())


@pytest.mark.parametrize("f", LINEAR + OTHERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("jit", [False, True], ids=["plain", "compiled"])
def test_values_and_gradients_are_exact(f: Callable[..., Any], jit: bool) -> None:
    args = arguments()
    wanted, bars = gradients(f, [a.copy() for a in args], (0, 1))
    value, found = sd.value_and_grad(f, argnums=(0, 1), jit=jit)(*[a.copy() for a in args])
    assert value == pytest.approx(wanted, rel=1e-12)
    for bar, exact in zip(found, bars, strict=True):
        np.testing.assert_allclose(bar, exact, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", LINEAR[:2], ids=lambda f: f.__name__)
def test_no_primal_sweep(f: Callable[..., Any]) -> None:
    """The value costs no loops but those over the parameters."""
    assert loops(f, sd.value_and_grad) <= loops(f, sd.grad) + 2


def test_the_value_has_what_the_gradient_has_not() -> None:
    a, b, w = arguments()
    value, bar = sd.value_and_grad(constant_part, jit=False)(a, b, w)
    assert value == pytest.approx(25.0 * np.sum(a), rel=1e-12)
    np.testing.assert_allclose(bar, np.full(6, 10.0))


def test_what_does_not_count_spoils_nothing() -> None:
    """A column that nothing reads may be infinite."""

    def f(a: Any, w: Any) -> Any:
        total = 0.0
        for _ in range(3):
            for i in range(a.shape[0]):
                total = 0.5 * total + w[i] * a[i, 1]
        return total

    a, w = np.ones((4, 3)), np.arange(4.0)
    expected = f(a, w)
    a[:, 0], a[:, 2] = np.inf, np.nan
    value, bar = sd.value_and_grad(f, jit=False)(a, w)
    assert value == pytest.approx(expected, rel=1e-14)
    assert np.all(np.isfinite(bar))
