"""Both sweeps of a loop that writes run at once where the adjoints behind it need nothing of it."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd

RNG = np.random.default_rng(3)
A, W = RNG.normal(size=(3, 5)), RNG.normal(size=(3, 5))


def running(a: Any, w: Any) -> Any:
    """Each line is a recurrence of its own, and the result is weighed."""
    out = np.zeros(a.shape)
    for i in range(a.shape[0]):
        sofar = 1.0
        for k in range(a.shape[1]):
            sofar = 0.5 * sofar * sofar + a[i, k]
            out[i, k] = sofar
    total = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += w[i, k] * out[i, k]
    return total


def in_place(a: Any, w: Any) -> Any:
    """What it overwrites has been something linear."""
    out = a.copy()
    for i in range(a.shape[0]):
        sofar = 1.0
        for k in range(a.shape[1]):
            sofar = np.sin(sofar) + out[i, k]
            out[i, k] = sofar
    total = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += w[i, k] * out[i, k]
    return total


TOGETHER: tuple[Callable[..., Any], ...] = (running, in_place)


def squared(a: Any, w: Any) -> Any:
    """The adjoint of what follows needs what the loop computes."""
    out = np.zeros(a.shape)
    for i in range(a.shape[0]):
        sofar = 1.0
        for k in range(a.shape[1]):
            sofar = 0.5 * sofar * sofar + a[i, k]
            out[i, k] = sofar
    total = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += w[i, k] * out[i, k] * out[i, k]
    return total


def total_squared(a: Any, w: Any) -> Any:
    """The seed is known behind the loop only."""
    out = np.zeros(a.shape)
    total = 0.0
    for i in range(a.shape[0]):
        sofar = 1.0
        for k in range(a.shape[1]):
            sofar = 0.5 * sofar * sofar + a[i, k]
            out[i, k] = sofar
            total += w[i, k] * sofar
    return total * total


def changed_behind(a: Any, w: Any) -> Any:
    """The old elements are needed, and would be given back too early."""
    out = 0.9 * a
    total = 0.0
    for i in range(a.shape[0]):
        sofar = 1.0
        for k in range(a.shape[1]):
            sofar = 0.5 * sofar * sofar * out[i, k]
            out[i, k] = sofar
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += w[i, k] * out[i, k]
    return total


def needed_before(a: Any, w: Any) -> Any:
    """What comes before the loop needs what the loop overwrites."""
    out = 0.9 * a
    total = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += np.sqrt(1.0 + out[i, k] * out[i, k])
    total = total * total
    for i in range(a.shape[0]):
        sofar = 1.0
        for k in range(a.shape[1]):
            sofar = 0.5 * sofar * sofar + a[i, k]
            out[i, k] = sofar
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += w[i, k] * out[i, k]
    return total


APART: tuple[Callable[..., Any], ...] = (squared, total_squared, changed_behind, needed_before)


def text_of(f: Callable[..., Any]) -> str:
    return sd.value_and_grad(f, 0, jit=False).source(A, W)


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


@pytest.mark.parametrize("f", [*TOGETHER, *APART], ids=lambda f: f.__name__)
def test_gradients(f: Callable[..., Any]) -> None:
    sd.testing.check_grads(f, (A, W), (0, 1), order=1, jit=False)


@pytest.mark.parametrize("f", TOGETHER, ids=lambda f: f.__name__)
def test_nothing_is_kept_beyond_an_iteration(f: Callable[..., Any]) -> None:
    kept = re.search(r'Kept: (.*?)"""', text_of(f), re.DOTALL)
    assert kept is not None
    assert "a.shape[0]" not in kept[1], kept[1]


@pytest.mark.parametrize("f", APART, ids=lambda f: f.__name__)
def test_what_needs_the_loop_comes_behind_it(f: Callable[..., Any]) -> None:
    kept = re.search(r'Kept: (.*?)"""', text_of(f), re.DOTALL)
    assert kept is not None
    assert "a.shape[0]" in kept[1], kept[1]


def test_results_that_are_arrays_may_be_weighed_outside() -> None:
    """The seed of an array is there before the loop runs."""

    def lines(a: Any) -> Any:
        out = np.zeros(a.shape)
        for i in range(a.shape[0]):
            sofar = 1.0
            for k in range(a.shape[1]):
                sofar = 0.5 * sofar * sofar + a[i, k]
                out[i, k] = sofar
        return out

    value, back = sd.vjp(lines, A, jit=False)
    wanted = sd.grad(lambda a: running(a, W), jit=False)(A)
    np.testing.assert_allclose(value, lines(A), rtol=1e-14)
    found = back(W)
    np.testing.assert_allclose(found[0] if isinstance(found, tuple) else found, wanted, rtol=1e-12)


def test_explain_says_why_the_weighing_is_apart() -> None:
    found = sd.value_and_grad(running, 0, jit=False).explain(A, W)
    reasons = [loop.reasons for loop in found.loops if not loop.merged]
    assert ("what fills `out` waits for its adjoint sweep",) in reasons
