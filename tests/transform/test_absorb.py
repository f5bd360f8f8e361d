"""What is cheap to compute is computed where it is read, and not stored."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.absorb import absorb
from tests.transform.soundness import check_memory_programs

N = 6


def fluxes(x: Any, c: Any) -> Any:
    """Each flux leaves one cell and enters the next one."""
    n = x.shape[0]
    flux = np.empty(n - 1)
    for i in range(n - 1):
        change = x[i + 1] - x[i]
        flux[i] = 0.0 if change > 0.3 else change
    total = 0.0
    for i in range(1, n - 1):
        total += c * x[i] * (flux[i] - flux[i - 1])
    return total


def of_each_other(x: Any, c: Any) -> Any:
    """An array is made of one that is made of another one."""
    n = x.shape[0]
    first = np.empty(n)
    second = np.empty(n)
    total = 0.0
    for i in range(n):
        first[i] = c * x[i]
    for i in range(n - 1, -1, -1):
        second[i] = first[i] * first[i]
    for i in range(n - 2):
        total += second[i + 2] * x[i]
    return total


def shifted(x: Any, c: Any) -> Any:
    """Rows and columns in the other order, and beside the counters."""
    n = x.shape[0]
    work = np.zeros((n, n + 1))
    for j in range(n):
        double = 2.0 * x[j]
        for i in range(n):
            work[i, j + 1] = double * x[i] + i
    total = 0.0
    for k in range(n):
        for m in range(1, n + 1):
            total += c * work[k, m] ** 2
    return total


def in_rounds(x: Any, c: Any) -> Any:
    """The array is made anew in each round, of what the round before has left."""
    u = x.copy()
    n = u.shape[0]
    for _ in range(3):
        slope = np.empty(n - 1)
        new = np.empty(n)
        for i in range(n - 1):
            slope[i] = u[i + 1] - u[i]
        for i in range(1, n - 1):
            new[i] = u[i] + c * (slope[i] * slope[i - 1])
        for i in range(1, n - 1):
            u[i] = new[i]
    return np.sum(u * u)


GONE: tuple[tuple[Callable[..., Any], str], ...] = (
    (fluxes, "flux["),
    (of_each_other, "first["),
    (of_each_other, "second["),
    (shifted, "work["),
    (in_rounds, "slope["),
)


def written_later(x: Any, c: Any) -> Any:
    """What the elements are made of is another value where they are read."""
    u = x.copy()
    n = u.shape[0]
    work = np.empty(n)
    total = 0.0
    for i in range(n):
        work[i] = c * u[i]
    for i in range(n):
        total += work[i] * u[i]
        u[i] = 0.0
    return total + u[1]


def around_the_end(x: Any, c: Any) -> Any:
    """The first read is of the last element."""
    n = x.shape[0]
    work = np.empty(n)
    total = 0.0
    for i in range(n):
        work[i] = c * x[i]
    for i in range(n):
        total += work[i - 1] * x[i]
    return total


def not_filled(x: Any, c: Any) -> Any:
    """One element is what it was made with."""
    n = x.shape[0]
    work = np.ones(n)
    total = 0.0
    for i in range(1, n):
        work[i] = c * x[i]
    for i in range(n):
        total += work[i] * x[i]
    return total


def returned(x: Any, c: Any) -> Any:
    n = x.shape[0]
    work = np.empty(n)
    for i in range(n):
        work[i] = c * x[i]
    for i in range(n):
        c += work[i] * x[i]
    return c * work


def dear(x: Any, c: Any) -> Any:
    n = x.shape[0]
    work = np.empty(n)
    total = 0.0
    for i in range(n):
        work[i] = np.exp(c * x[i])
    for i in range(1, n):
        total += work[i] * work[i - 1]
    return total


def again_and_again(x: Any, c: Any) -> Any:
    """Each element is read by all iterations of another loop."""
    n = x.shape[0]
    work = np.empty(n)
    total = 0.0
    for i in range(n):
        work[i] = c * x[i]
    for i in range(n):
        for j in range(n):
            total += work[j] * x[i]
    return total


def carried(x: Any, c: Any) -> Any:
    """An element is made of the one before."""
    n = x.shape[0]
    work = np.empty(n)
    total = 0.0
    sofar = 0.0
    for i in range(n):
        sofar += c * x[i]
        work[i] = sofar
    for i in range(n):
        total += work[i] * x[i]
    return total


def in_two_ways(x: Any, c: Any) -> Any:
    """Two nests store elements."""
    n = x.shape[0]
    work = np.empty(n)
    total = 0.0
    for i in range(n):
        work[i] = c * x[i]
    for i in range(1, n):
        work[i] = x[i]
    for i in range(n):
        total += work[i] * x[i]
    return total


STAYING: tuple[Callable[..., Any], ...] = (
    written_later,
    around_the_end,
    not_filled,
    returned,
    dear,
    again_and_again,
    carried,
    in_two_ways,
)
X = np.random.default_rng(0).normal(size=N)


def prepared(f: Callable[..., Any]) -> tuple[str, str]:
    number = f if f is not returned else lambda x, c: np.sum(returned(x, c))
    stages = sd.value_and_grad(number, (0, 1), jit=False).stages(X, 0.4)
    names = list(stages)
    place = next(k for k, name in enumerate(names) if name.endswith("_absorb"))
    before, after = stages[names[place - 1]], stages[names[place]]
    return re.sub(" *#.*", "", before), re.sub(" *#.*", "", after)


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


@pytest.mark.parametrize("f", [*dict(GONE), *STAYING], ids=lambda f: f.__name__)
@pytest.mark.parametrize("size", [3, N])
def test_gradients(f: Callable[..., Any], size: int) -> None:
    number = f if f is not returned else lambda x, c: np.sum(returned(x, c))
    sd.testing.check_grads(number, (X[:size], 0.4), (0, 1), order=1, jit=False)


@pytest.mark.parametrize(("f", "element"), GONE)
def test_what_is_cheap_is_not_stored(f: Callable[..., Any], element: str) -> None:
    before, after = prepared(f)
    assert element in before, before
    assert element not in after, after


@pytest.mark.parametrize("f", STAYING, ids=lambda f: f.__name__)
def test_what_may_be_another_value_or_is_dear_stays(f: Callable[..., Any]) -> None:
    before, after = prepared(f)
    assert before == after


def test_indices_are_made_of_the_counter_of_the_reader() -> None:
    _, after = prepared(fluxes)
    assert "x[i + 1] - x[i]" in after
    assert "x[i] - x[i - 1]" in after


def test_values_are_the_same_to_the_bit() -> None:
    for f in dict(GONE):
        assert sd.value_and_grad(f, 0, jit=False)(X, 0.4)[0] == f(X, 0.4)


def test_random_programs() -> None:
    check_memory_programs(absorb, range(60))
