"""Adjoints of stencils: the states are linear in the first state, so nothing is kept.

All are in gather form: what a point adds to its neighbours is read from them, so that the inner
loops vectorise.
"""

import numpy as np
from numba import njit

from tests.benchmarks.case import weigh_box, weigh_matrix, weigh_vector


@njit(inline="always")
def average_3_adjoint(out_bar, in_bar):
    """`out[1:-1] = (in[:-2] + in[1:-1] + in[2:]) / 3`, where the interior of `in_bar` is 0 before.

    The interior of `out_bar` is not set to 0: the next call assigns it.
    """
    n = out_bar.shape[0]
    in_bar[0] += out_bar[1] / 3.0
    in_bar[n - 1] += out_bar[n - 2] / 3.0
    if n > 3:
        in_bar[1] = (out_bar[1] + out_bar[2]) / 3.0
        in_bar[n - 2] = (out_bar[n - 3] + out_bar[n - 2]) / 3.0
    else:
        in_bar[1] = out_bar[1] / 3.0
    for i in range(2, n - 2):
        in_bar[i] = (out_bar[i - 1] + out_bar[i] + out_bar[i + 1]) / 3.0


@njit
def jacobi_1d(a, w, steps):
    start = a
    a = start.copy()
    b = start.copy()
    n = a.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            b[i] = (a[i - 1] + a[i] + a[i + 1]) / 3.0
        for i in range(1, n - 1):
            a[i] = (b[i - 1] + b[i] + b[i + 1]) / 3.0
    value = weigh_vector(a, w)
    a_bar = w.copy()
    b_bar = np.zeros(n)
    for _ in range(steps):
        average_3_adjoint(a_bar, b_bar)
        average_3_adjoint(b_bar, a_bar)
    if steps > 0:
        b_bar[1:-1] = 0.0
    return value, a_bar + b_bar


@njit(inline="always")
def average_5(source, target):
    """The mean of each interior point and its four neighbours; symmetric, so its own adjoint."""
    n, m = source.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            around = source[i, j - 1] + source[i, j + 1] + source[i + 1, j] + source[i - 1, j]
            target[i, j] = 0.2 * (source[i, j] + around)


@njit(inline="always")
def add_border(bar, border):
    """Move the border of the grid from `bar`, which has zeros around the grid, to `border`."""
    n, m = border.shape
    for i in range(n):
        for j in (0, m - 1):
            border[i, j] += bar[i + 1, j + 1]
            bar[i + 1, j + 1] = 0.0
    for i in (0, n - 1):
        for j in range(1, m - 1):
            border[i, j] += bar[i + 1, j + 1]
            bar[i + 1, j + 1] = 0.0


@njit
def jacobi_2d(a, w, steps):
    n, m = a.shape
    new = a.copy()
    other = a.copy()
    for _ in range(steps):
        average_5(new, other)
        average_5(other, new)
    value = weigh_matrix(new, w)
    bar = np.zeros((n + 2, m + 2))
    other_bar = np.zeros((n + 2, m + 2))
    border_bar = np.zeros((n, m))
    bar[1:-1, 1:-1] = w
    for _ in range(steps):
        add_border(bar, border_bar)
        average_5(bar, other_bar)
        add_border(other_bar, border_bar)
        average_5(other_bar, bar)
    return value, bar[1:-1, 1:-1] + border_bar


@njit(inline="always")
def spread(source, target):
    """One step of the heat equation on the interior; the border stays. It is symmetric."""
    n, m, p = source.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            for k in range(1, p - 1):
                around = source[i + 1, j, k] + source[i - 1, j, k]
                around += source[i, j + 1, k] + source[i, j - 1, k]
                around += source[i, j, k + 1] + source[i, j, k - 1]
                target[i, j, k] = 0.25 * source[i, j, k] + 0.125 * around


@njit(inline="always")
def move_border(bar, border):
    """Move the six faces of the grid from `bar`, which has zeros around the grid, to `border`."""
    n, m, p = border.shape
    for i in range(n):
        for j in range(m):
            inner = 0 < i < n - 1 and 0 < j < m - 1
            step = p - 1 if inner else 1
            for k in range(0, p, step):
                border[i, j, k] += bar[i + 1, j + 1, k + 1]
                bar[i + 1, j + 1, k + 1] = 0.0


@njit
def heat_3d(a, w, steps):
    n, m, p = a.shape
    old = a.copy()
    new = a.copy()
    for _ in range(steps):
        spread(old, new)
        old, new = new, old
    value = weigh_box(old, w)
    bar = np.zeros((n + 2, m + 2, p + 2))
    next_bar = np.zeros((n + 2, m + 2, p + 2))
    border_bar = np.zeros((n, m, p))
    bar[1:-1, 1:-1, 1:-1] = w
    for _ in range(steps):
        move_border(bar, border_bar)
        spread(bar, next_bar)
        bar, next_bar = next_bar, bar
    return value, bar[1:-1, 1:-1, 1:-1] + border_bar


@njit
def seidel_2d(a, w, steps):
    a = a.copy()
    n, m = a.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                above = a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1]
                below = a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]
                a[i, j] = (above + a[i, j - 1] + a[i, j] + a[i, j + 1] + below) / 9.0
    value = weigh_matrix(a, w)
    bar = w.copy()
    for _ in range(steps):
        for i in range(n - 2, 0, -1):
            for j in range(m - 2, 0, -1):
                share = bar[i, j] / 9.0
                bar[i, j] = share
                bar[i - 1, j - 1] += share
                bar[i - 1, j] += share
                bar[i - 1, j + 1] += share
                bar[i, j - 1] += share
                bar[i, j + 1] += share
                bar[i + 1, j - 1] += share
                bar[i + 1, j] += share
                bar[i + 1, j + 1] += share
    return value, bar


