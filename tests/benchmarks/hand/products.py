"""Adjoints of products: matrix products by BLAS, as an expert would; the rest one pass each.

Large results are made by NumPy and filled by compiled code: fresh memory costs less that way.
"""

import numpy as np
from numba import njit

from tests.benchmarks.case import reordered, weigh_box, weigh_matrix, weigh_vector


@njit
def gemm(alpha, beta, a, b, c, w):
    product = a @ b
    by_product, by_c = weigh_matrix(product, w), weigh_matrix(c, w)
    value = alpha * by_product + beta * by_c
    scaled = alpha * w
    return value, by_product, by_c, scaled @ b.T, a.T @ scaled, beta * w


@njit
def k2mm(alpha, beta, a, b, c, d, w):
    left = a @ b
    w_right = w @ c.T
    by_product, by_d = weigh_matrix(left, w_right), weigh_matrix(d, w)
    value = alpha * by_product + beta * by_d
    left_bar = alpha * w_right
    c_bar = alpha * (left.T @ w)
    return value, by_product, by_d, left_bar @ b.T, a.T @ left_bar, c_bar, beta * w


@njit
def k3mm(a, b, c, d, w):
    left = a @ b
    right = c @ d
    left_bar = w @ right.T
    right_bar = left.T @ w
    value = weigh_matrix(left, left_bar)
    return value, left_bar @ b.T, a.T @ left_bar, right_bar @ d.T, c.T @ right_bar


@njit
def symm(alpha, beta, a, b, c, w):
    m = a.shape[0]
    full = np.empty((m, m))
    for i in range(m):
        for k in range(i + 1):
            full[i, k] = a[i, k]
            full[k, i] = a[i, k]
    back = full @ w
    outer = w @ b.T
    a_bar = np.zeros((m, m))
    for i in range(m):
        for k in range(i):
            a_bar[i, k] = alpha * (outer[i, k] + outer[k, i])
        a_bar[i, i] = alpha * outer[i, i]
    by_product, by_c = weigh_matrix(b, back), weigh_matrix(c, w)
    value = alpha * by_product + beta * by_c
    return value, by_product, by_c, a_bar, alpha * back, beta * w


@njit(inline="always")
def lower_weights(beta, c, w):
    """Return twice the symmetric part of the weights of the lower triangle, and what `c` gives."""
    n = w.shape[0]
    both, c_bar = np.empty((n, n)), w.copy()
    kept, by_c = 0.0, 0.0
    for i in range(n):
        for j in range(i):
            both[i, j] = w[i, j]
            both[j, i] = w[i, j]
            kept += w[j, i] * c[j, i]
        both[i, i] = 2.0 * w[i, i]
        for j in range(i + 1):
            by_c += w[i, j] * c[i, j]
            c_bar[i, j] = beta * w[i, j]
    return both, c_bar, kept, by_c


@njit
def syrk(alpha, beta, a, c, w):
    both, c_bar, kept, by_c = lower_weights(beta, c, w)
    back = both @ a
    by_product = 0.5 * weigh_matrix(a, back)
    return kept + alpha * by_product + beta * by_c, by_product, by_c, alpha * back, c_bar


@njit
def syr2k(alpha, beta, a, b, c, w):
    both, c_bar, kept, by_c = lower_weights(beta, c, w)
    back = both @ b
    by_product = weigh_matrix(a, back)
    value = kept + alpha * by_product + beta * by_c
    return value, by_product, by_c, alpha * back, alpha * (both @ a), c_bar


@njit
def trmm(alpha, a, b, w):
    """`b = alpha a^T b` in matrices: the adjoint of `b` is `alpha a w`."""
    m = b.shape[0]
    lower = np.eye(m)
    for i in range(m):
        for k in range(i):
            lower[i, k] = a[i, k]
    by_product = lower @ w
    a_bar = b @ w.T
    for i in range(m):
        for k in range(m):
            a_bar[i, k] = alpha * a_bar[i, k] if k < i else 0.0
    along = weigh_matrix(b, by_product)
    return alpha * along, along, a_bar, alpha * by_product


@njit
def doitgen(a, c4, w):
    value = 0.0
    a_bar = np.empty(a.shape)
    c4_bar = np.zeros(c4.shape)
    c4_transposed = np.ascontiguousarray(c4.T)
    for r in range(a.shape[0]):
        a_bar[r] = w[r] @ c4_transposed
        c4_bar += a[r].T @ w[r]
    value = weigh_box(a, a_bar)
    return value, a_bar, c4_bar


def atax(a, x, w):
    """`w . (A^T A x)`: with u = A x and v = A w, it is u . v; one pass over A."""
    return atax_into(a, x, w, np.empty(a.shape))


