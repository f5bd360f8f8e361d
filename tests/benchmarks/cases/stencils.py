"""Explicit stencils on grids of one, two and three dimensions."""

import numpy as np

from tests.benchmarks.case import Case, weigh_box, weigh_matrix, weigh_vector
from tests.benchmarks.hand import stencils as hand


def jacobi_1d(a, w, steps):
    a = a.copy()
    b = a.copy()
    n = a.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            b[i] = (a[i - 1] + a[i] + a[i + 1]) / 3.0
        for i in range(1, n - 1):
            a[i] = (b[i - 1] + b[i] + b[i + 1]) / 3.0
    return weigh_vector(a, w)


def jacobi_1d_arrays(a, w, steps):
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        b[1:-1] = (a[:-2] + a[1:-1] + a[2:]) / 3.0
        a[1:-1] = (b[:-2] + b[1:-1] + b[2:]) / 3.0
    return np.sum(w * a)


def jacobi_1d_args(random, n, steps):
    return random.normal(size=n), random.normal(size=n), steps


def jacobi_2d(a, w, steps):
    a = a.copy()
    b = a.copy()
    n, m = a.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])
    return weigh_matrix(a, w)


def jacobi_2d_arrays(a, w, steps):
    a = a.copy()
    b = a.copy()
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (
            a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1]
        )
        a[1:-1, 1:-1] = 0.2 * (
            b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1]
        )
    return np.sum(w * a)


def square_args(random, n, steps):
    return random.normal(size=(n, n)), random.normal(size=(n, n)), steps


def heat_3d(a, w, steps):
    new = a.copy()
    n, m, p = a.shape
    for _ in range(steps):
        old = new.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                for k in range(1, p - 1):
                    center = old[i, j, k]
                    change = old[i + 1, j, k] - 2.0 * center + old[i - 1, j, k]
                    change += old[i, j + 1, k] - 2.0 * center + old[i, j - 1, k]
                    change += old[i, j, k + 1] - 2.0 * center + old[i, j, k - 1]
                    new[i, j, k] = center + 0.125 * change
    return weigh_box(new, w)


def heat_3d_arrays(a, w, steps):
    new = a.copy()
    for _ in range(steps):
        old = new.copy()
        twice = 2.0 * old[1:-1, 1:-1, 1:-1]
        along_x = old[2:, 1:-1, 1:-1] - twice + old[:-2, 1:-1, 1:-1]
        along_y = old[1:-1, 2:, 1:-1] - twice + old[1:-1, :-2, 1:-1]
        along_z = old[1:-1, 1:-1, 2:] - twice + old[1:-1, 1:-1, :-2]
        new[1:-1, 1:-1, 1:-1] += 0.125 * (along_x + along_y + along_z)
    return np.sum(w * new)


def heat_3d_args(random, n, steps):
    return random.normal(size=(n, n, n)), random.normal(size=(n, n, n)), steps


def seidel_2d(a, w, steps):
    a = a.copy()
    n, m = a.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                above = a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1]
                below = a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]
                a[i, j] = (above + a[i, j - 1] + a[i, j] + a[i, j + 1] + below) / 9.0
    return weigh_matrix(a, w)


def fdtd_2d(ex, ey, hz, pulse, w):
    ex = ex.copy()
    ey = ey.copy()
    hz = hz.copy()
    n, m = hz.shape
    for t in range(pulse.shape[0]):
        for j in range(m):
            ey[0, j] = pulse[t]
        for i in range(1, n):
            for j in range(m):
                ey[i, j] -= 0.5 * (hz[i, j] - hz[i - 1, j])
        for i in range(n):
            for j in range(1, m):
                ex[i, j] -= 0.5 * (hz[i, j] - hz[i, j - 1])
        for i in range(n - 1):
            for j in range(m - 1):
                curl = ex[i, j + 1] - ex[i, j] + ey[i + 1, j] - ey[i, j]
                hz[i, j] -= 0.7 * curl
    return weigh_matrix(ex, w[0]) + weigh_matrix(ey, w[1]) + weigh_matrix(hz, w[2])


