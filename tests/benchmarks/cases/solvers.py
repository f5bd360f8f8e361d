"""Tridiagonal systems along the lines of a grid, and recursive filters."""

import numpy as np

from tests.benchmarks.case import Case, weigh_box, weigh_matrix
from tests.benchmarks.hand import filters
from tests.benchmarks.hand import solvers as hand


def adi(u, w, steps):
    """Heat conduction by implicit steps along one direction, then the other."""
    u = u.copy()
    n = u.shape[0]
    v = np.zeros((n, n))
    p = np.zeros(n)
    q = np.zeros(n)
    across = -0.5 * 2.0 * n * n / steps
    along = -0.5 * n * n / steps
    for _ in range(steps):
        for i in range(1, n - 1):
            v[0, i] = 1.0
            p[0] = 0.0
            q[0] = 1.0
            for j in range(1, n - 1):
                pivot = across * p[j - 1] + 1.0 - 2.0 * across
                right = (1.0 + 2.0 * along) * u[j, i] - along * (u[j, i - 1] + u[j, i + 1])
                p[j] = -across / pivot
                q[j] = (right - across * q[j - 1]) / pivot
            v[n - 1, i] = 1.0
            for j in range(n - 2, 0, -1):
                v[j, i] = p[j] * v[j + 1, i] + q[j]
        for i in range(1, n - 1):
            u[i, 0] = 1.0
            p[0] = 0.0
            q[0] = 1.0
            for j in range(1, n - 1):
                pivot = along * p[j - 1] + 1.0 - 2.0 * along
                right = (1.0 + 2.0 * across) * v[i, j] - across * (v[i - 1, j] + v[i + 1, j])
                p[j] = -along / pivot
                q[j] = (right - along * q[j - 1]) / pivot
            u[i, n - 1] = 1.0
            for j in range(n - 2, 0, -1):
                u[i, j] = p[j] * u[i, j + 1] + q[j]
    return weigh_matrix(u, w)


def adi_args(random, n, steps):
    return random.normal(size=(n, n)), random.normal(size=(n, n)), steps


def deriche(image, alpha, w):
    """Smooth edges: a recursive filter along the rows in both directions, then the columns."""
    decay = np.exp(-alpha)
    gain = (1.0 - decay) ** 2 / (1.0 + 2.0 * alpha * decay - np.exp(-2.0 * alpha))
    a1 = gain
    a2 = gain * decay * (alpha - 1.0)
    a3 = gain * decay * (alpha + 1.0)
    a4 = -gain * decay * decay
    b1 = 2.0 * decay
    b2 = -decay * decay
    n, m = image.shape
    half = np.empty((n, m))
    other = np.empty((n, m))
    for i in range(n):
        before, y1, y2 = 0.0, 0.0, 0.0
        for j in range(m):
            y = a1 * image[i, j] + a2 * before + b1 * y1 + b2 * y2
            half[i, j] = y
            before, y1, y2 = image[i, j], y, y1
        x1, x2, y1, y2 = 0.0, 0.0, 0.0, 0.0
        for j in range(m - 1, -1, -1):
            y = a3 * x1 + a4 * x2 + b1 * y1 + b2 * y2
            half[i, j] += y
            x1, x2, y1, y2 = image[i, j], x1, y, y1
    for i in range(n):
        for j in range(m):
            y = a1 * half[i, j]
            if i >= 1:
                y += a2 * half[i - 1, j] + b1 * other[i - 1, j]
            if i >= 2:
                y += b2 * other[i - 2, j]
            other[i, j] = y
    total = weigh_matrix(other, w)
    for i in range(n - 1, -1, -1):
        for j in range(m):
            y = 0.0
            if i < n - 1:
                y += a3 * half[i + 1, j] + b1 * other[i + 1, j]
            if i < n - 2:
                y += a4 * half[i + 2, j] + b2 * other[i + 2, j]
            other[i, j] = y
    return total + weigh_matrix(other, w)


def deriche_args(random, n, m):
    return random.uniform(size=(n, m)), 0.25, random.normal(size=(n, m))


def vadv(stage_in, stage, position, tendency, wind, w):
    """Vertical advection: in each column a tridiagonal system, by Thomas's algorithm."""
    stage_out = stage_in.copy()
    n, m, levels = stage.shape
    rate = 3.0 / 20.0
    upper = np.empty(levels)
    right = np.empty(levels)
    for i in range(n):
        for j in range(m):
            for k in range(levels):
                lower_wind = 0.0
                upper_wind = 0.0
                correction = 0.0
                if k > 0:
                    lower_wind = -0.125 * (wind[i + 1, j, k] + wind[i, j, k])
                    correction -= lower_wind * (stage[i, j, k - 1] - stage[i, j, k])
                if k < levels - 1:
                    upper_wind = 0.125 * (wind[i + 1, j, k + 1] + wind[i, j, k + 1])
                    correction -= upper_wind * (stage[i, j, k + 1] - stage[i, j, k])
                diagonal = rate - lower_wind - upper_wind
                known = rate * position[i, j, k] + tendency[i, j, k]
                known += stage_out[i, j, k] + correction
                if k > 0:
                    diagonal -= upper[k - 1] * lower_wind
                    known -= right[k - 1] * lower_wind
                upper[k] = upper_wind / diagonal
                right[k] = known / diagonal
            data = right[levels - 1]
            stage_out[i, j, levels - 1] = rate * (data - position[i, j, levels - 1])
            for k in range(levels - 2, -1, -1):
                data = right[k] - upper[k] * data
                stage_out[i, j, k] = rate * (data - position[i, j, k])
    return weigh_box(stage_out, w)


def vadv_args(random, n, levels):
    shape = (n, n, levels)
    fields = [random.uniform(size=shape) for _ in range(4)]
    wind = 0.2 * random.uniform(size=(n + 1, n, levels))
    return *fields, wind, random.normal(size=shape)


CASES = (
    Case("adi", adi, adi_args, {"n": 100, "steps": 20}, {"n": 5, "steps": 2}, (0,), hand=hand.adi),
    Case(
        "deriche",
        deriche,
        deriche_args,
        {"n": 400, "m": 500},
        {"n": 4, "m": 5},
        (0, 1),
        hand=filters.deriche,
    ),
    Case(
        "vadv",
        vadv,
        vadv_args,
        {"n": 50, "levels": 60},
        {"n": 2, "levels": 4},
        (0, 1, 2, 3, 4),
        hand=hand.vadv,
    ),
)