@reordered
def atax_into(a, x, w, a_bar):
    rows, columns = a.shape
    x_bar = np.zeros(columns)
    value = 0.0
    for i in range(rows):
        u, v = 0.0, 0.0
        for j in range(columns):
            u += a[i, j] * x[j]
            v += a[i, j] * w[j]
        value += u * v
        for j in range(columns):
            a_bar[i, j] = v * x[j] + u * w[j]
            x_bar[j] += v * a[i, j]
    return value, a_bar, x_bar


def bicg(a, p, r, wq, ws):
    return bicg_into(a, p, r, wq, ws, np.empty(a.shape))


@reordered
def bicg_into(a, p, r, wq, ws, a_bar):
    rows, columns = a.shape
    p_bar = np.zeros(columns)
    r_bar = np.empty(rows)
    value = 0.0
    for i in range(rows):
        dot = 0.0
        for j in range(columns):
            dot += a[i, j] * ws[j]
            p_bar[j] += wq[i] * a[i, j]
            a_bar[i, j] = wq[i] * p[j] + r[i] * ws[j]
        r_bar[i] = dot
        value += r[i] * dot
    return value + weigh_vector(p_bar, p), a_bar, p_bar, r_bar


def mvt(a, x1, x2, y1, y2, w1, w2):
    return mvt_into(a, x1, x2, y1, y2, w1, w2, np.empty(a.shape))


@reordered
def mvt_into(a, x1, x2, y1, y2, w1, w2, a_bar):
    n = a.shape[0]
    y1_bar = np.zeros(n)
    y2_bar = np.empty(n)
    value = weigh_vector(x1, w1) + weigh_vector(x2, w2)
    for i in range(n):
        dot = 0.0
        for j in range(n):
            dot += a[i, j] * w2[j]
            y1_bar[j] += w1[i] * a[i, j]
            a_bar[i, j] = w1[i] * y1[j] + y2[i] * w2[j]
        y2_bar[i] = dot
        value += y2[i] * dot
    return value + weigh_vector(y1_bar, y1), a_bar, w1.copy(), w2.copy(), y1_bar, y2_bar


def gemver(alpha, beta, a, u1, v1, u2, v2, y, z, weights):
    return gemver_into(alpha, beta, a, u1, v1, u2, v2, y, z, weights, np.empty(a.shape))


@reordered
def gemver_into(alpha, beta, a, u1, v1, u2, v2, y, z, weights, full):
    n = a.shape[0]
    product = np.zeros(n)
    for i in range(n):
        for j in range(n):
            full[i, j] = a[i, j] + u1[i] * v1[j] + u2[i] * v2[j]
            product[j] += y[i] * full[i, j]
    x = beta * product + z
    x_bar = np.zeros(n)
    by_product = 0.0
    for i in range(n):
        dot = 0.0
        for j in range(n):
            dot += full[i, j] * x[j]
            x_bar[j] += alpha * weights[i] * full[i, j]
        by_product += weights[i] * dot
    y_bar, u1_bar, u2_bar = np.empty(n), np.empty(n), np.empty(n)
    v1_bar, v2_bar = np.zeros(n), np.zeros(n)
    for i in range(n):
        by_y, by_u1, by_u2 = 0.0, 0.0, 0.0
        for j in range(n):
            by_y += full[i, j] * x_bar[j]
            bar = alpha * weights[i] * x[j] + beta * y[i] * x_bar[j]
            full[i, j] = bar
            by_u1 += bar * v1[j]
            by_u2 += bar * v2[j]
            v1_bar[j] += bar * u1[i]
            v2_bar[j] += bar * u2[i]
        y_bar[i], u1_bar[i], u2_bar[i] = beta * by_y, by_u1, by_u2
    beta_bar = weigh_vector(product, x_bar)
    vectors = (u1_bar, v1_bar, u2_bar, v2_bar, y_bar, x_bar)
    return alpha * by_product, by_product, beta_bar, full, *vectors


def gesummv(alpha, beta, a, b, x, w):
    return gesummv_into(alpha, beta, a, b, x, w, np.empty(a.shape), np.empty(a.shape))


@reordered
def gesummv_into(alpha, beta, a, b, x, w, a_bar, b_bar):
    rows, columns = a.shape
    x_bar = np.zeros(columns)
    by_alpha, by_beta = 0.0, 0.0
    for i in range(rows):
        first, second = 0.0, 0.0
        to_a, to_b = alpha * w[i], beta * w[i]
        for j in range(columns):
            first += a[i, j] * x[j]
            second += b[i, j] * x[j]
            x_bar[j] += to_a * a[i, j] + to_b * b[i, j]
            a_bar[i, j] = to_a * x[j]
            b_bar[i, j] = to_b * x[j]
        by_alpha += w[i] * first
        by_beta += w[i] * second
    return alpha * by_alpha + beta * by_beta, by_alpha, by_beta, a_bar, b_bar, x_bar