def fdtd_2d_arrays(ex, ey, hz, pulse, w):
    ex = ex.copy()
    ey = ey.copy()
    hz = hz.copy()
    for t in range(pulse.shape[0]):
        ey[0, :] = pulse[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return np.sum(w[0] * ex) + np.sum(w[1] * ey) + np.sum(w[2] * hz)


def fdtd_2d_args(random, n, steps):
    fields = (random.normal(size=(n, n)) for _ in range(3))
    return (*fields, random.normal(size=steps), random.normal(size=(3, n, n)))


def hdiff(field, coeff, w):
    """Horizontal diffusion with limited fluxes; `field` has a border of two points."""
    n, m, levels = coeff.shape
    lap = np.empty((n + 2, m + 2, levels))
    for i in range(n + 2):
        for j in range(m + 2):
            for k in range(levels):
                around = field[i + 2, j + 1, k] + field[i, j + 1, k]
                around += field[i + 1, j + 2, k] + field[i + 1, j, k]
                lap[i, j, k] = 4.0 * field[i + 1, j + 1, k] - around
    flux_x = np.empty((n + 1, m, levels))
    for i in range(n + 1):
        for j in range(m):
            for k in range(levels):
                flux = lap[i + 1, j + 1, k] - lap[i, j + 1, k]
                uphill = flux * (field[i + 2, j + 2, k] - field[i + 1, j + 2, k]) > 0.0
                flux_x[i, j, k] = 0.0 if uphill else flux
    flux_y = np.empty((n, m + 1, levels))
    for i in range(n):
        for j in range(m + 1):
            for k in range(levels):
                flux = lap[i + 1, j + 1, k] - lap[i + 1, j, k]
                uphill = flux * (field[i + 2, j + 2, k] - field[i + 2, j + 1, k]) > 0.0
                flux_y[i, j, k] = 0.0 if uphill else flux
    total = 0.0
    for i in range(n):
        for j in range(m):
            for k in range(levels):
                change = flux_x[i + 1, j, k] - flux_x[i, j, k]
                change += flux_y[i, j + 1, k] - flux_y[i, j, k]
                total += w[i, j, k] * (field[i + 2, j + 2, k] - coeff[i, j, k] * change)
    return total


def hdiff_arrays(field, coeff, w):
    lap = 4.0 * field[1:-1, 1:-1] - (
        field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
    )
    flux = lap[1:, 1:-1] - lap[:-1, 1:-1]
    slope = field[2:-1, 2:-2] - field[1:-2, 2:-2]
    flux_x = np.where(flux * slope > 0.0, 0.0, flux)
    flux = lap[1:-1, 1:] - lap[1:-1, :-1]
    slope = field[2:-2, 2:-1] - field[2:-2, 1:-2]
    flux_y = np.where(flux * slope > 0.0, 0.0, flux)
    change = flux_x[1:] - flux_x[:-1] + flux_y[:, 1:] - flux_y[:, :-1]
    return np.sum(w * (field[2:-2, 2:-2] - coeff * change))


def hdiff_args(random, n, levels):
    field = random.normal(size=(n + 4, n + 4, levels))
    return field, random.normal(size=(n, n, levels)), random.normal(size=(n, n, levels))


CASES = (
    Case(
        "jacobi_1d",
        jacobi_1d,
        jacobi_1d_args,
        {"n": 4000, "steps": 500},
        {"n": 6, "steps": 2},
        (0,),
        arrays=jacobi_1d_arrays,
        hand=hand.jacobi_1d,
    ),
    Case(
        "jacobi_2d",
        jacobi_2d,
        square_args,
        {"n": 250, "steps": 50},
        {"n": 5, "steps": 2},
        (0,),
        arrays=jacobi_2d_arrays,
        hand=hand.jacobi_2d,
    ),
    Case(
        "heat_3d",
        heat_3d,
        heat_3d_args,
        {"n": 40, "steps": 50},
        {"n": 4, "steps": 2},
        (0,),
        arrays=heat_3d_arrays,
        hand=hand.heat_3d,
    ),
    Case(
        "seidel_2d",
        seidel_2d,
        square_args,
        {"n": 200, "steps": 20},
        {"n": 5, "steps": 2},
        (0,),
        hand=hand.seidel_2d,
    ),
    Case(
        "fdtd_2d",
        fdtd_2d,
        fdtd_2d_args,
        {"n": 200, "steps": 60},
        {"n": 4, "steps": 2},
        (0, 1, 2, 3),
        arrays=fdtd_2d_arrays,
        hand=hand.fdtd_2d,
    ),
    Case(
        "hdiff",
        hdiff,
        hdiff_args,
        {"n": 100, "levels": 60},
        {"n": 3, "levels": 2},
        (0, 1),
        arrays=hdiff_arrays,
        hand=hand.hdiff,
    ),
)
