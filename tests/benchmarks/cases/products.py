"""Products of matrices, in the loops of the textbook and with `@`."""

import numpy as np

from tests.benchmarks.case import Case, weigh_box, weigh_matrix
from tests.benchmarks.hand import products as hand


def gemm(alpha, beta, a, b, c, w):
    c = beta * c
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            scaled = alpha * a[i, k]
            for j in range(b.shape[1]):
                c[i, j] += scaled * b[k, j]
    return weigh_matrix(c, w)


def gemm_arrays(alpha, beta, a, b, c, w):
    return np.sum(w * (alpha * (a @ b) + beta * c))


def gemm_args(random, n):
    return (1.5, 1.2, *(random.normal(size=(n, n)) for _ in range(4)))


def k2mm(alpha, beta, a, b, c, d, w):
    left = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            scaled = alpha * a[i, k]
            for j in range(b.shape[1]):
                left[i, j] += scaled * b[k, j]
    d = beta * d
    for i in range(left.shape[0]):
        for k in range(left.shape[1]):
            for j in range(c.shape[1]):
                d[i, j] += left[i, k] * c[k, j]
    return weigh_matrix(d, w)


def k2mm_arrays(alpha, beta, a, b, c, d, w):
    return np.sum(w * (alpha * (a @ b @ c) + beta * d))


def k2mm_args(random, n):
    return (
        1.5,
        1.2,
        *(random.normal(size=(n, n)) / n**0.5 for _ in range(4)),
        random_weights(random, n),
    )


def random_weights(random, n):
    return random.normal(size=(n, n))


def k3mm(a, b, c, d, w):
    left = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                left[i, j] += a[i, k] * b[k, j]
    right = np.zeros((c.shape[0], d.shape[1]))
    for i in range(c.shape[0]):
        for k in range(c.shape[1]):
            for j in range(d.shape[1]):
                right[i, j] += c[i, k] * d[k, j]
    out = np.zeros((a.shape[0], d.shape[1]))
    for i in range(left.shape[0]):
        for k in range(left.shape[1]):
            for j in range(d.shape[1]):
                out[i, j] += left[i, k] * right[k, j]
    return weigh_matrix(out, w)


def k3mm_arrays(a, b, c, d, w):
    return np.sum(w * ((a @ b) @ (c @ d)))


def k3mm_args(random, n):
    return (*(random.normal(size=(n, n)) / n**0.5 for _ in range(4)), random_weights(random, n))


def symm(alpha, beta, a, b, c, w):
    """`c = alpha a b + beta c`, where only the lower triangle of the symmetric `a` is read."""
    m, n = c.shape
    c = beta * c
    for i in range(m):
        for k in range(i):
            for j in range(n):
                c[k, j] += alpha * a[i, k] * b[i, j]
                c[i, j] += alpha * a[i, k] * b[k, j]
        for j in range(n):
            c[i, j] += alpha * a[i, i] * b[i, j]
    return weigh_matrix(c, w)


def syrk(alpha, beta, a, c, w):
    """The lower triangle of `c` becomes that of `alpha a a^T + beta c`."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1):
            c[i, j] *= beta
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[i, k] * a[j, k]
            c[i, j] += alpha * dot
    return weigh_matrix(c, w)


def syrk_args(random, n):
    return (1.5, 1.2, *(random.normal(size=(n, n)) for _ in range(3)))


def syr2k(alpha, beta, a, b, c, w):
    """The lower triangle of `c` becomes that of `alpha (a b^T + b a^T) + beta c`."""
    c = c.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1):
            dot = 0.0
            for k in range(a.shape[1]):
                dot += a[j, k] * b[i, k] + b[j, k] * a[i, k]
            c[i, j] = beta * c[i, j] + alpha * dot
    return weigh_matrix(c, w)


def trmm(alpha, a, b, w):
    """`b = alpha a^T b` in place, where `a` is lower triangular with a unit diagonal."""
    b = b.copy()
    m, n = b.shape
    for i in range(m):
        for k in range(i + 1, m):
            for j in range(n):
                b[i, j] += a[k, i] * b[k, j]
        for j in range(n):
            b[i, j] *= alpha
    return weigh_matrix(b, w)


def trmm_args(random, n):
    return (1.5, *(random.normal(size=(n, n)) for _ in range(3)))


def doitgen(a, c4, w):
    """Each row of the box `a` is multiplied by a matrix, in place."""
    a = a.copy()
    rows = np.zeros(a.shape[2])
    for r in range(a.shape[0]):
        for q in range(a.shape[1]):
            rows[:] = 0.0
            for s in range(a.shape[2]):
                for p in range(a.shape[2]):
                    rows[p] += a[r, q, s] * c4[s, p]
            for p in range(a.shape[2]):
                a[r, q, p] = rows[p]
    return weigh_box(a, w)


def doitgen_arrays(a, c4, w):
    total = 0.0
    for r in range(a.shape[0]):
        total += np.sum(w[r] * (a[r] @ c4))
    return total


def doitgen_args(random, n, p):
    box = (n, n, p)
    return random.normal(size=box), random.normal(size=(p, p)) / p**0.5, random.normal(size=box)


CASES = (
    Case("gemm", gemm, gemm_args, {"n": 280}, {"n": 3}, (0, 1, 2, 3, 4), gemm_arrays, hand.gemm),
    Case("k2mm", k2mm, k2mm_args, {"n": 220}, {"n": 3}, (0, 1, 2, 3, 4, 5), k2mm_arrays, hand.k2mm),
    Case("k3mm", k3mm, k3mm_args, {"n": 200}, {"n": 3}, (0, 1, 2, 3), k3mm_arrays, hand.k3mm),
    Case("symm", symm, gemm_args, {"n": 220}, {"n": 4}, (0, 1, 2, 3, 4), hand=hand.symm),
    Case("syrk", syrk, syrk_args, {"n": 160}, {"n": 4}, (0, 1, 2, 3), hand=hand.syrk),
    Case("syr2k", syr2k, gemm_args, {"n": 140}, {"n": 4}, (0, 1, 2, 3, 4), hand=hand.syr2k),
    Case("trmm", trmm, trmm_args, {"n": 280}, {"n": 4}, (0, 1, 2), hand=hand.trmm),
    Case(
        "doitgen",
        doitgen,
        doitgen_args,
        {"n": 40, "p": 80},
        {"n": 2, "p": 3},
        (0, 1),
        doitgen_arrays,
        hand.doitgen,
    ),
)
