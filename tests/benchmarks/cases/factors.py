"""Factorisations and triangular systems."""

import numpy as np

from tests.benchmarks.case import Case, weigh_matrix, weigh_vector
from tests.benchmarks.hand import factors as hand


def cholesky(a, w):
    """The Cholesky factor in the lower triangle of `a`, in place."""
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
    total = 0.0
    for i in range(n):
        for j in range(i + 1):
            total += w[i, j] * a[i, j]
    return total


def positive_definite(random, n):
    half = random.normal(size=(n, n))
    return half @ half.T / n + np.eye(n), random.normal(size=(n, n))


def lu(a, w):
    """Both factors in place, without pivots."""
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    return weigh_matrix(a, w)


def lu_rows(a, w):
    """The same by rows that are eliminated, with the contiguous loop innermost."""
    a = a.copy()
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return weigh_matrix(a, w)


def dominant(random, n):
    return random.normal(size=(n, n)) + 2.0 * n * np.eye(n)


def ludcmp(a, b, w):
    """Solve `a x = b` by its factors."""
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
    x = b.copy()
    for i in range(n):
        for j in range(i):
            x[i] -= a[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= a[i, j] * x[j]
        x[i] /= a[i, i]
    return weigh_vector(x, w)


def trisolv(a, b, w):
    n = a.shape[0]
    x = np.empty(n)
    for i in range(n):
        rest = b[i]
        for j in range(i):
            rest -= a[i, j] * x[j]
        x[i] = rest / a[i, i]
    return weigh_vector(x, w)


def trisolv_arrays(a, b, w):
    n = a.shape[0]
    x = np.empty(n)
    for i in range(n):
        x[i] = (b[i] - np.sum(a[i, :i] * x[:i])) / a[i, i]
    return np.sum(w * x)


def trisolv_args(random, n):
    return dominant(random, n), random.normal(size=n), random.normal(size=n)


def durbin(r, w):
    """Solve the Yule-Walker equations by the recursion of Levinson and Durbin."""
    n = r.shape[0]
    y = np.empty(n)
    z = np.empty(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        total = r[k]
        for i in range(k):
            total += r[k - 1 - i] * y[i]
        alpha = -total / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - 1 - i]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    return weigh_vector(y, w)


def durbin_arrays(r, w):
    n = r.shape[0]
    y = np.empty(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.sum(r[:k][::-1] * y[:k])) / beta
        y[:k] = y[:k] + alpha * y[:k][::-1]
        y[k] = alpha
    return np.sum(w * y)


def durbin_args(random, n):
    return 0.3 * random.normal(size=n) / np.arange(1, n + 1), random.normal(size=n)


def gramschmidt(a, wq, wr):
    """Orthonormalise the columns by the modified method of Gram and Schmidt."""
    a = a.copy()
    m, n = a.shape
    q = np.zeros((m, n))
    r = np.zeros((n, n))
    for k in range(n):
        square = 0.0
        for i in range(m):
            square += a[i, k] * a[i, k]
        r[k, k] = np.sqrt(square)
        for i in range(m):
            q[i, k] = a[i, k] / r[k, k]
        for j in range(k + 1, n):
            for i in range(m):
                r[k, j] += q[i, k] * a[i, j]
            for i in range(m):
                a[i, j] -= q[i, k] * r[k, j]
    return weigh_matrix(q, wq) + weigh_matrix(r, wr)


def gramschmidt_arrays(a, wq, wr):
    a = a.copy()
    n = a.shape[1]
    total = 0.0
    for k in range(n):
        norm = np.sqrt(np.sum(a[:, k] * a[:, k]))
        q = a[:, k] / norm
        total += np.sum(wq[:, k] * q) + wr[k, k] * norm
        for j in range(k + 1, n):
            dot = np.sum(q * a[:, j])
            a[:, j] -= q * dot
            total += wr[k, j] * dot
    return total


def gramschmidt_args(random, m, n):
    return random.normal(size=(m, n)), random.normal(size=(m, n)), random.normal(size=(n, n))


CASES = (
    Case(
        "cholesky",
        cholesky,
        positive_definite,
        {"n": 230},
        {"n": 4},
        (0,),
        hand=hand.cholesky,
    ),
    Case(
        "lu",
        lu,
        lambda random, n: (dominant(random, n), random.normal(size=(n, n))),
        {"n": 200},
        {"n": 4},
        (0,),
        arrays=lu_rows,
        hand=hand.lu,
    ),
    Case(
        "ludcmp",
        ludcmp,
        trisolv_args,
        {"n": 200},
        {"n": 4},
        (0, 1),
        hand=hand.ludcmp,
    ),
    Case(
        "trisolv",
        trisolv,
        trisolv_args,
        {"n": 1600},
        {"n": 4},
        (0, 1),
        arrays=trisolv_arrays,
        hand=hand.trisolv,
    ),
    Case("durbin", durbin, durbin_args, {"n": 1500}, {"n": 5}, (0,), durbin_arrays, hand.durbin),
    Case(
        "gramschmidt",
        gramschmidt,
        gramschmidt_args,
        {"m": 160, "n": 120},
        {"m": 4, "n": 3},
        (0,),
        gramschmidt_arrays,
        hand.gramschmidt,
    ),
)
