"""Factorisations in loops, and what looks like one: programs for the passes that turn them."""

from collections.abc import Callable
from typing import Any

import numpy as np

import srcdiff as sd
from tests.dual import gradients

Program = Callable[[Any], Any]


def by_entries(a: Any) -> Any:
    """Both factors of a matrix, each entry by the product of a row and a column."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            entry = a[i, j]
            for k in range(j):
                entry -= a[i, k] * a[k, j]
            a[i, j] = entry / a[j, j]
        for j in range(i, n):
            entry = a[i, j]
            for k in range(i):
                entry -= a[i, k] * a[k, j]
            a[i, j] = entry
    return total(a)


def by_rows(a: Any) -> Any:
    """Both factors, where rows are subtracted from a row."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for k in range(i):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return total(a)


def root(a: Any) -> Any:
    """The factor of Cholesky, below the diagonal."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
        for k in range(i):
            a[i, i] -= a[i, k] * a[i, k]
        a[i, i] = np.sqrt(a[i, i])
    return total(a)


def orthonormal(a: Any) -> Any:
    """The columns, made orthonormal one after the other."""
    a = a.copy()
    n = a.shape[0]
    q = np.zeros((n, n))
    r = np.zeros((n, n))
    for k in range(n):
        square = 0.0
        for i in range(n):
            square += a[i, k] * a[i, k]
        r[k, k] = np.sqrt(square)
        for i in range(n):
            q[i, k] = a[i, k] / r[k, k]
        for j in range(k + 1, n):
            for i in range(n):
                r[k, j] += q[i, k] * a[i, j]
            for i in range(n):
                a[i, j] -= q[i, k] * r[k, j]
    return total(q) + total(r)


def total(a: Any) -> Any:
    result = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            result += a[i, j] * a[i, j] * (1.0 + i + 2.0 * j)
    return result


ALL: tuple[Program, ...] = (by_entries, by_rows, root, orthonormal)


def matrix(n: int) -> Any:
    half = np.random.default_rng(n).normal(size=(n, n))
    return half @ half.T / n + np.eye(n)


def source(function: Program) -> str:
    return str(sd.value_and_grad(function, jit=False).source(matrix(3)))


def check_gradient(function: Program, size: int) -> None:
    """Hold value and gradient against the oracle, the value to the bit: sums keep their order."""
    a = matrix(size)
    value, bar = sd.value_and_grad(function, jit=False)(a)
    _, (expected,) = gradients(function, (a,), (0,))
    assert value == function(a)
    np.testing.assert_allclose(bar, expected, rtol=1e-9, atol=1e-11)
