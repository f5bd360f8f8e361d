"""Tables that are the same in each iteration of a loop are made once, in front of it."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.precompute import precompute
from tests.transform.soundness import check_memory_programs

N = 6


def solved(a: Any, c: Any, steps: int) -> Any:
    """The factors of a tridiagonal system with constant coefficients, in each row of each step."""
    u = a.copy()
    n = u.shape[0]
    p = np.zeros(n)
    q = np.zeros(n)
    for _ in range(steps):
        for i in range(1, n - 1):
            p[0] = 0.0
            q[0] = 1.0
            for j in range(1, n - 1):
                pivot = 2.0 + c * p[j - 1]
                p[j] = -c / pivot
                q[j] = (u[i, j] - c * q[j - 1]) / pivot
            for j in range(n - 2, 0, -1):
                u[i, j] = p[j] * u[i, j + 1] + q[j]
    return np.sum(u * u)


def two_tables(a: Any, c: Any, steps: int) -> Any:
    """One array holds two tables in turn."""
    u = a.copy()
    n = u.shape[0]
    p = np.zeros(n)
    for _ in range(steps):
        for i in range(n):
            p[0] = 1.0
            for j in range(1, n):
                p[j] = c * p[j - 1]
            for j in range(n):
                u[i, j] *= p[j]
        for i in range(n):
            p[0] = 2.0
            for j in range(1, n):
                p[j] = 0.5 * c + p[j - 1]
            for j in range(n):
                u[j, i] *= p[j]
    return np.sum(u)


def carried_number(a: Any, c: Any, steps: int) -> Any:
    """A number that the inner loop carries belongs to the table; another one does not."""
    u = a.copy()
    n = u.shape[0]
    for i in range(n - steps):
        p = np.zeros(n)
        before = 1.0
        sofar = 0.0
        for j in range(n):
            before = c / (2.0 + before)
            p[j] = before
            sofar += u[i, j]
            u[i, j] = sofar * p[j]
    return np.sum(u)


def chosen(a: Any, c: Any, steps: int) -> Any:
    """A condition that is the same each time."""
    u = a.copy()
    n = u.shape[0]
    p = np.zeros(n)
    for i in range(steps):
        for j in range(n):
            p[j] = 1.0
            if c > 0.2:
                p[j] = c * j
        for j in range(n):
            u[i, j] = p[j] * u[i, j] ** 2
    return np.sum(u)


def made_outside(a: Any, c: Any, steps: int) -> Any:
    """The first element is from before the loop, and the table is read behind it."""
    u = a.copy()
    n = u.shape[0]
    p = np.zeros(n)
    p[0] = 3.0
    for i in range(steps):
        for j in range(1, n):
            p[j] = c * p[j - 1] + 0.1
        u[i, 0] *= p[n - 1]
    return np.sum(u) + p[1]


MOVED: tuple[Callable[..., Any], ...] = (
    solved,
    two_tables,
    carried_number,
    chosen,
    made_outside,
)


def grows(a: Any, c: Any, steps: int) -> Any:
    """Each iteration goes on from what the last one left."""
    u = a.copy()
    n = u.shape[0]
    p = np.ones(n)
    for i in range(steps):
        for j in range(n):
            p[j] = c + 0.5 * p[j]
        u[i, 0] *= p[n - 1]
    return np.sum(u)


def read_before(a: Any, c: Any, steps: int) -> Any:
    """The first iteration finds something else than the others."""
    u = a.copy()
    n = u.shape[0]
    p = np.zeros(n)
    for i in range(steps):
        u[i, 0] *= 1.0 + p[1]
        for j in range(n):
            p[j] = c * j
    return np.sum(u)


def read_too_early(a: Any, c: Any, steps: int) -> Any:
    """An array of the iteration is read while it is filled."""
    u = a.copy()
    n = u.shape[0]
    for i in range(steps):
        p = np.ones(n)
        for j in range(n - 1):
            u[i, j] *= p[j + 1]
            p[j + 1] = c * p[j]
    return np.sum(u)


def counted(a: Any, c: Any, steps: int) -> Any:
    """What is filled in depends on the iteration."""
    u = a.copy()
    n = u.shape[0]
    p = np.zeros(n)
    for i in range(steps):
        for j in range(n):
            p[j] = c * i
        u[i, 0] *= p[i] + p[0]
    return np.sum(u)


def sometimes(a: Any, c: Any, steps: int) -> Any:
    """Not each iteration fills it."""
    u = a.copy()
    n = u.shape[0]
    p = np.ones(n)
    for i in range(steps):
        if u[i, 0] > 0.0:
            for j in range(n):
                p[j] = c * j
        u[i, 1] *= p[2]
    return np.sum(u)


def written_input(a: Any, c: Any, steps: int) -> Any:
    """What the table is made of is written in the loop."""
    u = a.copy()
    n = u.shape[0]
    p = np.ones(n)
    for i in range(steps):
        for j in range(n):
            p[j] = u[0, j]
        u[i, 1] *= p[1] * c
    return np.sum(u)


STAYING: tuple[Callable[..., Any], ...] = (
    grows,
    read_before,
    read_too_early,
    counted,
    sometimes,
    written_input,
)
A = np.random.default_rng(0).normal(size=(N, N))


def prepared(f: Callable[..., Any]) -> tuple[str, str]:
    stages = sd.value_and_grad(f, (0, 1), jit=False).stages(A, 0.4, 3)
    names = list(stages)
    place = next(k for k, name in enumerate(names) if name.endswith("_precompute"))
    return stages[names[place - 1]], stages[names[place]]


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


@pytest.mark.parametrize("f", [*MOVED, *STAYING], ids=lambda f: f.__name__)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_gradients(f: Callable[..., Any], steps: int) -> None:
    sd.testing.check_grads(f, (A, 0.4, steps), (0, 1), order=1, jit=False)


@pytest.mark.parametrize("f", MOVED, ids=lambda f: f.__name__)
def test_tables_are_made_in_front_of_the_loops(f: Callable[..., Any]) -> None:
    before, after = prepared(f)
    assert before != after
    filling, _, loops = re.sub(" *#.*", "", after).partition("for i in")
    assert "p[j] =" in filling, after
    assert "p[j] =" not in loops, after


@pytest.mark.parametrize("f", STAYING, ids=lambda f: f.__name__)
def test_what_may_change_stays(f: Callable[..., Any]) -> None:
    before, after = prepared(f)
    assert before == after


def test_nothing_of_the_factors_is_kept() -> None:
    text = sd.value_and_grad(solved, (0,), jit=False).source(A, 0.4, 3)
    assert "Kept: nothing." in text


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_loop_that_does_not_run_fills_nothing(size: int) -> None:
    """Where the array is too short, an error is raised only if an iteration gets there."""
    a = np.ones((size, size))
    value, adjoint = sd.value_and_grad(solved, 0, jit=False)(a, 0.4, 2)
    assert value == np.sum(a * a)
    np.testing.assert_array_equal(adjoint, 2.0 * a)


def short(a: Any, c: Any, steps: int) -> Any:
    p = np.zeros(a.shape[0])
    total = 0.0
    for i in range(steps):
        p[2] = c
        total += a[i, 0] * p[2]
    return total


def test_the_error_is_raised_where_the_loop_runs() -> None:
    f = sd.value_and_grad(short, (0, 1), jit=False)
    a = np.ones((2, 2))
    assert f(a, 0.4, 0)[0] == 0.0
    with pytest.raises(sd.BoundsError, match="fewer than 3"):
        f(a, 0.4, 1)


def test_random_programs() -> None:
    check_memory_programs(precompute, range(60))
