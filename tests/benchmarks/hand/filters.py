"""The adjoint of recursive filters: each recursion is reversed by one that runs against it."""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import reordered, weigh_matrix


@njit(inline="always")
def coefficients(alpha):
    """Return a1 to a4, b1 and b2, and their derivatives by alpha."""
    decay = math.exp(-alpha)
    bottom = 1.0 + 2.0 * alpha * decay - decay * decay
    gain = (1.0 - decay) ** 2 / bottom
    slope = 2.0 * decay * (1.0 - decay) / bottom
    slope -= gain * (2.0 * decay * (1.0 - alpha) + 2.0 * decay * decay) / bottom
    values = (
        gain,
        gain * decay * (alpha - 1.0),
        gain * decay * (alpha + 1.0),
        -gain * decay * decay,
        2.0 * decay,
        -decay * decay,
    )
    slopes = (
        slope,
        decay * (slope * (alpha - 1.0) + gain * (2.0 - alpha)),
        decay * (slope * (alpha + 1.0) - gain * alpha),
        decay * decay * (2.0 * gain - slope),
        -2.0 * decay,
        2.0 * decay * decay,
    )
    return values, slopes


@njit
def filter_rows(x, c, y1, y2):
    """Both recursions along each row; `c` are the coefficients."""
    n, m = x.shape
    for i in range(n):
        before, one, two = 0.0, 0.0, 0.0
        for j in range(m):
            y = c[0] * x[i, j] + c[1] * before + c[4] * one + c[5] * two
            y1[i, j] = y
            before, two, one = x[i, j], one, y
        x1, x2, one, two = 0.0, 0.0, 0.0, 0.0
        for j in range(m - 1, -1, -1):
            y = c[2] * x1 + c[3] * x2 + c[4] * one + c[5] * two
            y2[i, j] = y
            x2, x1, two, one = x1, x[i, j], one, y


@njit
def filter_rows_adjoint(x, c, y1, y2, bar, x_bar, c_bar):
    """The adjoint of a recursion runs against it; `bar` is that of both results."""
    n, m = x.shape
    c0, c1, c2, c3, c4, c5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        one, two = 0.0, 0.0
        for j in range(m - 1, -1, -1):
            t = bar[i, j] + c[4] * one + c[5] * two
            x_bar[i, j] = c[0] * t + c[1] * one
            c0 += t * x[i, j]
            c1 += one * x[i, j]
            c4 += one * y1[i, j]
            c5 += two * y1[i, j]
            two, one = one, t
        one, two = 0.0, 0.0
        for j in range(m):
            t = bar[i, j] + c[4] * one + c[5] * two
            x_bar[i, j] += c[2] * one + c[3] * two
            c2 += one * x[i, j]
            c3 += two * x[i, j]
            c4 += one * y2[i, j]
            c5 += two * y2[i, j]
            two, one = one, t
    for k, add in enumerate((c0, c1, c2, c3, c4, c5)):
        c_bar[k] += add


@njit
def filter_columns(x, c, z1, z2):
    n, m = x.shape
    for i in range(n):
        for j in range(m):
            z1[i, j] = c[0] * x[i, j]
        if i > 0:
            for j in range(m):
                z1[i, j] += c[1] * x[i - 1, j] + c[4] * z1[i - 1, j]
        if i > 1:
            for j in range(m):
                z1[i, j] += c[5] * z1[i - 2, j]
    for i in range(n - 1, -1, -1):
        z2[i] = 0.0
        if i < n - 1:
            for j in range(m):
                z2[i, j] = c[2] * x[i + 1, j] + c[4] * z2[i + 1, j]
        if i < n - 2:
            for j in range(m):
                z2[i, j] += c[3] * x[i + 2, j] + c[5] * z2[i + 2, j]


@reordered
def filter_columns_adjoint(x, c, z1, z2, w, x_bar, c_bar):
    """Of the adjoints of `z1` and `z2` only three rows are held."""
    n, m = x.shape
    c0, c1, c2, c3, c4, c5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    t = np.zeros((3, m))
    for i in range(n - 1, -1, -1):
        here, one, two = t[i % 3], t[(i + 1) % 3], t[(i + 2) % 3]
        for j in range(m):
            bar = w[i, j] + c[4] * one[j] + c[5] * two[j]
            x_bar[i, j] = c[0] * bar + c[1] * one[j]
            c0 += bar * x[i, j]
            c1 += one[j] * x[i, j]
            c4 += one[j] * z1[i, j]
            c5 += two[j] * z1[i, j]
            here[j] = bar
    t[:, :] = 0.0
    for i in range(n):
        here, one, two = t[i % 3], t[(i + 2) % 3], t[(i + 1) % 3]
        for j in range(m):
            bar = w[i, j] + c[4] * one[j] + c[5] * two[j]
            x_bar[i, j] += c[2] * one[j] + c[3] * two[j]
            c2 += one[j] * x[i, j]
            c3 += two[j] * x[i, j]
            c4 += one[j] * z2[i, j]
            c5 += two[j] * z2[i, j]
            here[j] = bar
    for k, add in enumerate((c0, c1, c2, c3, c4, c5)):
        c_bar[k] += add


@njit
def deriche(image, alpha, w):
    """Kept are the results of the four recursions, for the adjoints of the coefficients."""
    n, m = image.shape
    c, slopes = coefficients(alpha)
    y1, y2, z1, z2 = np.empty((n, m)), np.empty((n, m)), np.empty((n, m)), np.empty((n, m))
    filter_rows(image, c, y1, y2)
    half = y1 + y2
    filter_columns(half, c, z1, z2)
    value = weigh_matrix(z1, w) + weigh_matrix(z2, w)
    half_bar, image_bar, c_bar = np.empty((n, m)), np.empty((n, m)), np.zeros(6)
    filter_columns_adjoint(half, c, z1, z2, w, half_bar, c_bar)
    filter_rows_adjoint(image, c, y1, y2, half_bar, image_bar, c_bar)
    alpha_bar = 0.0
    for k in range(6):
        alpha_bar += c_bar[k] * slopes[k]
    return value, image_bar, alpha_bar
