"""Products of matrices and vectors, in loops and with `@`."""

import numpy as np

from tests.benchmarks.case import Case, weigh_vector
from tests.benchmarks.hand import products as hand


def atax(a, x, w):
    rows, columns = a.shape
    y = np.zeros(columns)
    for i in range(rows):
        dot = 0.0
        for j in range(columns):
            dot += a[i, j] * x[j]
        for j in range(columns):
            y[j] += a[i, j] * dot
    return weigh_vector(y, w)


def atax_arrays(a, x, w):
    return np.sum(w * ((a @ x) @ a))


def atax_args(random, n):
    return random.normal(size=(n, n)), random.normal(size=n), random.normal(size=n)


def bicg(a, p, r, wq, ws):
    rows, columns = a.shape
    q = np.zeros(rows)
    s = np.zeros(columns)
    for i in range(rows):
        for j in range(columns):
            s[j] += r[i] * a[i, j]
            q[i] += a[i, j] * p[j]
    return weigh_vector(q, wq) + weigh_vector(s, ws)


def bicg_arrays(a, p, r, wq, ws):
    return np.sum(wq * (a @ p)) + np.sum(ws * (r @ a))


def mvt(a, x1, x2, y1, y2, w1, w2):
    n = a.shape[0]
    x1 = x1.copy()
    x2 = x2.copy()
    for i in range(n):
        for j in range(n):
            x1[i] += a[i, j] * y1[j]
    for i in range(n):
        for j in range(n):
            x2[j] += a[i, j] * y2[i]
    return weigh_vector(x1, w1) + weigh_vector(x2, w2)


def mvt_arrays(a, x1, x2, y1, y2, w1, w2):
    return np.sum(w1 * (x1 + a @ y1)) + np.sum(w2 * (x2 + y2 @ a))


def matrix_and_vectors(vectors):
    """Return the maker of a square matrix and of that many vectors."""

    def make(random, n):
        return random.normal(size=(n, n)), *(random.normal(size=n) for _ in range(vectors))

    return make


def gemver(alpha, beta, a, u1, v1, u2, v2, y, z, weights):
    n = a.shape[0]
    a = a.copy()
    x = z.copy()
    w = np.zeros(n)
    for i in range(n):
        for j in range(n):
            a[i, j] += u1[i] * v1[j] + u2[i] * v2[j]
    for i in range(n):
        for j in range(n):
            x[j] += beta * a[i, j] * y[i]
    for i in range(n):
        for j in range(n):
            w[i] += alpha * a[i, j] * x[j]
    return weigh_vector(w, weights)


def gemver_arrays(alpha, beta, a, u1, v1, u2, v2, y, z, weights):
    full = a + np.outer(u1, v1) + np.outer(u2, v2)
    x = beta * (y @ full) + z
    return np.sum(weights * (alpha * (full @ x)))


def gemver_args(random, n):
    vectors = (random.normal(size=n) for _ in range(7))
    return 1.5, 1.2, random.normal(size=(n, n)) / n**0.5, *vectors


def gesummv(alpha, beta, a, b, x, w):
    total = 0.0
    for i in range(a.shape[0]):
        first = 0.0
        second = 0.0
        for j in range(a.shape[1]):
            first += a[i, j] * x[j]
            second += b[i, j] * x[j]
        total += w[i] * (alpha * first + beta * second)
    return total


def gesummv_arrays(alpha, beta, a, b, x, w):
    return np.sum(w * (alpha * (a @ x) + beta * (b @ x)))


def gesummv_args(random, n):
    matrices = (random.normal(size=(n, n)) for _ in range(2))
    return 1.5, 1.2, *matrices, random.normal(size=n), random.normal(size=n)


CASES = (
    Case("atax", atax, atax_args, {"n": 1500}, {"n": 4}, (0, 1), atax_arrays, hand.atax),
    Case(
        "bicg",
        bicg,
        matrix_and_vectors(4),
        {"n": 1500},
        {"n": 4},
        (0, 1, 2),
        bicg_arrays,
        hand.bicg,
    ),
    Case(
        "mvt",
        mvt,
        matrix_and_vectors(6),
        {"n": 1500},
        {"n": 4},
        (0, 1, 2, 3, 4),
        mvt_arrays,
        hand.mvt,
    ),
    Case(
        "gemver",
        gemver,
        gemver_args,
        {"n": 1000},
        {"n": 4},
        tuple(range(9)),
        gemver_arrays,
        hand.gemver,
    ),
    Case(
        "gesummv",
        gesummv,
        gesummv_args,
        {"n": 1500},
        {"n": 4},
        (0, 1, 2, 3, 4),
        gesummv_arrays,
        hand.gesummv,
    ),
)
