"""Adjoints of factorisations and triangular systems, as an expert writes them.

What is kept is the factor itself: what was overwritten is not needed once the loops are reversed.
"""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import reordered, weigh_matrix, weigh_vector


@reordered
def cholesky(a, w):
    """The adjoint turns the loops around; each entry of the factor is read in its final state."""
    n = a.shape[0]
    f = a.copy()
    bar = np.zeros((n, n))
    value = 0.0
    for i in range(n):
        for j in range(i):
            entry = f[i, j]
            for k in range(j):
                entry -= f[i, k] * f[j, k]
            f[i, j] = entry / f[j, j]
        square = f[i, i]
        for k in range(i):
            square -= f[i, k] * f[i, k]
        f[i, i] = math.sqrt(square)
        for j in range(i + 1):
            value += w[i, j] * f[i, j]
            bar[i, j] = w[i, j]
    for i in range(n - 1, -1, -1):
        bar[i, i] /= 2.0 * f[i, i]
        twice = 2.0 * bar[i, i]
        for k in range(i):
            bar[i, k] -= twice * f[i, k]
        for j in range(i - 1, -1, -1):
            share = bar[i, j] / f[j, j]
            bar[i, j] = share
            bar[j, j] -= share * f[i, j]
            for k in range(j):
                bar[i, k] -= share * f[j, k]
                bar[j, k] -= share * f[i, k]
    return value, bar


@njit(inline="always")
def eliminate(a):
    """Both factors in place, with the contiguous loop innermost."""
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]


@njit(inline="always", fastmath={"reassoc"})
def eliminate_adjoint(factors, bar):
    """Rows of U and columns of L never change after they were made: only `factors` is read."""
    n = factors.shape[0]
    for k in range(n - 1, -1, -1):
        for i in range(n - 1, k, -1):
            dot = 0.0
            for j in range(k + 1, n):
                dot += bar[i, j] * factors[k, j]
                bar[k, j] -= bar[i, j] * factors[i, k]
            share = (bar[i, k] - dot) / factors[k, k]
            bar[i, k] = share
            bar[k, k] -= share * factors[i, k]


@reordered
def lu(a, w):
    factors = a.copy()
    eliminate(factors)
    bar = w.copy()
    eliminate_adjoint(factors, bar)
    return weigh_matrix(factors, w), bar


@reordered
def ludcmp(a, b, w):
    """`b_bar` solves the transposed system, and `a_bar` is minus its product with `x`."""
    n = a.shape[0]
    factors = a.copy()
    eliminate(factors)
    x = b.copy()
    for i in range(n):
        for j in range(i):
            x[i] -= factors[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= factors[i, j] * x[j]
        x[i] /= factors[i, i]
    b_bar = w.copy()
    for i in range(n):
        b_bar[i] /= factors[i, i]
        for j in range(i + 1, n):
            b_bar[j] -= factors[i, j] * b_bar[i]
    for i in range(n - 1, -1, -1):
        for j in range(i):
            b_bar[j] -= factors[i, j] * b_bar[i]
    a_bar = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            a_bar[i, j] = -b_bar[i] * x[j]
    return weigh_vector(x, w), a_bar, b_bar


def trisolv(a, b, w):
    return trisolv_into(a, b, w, np.zeros(a.shape))


@reordered
def trisolv_into(a, b, w, a_bar):
    n = a.shape[0]
    x = np.empty(n)
    for i in range(n):
        rest = b[i]
        for j in range(i):
            rest -= a[i, j] * x[j]
        x[i] = rest / a[i, i]
    x_bar = w.copy()
    for i in range(n - 1, -1, -1):
        bar = x_bar[i] / a[i, i]
        x_bar[i] = bar
        a_bar[i, i] = -bar * x[i]
        for j in range(i):
            a_bar[i, j] = -bar * x[j]
            x_bar[j] -= bar * a[i, j]
    return weigh_vector(x, w), a_bar, x_bar


@reordered
def durbin(r, w):
    """Only the reflections are kept: the older `y` is the newer one reflected back."""
    n = r.shape[0]
    y, z = np.empty(n), np.empty(n)
    alphas, betas = np.empty(n), np.empty(n)
    backwards = r[::-1].copy()
    y[0], alphas[0], betas[0] = -r[0], -r[0], 1.0
    for k in range(1, n):
        beta = betas[k - 1] * (1.0 - alphas[k - 1] * alphas[k - 1])
        total = r[k]
        for i in range(k):
            total += backwards[n - k + i] * y[i]
        alpha = -total / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - 1 - i]
        y[:k] = z[:k]
        y[k] = alpha
        alphas[k], betas[k] = alpha, beta
    value = weigh_vector(y, w)
    bar, r_bar = w.copy(), np.zeros(n)
    beta_bar, alpha_bar = 0.0, 0.0
    for k in range(n - 1, 0, -1):
        alpha = alphas[k]
        scale = 1.0 / (1.0 - alpha * alpha)
        alpha_bar += bar[k]
        for i in range(k):
            z[i] = (y[i] - alpha * y[k - 1 - i]) * scale
        for i in range(k):
            y[i] = z[k - 1 - i]
            alpha_bar += bar[i] * y[i]
        total_bar = -alpha_bar / betas[k]
        beta_bar += total_bar * alpha
        r_bar[k] += total_bar
        for i in range(k):
            r_bar[i] += total_bar * y[i]
            y[i] = z[i]
        for i in range(k):
            z[i] = bar[i] + alpha * bar[k - 1 - i] + total_bar * backwards[n - k + i]
        bar[:k] = z[:k]
        alpha = alphas[k - 1]
        alpha_bar = -2.0 * alpha * betas[k - 1] * beta_bar
        beta_bar *= 1.0 - alpha * alpha
    r_bar[0] -= bar[0] + alpha_bar
    return value, r_bar


@reordered
def gramschmidt(a, wq, wr):
    """Works on columns as rows of the transposed matrix; the columns at step k are kept."""
    m, n = a.shape
    rows = np.ascontiguousarray(a.T)
    q, r = np.empty((n, m)), np.zeros((n, n))
    kept = np.empty((n, n, m))
    for k in range(n):
        square = 0.0
        for i in range(m):
            square += rows[k, i] * rows[k, i]
        r[k, k] = math.sqrt(square)
        for i in range(m):
            q[k, i] = rows[k, i] / r[k, k]
        for j in range(k + 1, n):
            dot = 0.0
            for i in range(m):
                kept[k, j, i] = rows[j, i]
                dot += q[k, i] * rows[j, i]
            r[k, j] = dot
            for i in range(m):
                rows[j, i] -= q[k, i] * dot
    q_bar, bar = np.ascontiguousarray(wq.T), np.zeros((n, m))
    value = weigh_matrix(q, q_bar) + weigh_matrix(r, wr)
    for k in range(n - 1, -1, -1):
        for j in range(n - 1, k, -1):
            dot_bar = wr[k, j]
            for i in range(m):
                dot_bar -= bar[j, i] * q[k, i]
            for i in range(m):
                q_bar[k, i] += dot_bar * kept[k, j, i] - r[k, j] * bar[j, i]
                bar[j, i] += dot_bar * q[k, i]
        along = 0.0
        for i in range(m):
            along += q_bar[k, i] * q[k, i]
        norm_bar = wr[k, k] - along / r[k, k]
        for i in range(m):
            bar[k, i] += q_bar[k, i] / r[k, k] + norm_bar * q[k, i]
    return value, np.ascontiguousarray(bar.T)
