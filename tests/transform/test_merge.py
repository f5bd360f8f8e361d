"""Loops that do both sweeps at once, also inside of other such loops."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff import pipeline
from srcdiff.transform.jam import jam

RNG = np.random.default_rng(5)
X, W, V = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=3)


def weighed(x: Any, w: Any, v: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += w[i, j] * x[i, j] ** 2 + v[i]
    return total


def two_inner_loops(x: Any, w: Any, v: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += w[i, j] * x[i, j] ** 3
        for j in range(x.shape[1]):
            total -= v[i] * w[i, j] ** 2
    return total


def three_deep(x: Any, w: Any, v: Any) -> Any:
    total = 0.0
    for k in range(v.shape[0]):
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                total += v[k] * w[i, j] * x[k, j]
    return total


def weight_behind(x: Any, w: Any, v: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        dot = 0.0
        for j in range(x.shape[1]):
            dot += w[i, j] * x[i, j]
        total += v[i] * dot
    return total


def two_weights_behind(x: Any, w: Any, v: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        dot, other = 0.0, 0.0
        for j in range(x.shape[1]):
            dot += w[i, j] * x[i, j]
        for j in range(x.shape[1]):
            other += w[i, j] * (2.0 + x[i, j] ** 2)
        total += v[i] * (dot + v[i] * other)
    return total


def work_before(x: Any, w: Any, v: Any) -> Any:
    """The inner loop reads what the iteration has made."""
    total = 0.0
    for i in range(x.shape[0]):
        t = np.empty(x.shape[1])
        for j in range(x.shape[1]):
            t[j] = x[i, j] * v[i]
        for j in range(x.shape[1]):
            total += w[i, j] * t[j] ** 2
    return total


MERGED = {
    weighed: 2,
    two_inner_loops: 3,
    three_deep: 3,
    weight_behind: 2,
    two_weights_behind: 3,
}
"""How many loops are left."""


def root_behind(x: Any, w: Any, v: Any) -> Any:
    """What the sum is weighed with follows from the sum."""
    total = 0.0
    for i in range(x.shape[0]):
        dot = 1.0
        for j in range(x.shape[1]):
            dot += w[i, j] ** 2 * x[i, j] ** 2
        total += v[i] * np.sqrt(dot)
    return total


def weight_that_changes(x: Any, w: Any, v: Any) -> Any:
    """The weight is read behind the loop from memory that the program writes."""
    total = 0.0
    for i in range(x.shape[0]):
        u = v.copy()
        u[i] = 2.0 * v[i]
        dot = 0.0
        for j in range(x.shape[1]):
            dot += w[i, j] * x[i, j]
        total += u[i] * dot
    return total


def work_changed_behind(x: Any, w: Any, v: Any) -> Any:
    """What the inner loop reads is overwritten, so the adjoint of that stands between the two."""
    total = 0.0
    for i in range(x.shape[0]):
        t = x[i] * v[i]
        for j in range(x.shape[1]):
            total += w[i, j] * t[j] ** 2
        for j in range(x.shape[1]):
            t[j] = t[j] * w[i, j]
        for j in range(x.shape[1]):
            total += np.sin(t[j])
    return total


def shared_behind(x: Any, w: Any, v: Any) -> Any:
    """The adjoint of v[i] is complete only when all inner loops have added to it."""
    total = 0.0
    for i in range(x.shape[0]):
        u = np.exp(v[i])
        for j in range(x.shape[1]):
            total += u * x[i, j]
        s = u * u
        for j in range(x.shape[1]):
            total += s * w[i, j] * x[i, j]
    return total


PROGRAMS: tuple[Callable[..., Any], ...] = (
    *MERGED,
    work_before,
    root_behind,
    weight_that_changes,
    work_changed_behind,
    shared_behind,
)


def loops(text: str, counter: str = "") -> int:
    return len(re.findall(rf"^ +for {counter}", text, flags=re.M))


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("argnums", [(0, 1, 2), (0,), (2,), (1, 2)])
def test_gradients(f: Callable[..., Any], argnums: tuple[int, ...]) -> None:
    sd.testing.check_grads(f, (X, W, V), argnums, order=1, jit=False)


@pytest.mark.parametrize("f", MERGED, ids=lambda f: f.__name__)
def test_inner_loops_do_both_sweeps(f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "FINISH", tuple(p for p in pipeline.FINISH if p is not jam))
    text = sd.value_and_grad(f, (0, 1, 2), jit=False).source(X, W, V)
    assert loops(text) == MERGED[f], text


@pytest.mark.parametrize("f", [root_behind, weight_that_changes], ids=lambda f: f.__name__)
def test_inner_loops_whose_adjoint_has_to_wait(f: Callable[..., Any]) -> None:
    text = sd.value_and_grad(f, (0, 1, 2), jit=False).source(X, W, V)
    assert loops(text, "j") == 2, text


def test_what_is_loaded_early_is_behind_the_guards_before_it() -> None:
    """A weight that may not be there is not loaded before that was asked."""

    def f(x: Any, w: Any, v: Any) -> Any:
        total = 0.0
        for i in range(x.shape[0]):
            dot = 0.0
            for j in range(x.shape[1]):
                dot += w[i, j] * x[i, j]
            total += w[i, 3] * dot
        return total

    df = sd.value_and_grad(f, (0, 1), jit=False)
    text = df.source(X, W, V)
    assert text.index("fewer than 4 elements") < text.index("total_1 = w[i, 3]")
    sd.testing.check_grads(f, (X, W, V), (0, 1), order=1, jit=False)
    with pytest.raises(sd.BoundsError):
        df(X[:, :2], W[:, :2], V)
