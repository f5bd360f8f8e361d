"""Adjoints of solvers along lines: a tridiagonal solve is reversed by a transposed one."""

import numpy as np
from numba import njit

from tests.benchmarks.case import weigh_matrix


@njit(inline="always")
def pivots(off, p, n):
    """The factors depend on no data: they are made once for each direction."""
    inverse = np.zeros(n)
    p[0] = 0.0
    for j in range(1, n - 1):
        inverse[j] = 1.0 / (off * p[j - 1] + 1.0 - 2.0 * off)
        p[j] = -off * inverse[j]
    return inverse


@njit(inline="always")
def conduct(u, v, across, along, p, r, by_p, by_r):
    """One step: lines of `v` along the first axis, then lines of `u` along the second."""
    n = u.shape[0]
    for i in range(1, n - 1):
        v[0, i] = 1.0
        v[n - 1, i] = 1.0
    for j in range(1, n - 1):
        for i in range(1, n - 1):
            right = (1.0 + 2.0 * along) * u[j, i] - along * (u[j, i - 1] + u[j, i + 1])
            v[j, i] = (right - across * v[j - 1, i]) * by_p[j]
    for j in range(n - 2, 0, -1):
        for i in range(1, n - 1):
            v[j, i] += p[j] * v[j + 1, i]
    for i in range(1, n - 1):
        u[i, 0] = 1.0
        u[i, n - 1] = 1.0
        for j in range(1, n - 1):
            right = (1.0 + 2.0 * across) * v[i, j] - across * (v[i - 1, j] + v[i + 1, j])
            u[i, j] = (right - along * u[i, j - 1]) * by_r[j]
        for j in range(n - 2, 0, -1):
            u[i, j] += r[j] * u[i, j + 1]


@njit(inline="always")
def conduct_adjoint(bar, v_bar, q, across, along, p, r, by_p, by_r):
    """From the adjoint of `u` after a step to that before it, in place."""
    n = bar.shape[0]
    v_bar[:, :] = 0.0
    for i in range(1, n - 1):
        for j in range(1, n - 2):
            bar[i, j + 1] += r[j] * bar[i, j]
        for j in range(n - 2, 0, -1):
            q[j] = bar[i, j] * by_r[j]
            bar[i, j - 1] -= along * q[j]
            bar[i, j] = 0.0
        bar[i, 0] = 0.0
        bar[i, n - 1] = 0.0
        for j in range(1, n - 1):
            v_bar[i, j] += (1.0 + 2.0 * across) * q[j]
            v_bar[i - 1, j] -= across * q[j]
            v_bar[i + 1, j] -= across * q[j]
    for j in range(1, n - 2):
        for i in range(1, n - 1):
            v_bar[j + 1, i] += p[j] * v_bar[j, i]
    for j in range(n - 2, 0, -1):
        for i in range(1, n - 1):
            q[i] = v_bar[j, i] * by_p[j]
            v_bar[j - 1, i] -= across * q[i]
        for i in range(1, n - 1):
            bar[j, i] += (1.0 + 2.0 * along) * q[i]
            bar[j, i - 1] -= along * q[i]
        for i in range(1, n - 1):
            bar[j, i + 1] -= along * q[i]


@njit
def adi(u, w, steps):
    """Linear in `u`: only the factors are kept."""
    n = u.shape[0]
    u = u.copy()
    v = np.zeros((n, n))
    p, r, q = np.zeros(n), np.zeros(n), np.zeros(n)
    across = -0.5 * 2.0 * n * n / steps
    along = -0.5 * n * n / steps
    by_p = pivots(across, p, n)
    by_r = pivots(along, r, n)
    for _ in range(steps):
        conduct(u, v, across, along, p, r, by_p, by_r)
    value = weigh_matrix(u, w)
    bar = w.copy()
    for _ in range(steps):
        conduct_adjoint(bar, v, q, across, along, p, r, by_p, by_r)
    return value, bar