@njit(inline="always")
def fields(ex, ey, hz, source):
    n, m = hz.shape
    for j in range(m):
        ey[0, j] = source
    for i in range(1, n):
        for j in range(m):
            ey[i, j] -= 0.5 * (hz[i, j] - hz[i - 1, j])
    for i in range(n):
        for j in range(1, m):
            ex[i, j] -= 0.5 * (hz[i, j] - hz[i, j - 1])
    for i in range(n - 1):
        for j in range(m - 1):
            hz[i, j] -= 0.7 * (ex[i, j + 1] - ex[i, j] + ey[i + 1, j] - ey[i, j])


@njit(inline="always")
def fields_adjoint(ex, ey, hz):
    """The transpose of `fields` on the adjoints of the fields; returns that of the source."""
    n, m = hz.shape
    for i in range(n - 1):
        ex[i, 0] += 0.7 * hz[i, 0]
        ex[i, m - 1] -= 0.7 * hz[i, m - 2]
        for j in range(1, m - 1):
            ex[i, j] += 0.7 * (hz[i, j] - hz[i, j - 1])
    for j in range(m - 1):
        ey[0, j] += 0.7 * hz[0, j]
        ey[n - 1, j] -= 0.7 * hz[n - 2, j]
    for i in range(1, n - 1):
        for j in range(m - 1):
            ey[i, j] += 0.7 * (hz[i, j] - hz[i - 1, j])
    for i in range(n):
        for j in range(1, m):
            hz[i, j] -= 0.5 * ex[i, j]
        for j in range(1, m):
            hz[i, j - 1] += 0.5 * ex[i, j]
    source = 0.0
    for j in range(m):
        hz[0, j] += 0.5 * ey[1, j]
        hz[n - 1, j] -= 0.5 * ey[n - 1, j]
        source += ey[0, j]
        ey[0, j] = 0.0
    for i in range(1, n - 1):
        for j in range(m):
            hz[i, j] += 0.5 * (ey[i + 1, j] - ey[i, j])
    return source


@njit
def fdtd_2d(ex, ey, hz, pulse, w):
    ex, ey, hz = ex.copy(), ey.copy(), hz.copy()
    for t in range(pulse.shape[0]):
        fields(ex, ey, hz, pulse[t])
    value = weigh_matrix(ex, w[0]) + weigh_matrix(ey, w[1]) + weigh_matrix(hz, w[2])
    ex_bar, ey_bar, hz_bar = w[0].copy(), w[1].copy(), w[2].copy()
    pulse_bar = np.empty(pulse.shape[0])
    for t in range(pulse.shape[0] - 1, -1, -1):
        pulse_bar[t] = fields_adjoint(ex_bar, ey_bar, hz_bar)
    return value, ex_bar, ey_bar, hz_bar, pulse_bar


@njit(inline="always")
def share_kept(flux, slope):
    """Return 0 where the flux is limited, else 1."""
    return 0.0 if flux * slope > 0.0 else 1.0


@njit(inline="always")
def laplacian(field):
    n, m, levels = field.shape
    lap = np.empty((n - 2, m - 2, levels))
    for i in range(n - 2):
        for j in range(m - 2):
            for k in range(levels):
                around = field[i + 2, j + 1, k] + field[i, j + 1, k]
                around += field[i + 1, j + 2, k] + field[i + 1, j, k]
                lap[i, j, k] = 4.0 * field[i + 1, j + 1, k] - around
    return lap


@njit
def hdiff(field, coeff, w):
    """Fluxes are made again rather than kept; one that is limited passes no adjoint on."""
    n, m, levels = coeff.shape
    lap = laplacian(field)
    lap_bar = np.zeros(lap.shape)
    field_bar = np.zeros(field.shape)
    coeff_bar = np.empty(coeff.shape)
    value = 0.0
    for i in range(n):
        for j in range(m):
            for k in range(levels):
                here, here_lap = field[i + 2, j + 2, k], lap[i + 1, j + 1, k]
                east = lap[i + 2, j + 1, k] - here_lap
                west = here_lap - lap[i, j + 1, k]
                north = lap[i + 1, j + 2, k] - here_lap
                south = here_lap - lap[i + 1, j, k]
                of_east = share_kept(east, field[i + 3, j + 2, k] - here)
                of_west = share_kept(west, here - field[i + 1, j + 2, k])
                of_north = share_kept(north, field[i + 2, j + 3, k] - here)
                of_south = share_kept(south, here - field[i + 2, j + 1, k])
                change = of_east * east - of_west * west + of_north * north - of_south * south
                value += w[i, j, k] * (here - coeff[i, j, k] * change)
                coeff_bar[i, j, k] = -w[i, j, k] * change
                field_bar[i + 2, j + 2, k] = w[i, j, k]
                bar = -w[i, j, k] * coeff[i, j, k]
                lap_bar[i + 1, j + 1, k] -= bar * (of_east + of_west + of_north + of_south)
                lap_bar[i + 2, j + 1, k] += bar * of_east
                lap_bar[i, j + 1, k] += bar * of_west
                lap_bar[i + 1, j + 2, k] += bar * of_north
                lap_bar[i + 1, j, k] += bar * of_south
    for i in range(n + 2):
        for j in range(m + 2):
            for k in range(levels):
                bar = lap_bar[i, j, k]
                field_bar[i + 1, j + 1, k] += 4.0 * bar
                field_bar[i + 2, j + 1, k] -= bar
                field_bar[i, j + 1, k] -= bar
                field_bar[i + 1, j + 2, k] -= bar
                field_bar[i + 1, j, k] -= bar
    return value, field_bar, coeff_bar
