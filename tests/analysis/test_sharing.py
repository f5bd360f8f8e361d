"""Names that share memory through loops and branches: right where nobody can tell, else refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.dual import gradients

Function = Callable[..., Any]


def rows_apart(x, S):  # type: ignore[no-untyped-def]
    """An iteration writes its own row while the name holds an older one."""
    cur, total = x, 0.0
    for q in range(len(S)):
        S[q] *= cur
        total += np.sum(cur * S[q])
        cur = S[q]
    return total + np.sum(cur)


def constants_apart(x, S):  # type: ignore[no-untyped-def]
    """The other row is written in every iteration."""
    cur, total = x, 0.0
    for _ in range(3):
        S[1] *= 0.5 * cur
        total += np.sum(cur * S[1])
        cur = S[0]
    return total


def dead_by_then(x, S):  # type: ignore[no-untyped-def]
    """All rows are written once the name is bound to something else."""
    total = 0.0
    for _ in range(2):
        cur = x
        for q in range(len(S)):
            total += np.sum(cur * cur)
            cur = S[q]
        total += cur[0]
        S *= total
    return total


def swapped_by_condition(x, S):  # type: ignore[no-untyped-def]
    a, b = x.copy(), S[0].copy()
    for k in range(3):
        if a[0] < b[0]:
            a, b = b, a
        a *= 0.7
        b += 0.5 * a * k
    return np.sum(a * a) + np.sum(b)


def written_row(x, S):  # type: ignore[no-untyped-def]
    """Row 0 is written while the name may hold it."""
    cur, total = x, 0.0
    for q in range(2):
        S[0] *= 2.0
        total += np.sum(cur * cur)
        cur = S[q]
    return total


def written_after_loop(x, S):  # type: ignore[no-untyped-def]
    cur = x
    for q in range(2):
        cur = S[q]
    S[1] *= 2.0
    return np.sum(cur * cur)


def written_by_new_name(x, S):  # type: ignore[no-untyped-def]
    cur = x * 1.0 if x[0] > 0.0 else S[0]
    cur *= 2.0
    return np.sum(S * S)


def written_by_older_row(x, S):  # type: ignore[no-untyped-def]
    """The counter starts again, so that its rows meet those of the last time."""
    cur, total = x, 0.0
    for _ in range(2):
        for q in range(len(S)):
            S[q] *= 2.0
            total += np.sum(cur * cur)
            cur = S[q]
    return total


def two_names_of_one(x, S):  # type: ignore[no-untyped-def]
    a, b = x, S[1]
    for _ in range(2):
        a[0] *= b[1]
        a, b = S[0], S[0]
    return np.sum(a * b)


ARGS = (np.array([0.7, -0.4, 1.2]), np.array([[0.5, 1.5, -0.3], [0.9, -0.8, 0.6]]))


def fresh() -> tuple[Any, ...]:
    return tuple(arg.copy() for arg in ARGS)


@pytest.mark.parametrize(
    "function", [rows_apart, constants_apart, dead_by_then, swapped_by_condition]
)
def test_sharing_that_nobody_sees(function: Function) -> None:
    _, exact = gradients(function, fresh(), (0, 1))
    found = srcdiff.grad(function, argnums=(0, 1), jit=False)(*fresh())
    for part, expected in zip(found, exact, strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [written_row, written_after_loop, written_by_new_name, written_by_older_row, two_names_of_one],
)
def test_sharing_that_is_seen(function: Function) -> None:
    with pytest.raises(srcdiff.UnsupportedSyntax, match="is rebound to memory"):
        srcdiff.grad(function, argnums=(0, 1), jit=False)(*fresh())