@njit(inline="always")
def solve_column(i, j, stage_in, stage, position, tendency, wind, scratch, data):
    """Thomas's algorithm; `scratch` keeps upper, lower and upper wind, and one over the pivots."""
    levels = data.shape[0]
    rate = 3.0 / 20.0
    for k in range(levels):
        lower_wind, upper_wind, correction = 0.0, 0.0, 0.0
        if k > 0:
            lower_wind = -0.125 * (wind[i + 1, j, k] + wind[i, j, k])
            correction -= lower_wind * (stage[i, j, k - 1] - stage[i, j, k])
        if k < levels - 1:
            upper_wind = 0.125 * (wind[i + 1, j, k + 1] + wind[i, j, k + 1])
            correction -= upper_wind * (stage[i, j, k + 1] - stage[i, j, k])
        diagonal = rate - lower_wind - upper_wind
        known = rate * position[i, j, k] + tendency[i, j, k] + stage_in[i, j, k] + correction
        if k > 0:
            diagonal -= scratch[0, k - 1] * lower_wind
            known -= data[k - 1] * lower_wind
        scale = 1.0 / diagonal
        data[k] = known * scale
        scratch[0, k] = upper_wind * scale
        scratch[1, k], scratch[2, k], scratch[3, k] = lower_wind, upper_wind, scale
    for k in range(levels - 2, -1, -1):
        data[k] -= scratch[0, k] * data[k + 1]


@njit(inline="always")
def solve_column_transposed(weights, scratch, bar):
    """With `a x = d`, the adjoint of d solves the transposed system."""
    levels = bar.shape[0]
    rate = 3.0 / 20.0
    bar[0] = rate * weights[0]
    for k in range(1, levels):
        bar[k] = rate * weights[k] - scratch[0, k - 1] * bar[k - 1]
    bar[levels - 1] *= scratch[3, levels - 1]
    for k in range(levels - 2, -1, -1):
        bar[k] = (bar[k] - scratch[1, k + 1] * bar[k + 1]) * scratch[3, k]


@njit(inline="always")
def winds_adjoint(i, j, stage, data, bars, scratch, stage_bar, wind_bar):
    """The adjoint of the matrix is `-d_bar x^T`; that of the correction is added."""
    levels = data.shape[0]
    for k in range(levels):
        bar, here = bars[k], stage[i, j, k]
        if k > 0:
            change = bar * (data[k] - data[k - 1] - (stage[i, j, k - 1] - here))
            wind_bar[i, j, k] -= 0.125 * change
            wind_bar[i + 1, j, k] -= 0.125 * change
            stage_bar[i, j, k - 1] -= bar * scratch[1, k]
            stage_bar[i, j, k] += bar * scratch[1, k]
        if k < levels - 1:
            change = bar * (data[k] - data[k + 1] - (stage[i, j, k + 1] - here))
            wind_bar[i, j, k + 1] += 0.125 * change
            wind_bar[i + 1, j, k + 1] += 0.125 * change
            stage_bar[i, j, k + 1] -= bar * scratch[2, k]
            stage_bar[i, j, k] += bar * scratch[2, k]


@njit
def vadv(stage_in, stage, position, tendency, wind, w):
    """Primal and adjoint of a column run together: nothing is kept beyond it."""
    n, m, levels = stage.shape
    rate = 3.0 / 20.0
    scratch, data, bars = np.empty((4, levels)), np.empty(levels), np.empty(levels)
    position_bar, tendency_bar = np.empty(stage.shape), np.empty(stage.shape)
    stage_bar, wind_bar = np.zeros(stage.shape), np.zeros(wind.shape)
    value = 0.0
    for i in range(n):
        for j in range(m):
            solve_column(i, j, stage_in, stage, position, tendency, wind, scratch, data)
            solve_column_transposed(w[i, j], scratch, bars)
            winds_adjoint(i, j, stage, data, bars, scratch, stage_bar, wind_bar)
            for k in range(levels):
                value += w[i, j, k] * rate * (data[k] - position[i, j, k])
                tendency_bar[i, j, k] = bars[k]
                position_bar[i, j, k] = rate * (bars[k] - w[i, j, k])
    return value, tendency_bar.copy(), stage_bar, position_bar, tendency_bar, wind_bar
