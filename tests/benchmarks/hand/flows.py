"""The adjoint of the cavity flow: velocities and pressure of each step are kept.

The rounds of the pressure equation are linear: their adjoints need nothing, and run in gather form.
"""

import numpy as np
from numba import njit

from tests.benchmarks.case import reordered, weigh_matrix


@njit(inline="always")
def sources(u, v, i, j, dx, dy):
    """Return the four derivatives of the velocities."""
    u_x = (u[i, j + 1] - u[i, j - 1]) / (2.0 * dx)
    v_y = (v[i + 1, j] - v[i - 1, j]) / (2.0 * dy)
    u_y = (u[i + 1, j] - u[i - 1, j]) / (2.0 * dy)
    v_x = (v[i, j + 1] - v[i, j - 1]) / (2.0 * dx)
    return u_x, v_y, u_y, v_x


@njit
def pressure(p, old, b, u, v, rho, dt, dx, dy, rounds):
    n, m = p.shape
    across, along = 0.5 * dy * dy / (dx * dx + dy * dy), 0.5 * dx * dx / (dx * dx + dy * dy)
    of_b = across * dx * dx
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            u_x, v_y, u_y, v_x = sources(u, v, i, j, dx, dy)
            b[i, j] = of_b * rho * ((u_x + v_y) / dt - u_x * u_x - 2.0 * u_y * v_x - v_y * v_y)
    for _ in range(rounds):
        old[:, :] = p
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = across * (old[i, j + 1] + old[i, j - 1])
                p[i, j] = around + along * (old[i + 1, j] + old[i - 1, j]) - b[i, j]
        for i in range(n):
            p[i, m - 1] = p[i, m - 2]
            p[i, 0] = p[i, 1]
        for j in range(m):
            p[0, j] = p[1, j]
            p[n - 1, j] = 0.0


@njit
def pressure_adjoint(bar, other, b_bar, dx, dy, rounds):
    """`bar` and `other` have one row and column of zeros around; returns the one with the result.

    `b_bar` is set to the adjoint of the scaled source.
    """
    n, m = b_bar.shape
    across, along = 0.5 * dy * dy / (dx * dx + dy * dy), 0.5 * dx * dx / (dx * dx + dy * dy)
    b_bar[:, :] = 0.0
    for _ in range(rounds):
        for j in range(1, m + 1):
            bar[n, j] = 0.0
            bar[2, j] += bar[1, j]
            bar[1, j] = 0.0
        for i in range(1, n + 1):
            bar[i, 2] += bar[i, 1]
            bar[i, 1] = 0.0
            bar[i, m - 1] += bar[i, m]
            bar[i, m] = 0.0
        for i in range(n):
            for j in range(m):
                b_bar[i, j] -= bar[i + 1, j + 1]
                around = across * (bar[i + 1, j + 2] + bar[i + 1, j])
                other[i + 1, j + 1] = around + along * (bar[i + 2, j + 1] + bar[i, j + 1])
        bar, other = other, bar
    return bar, other


@njit
def source_adjoint(b_bar, u, v, rho, dt, dx, dy, u_bar, v_bar):
    """Add the adjoints of the velocities; return that of the density."""
    n, m = u.shape
    of_b = 0.5 * dx * dx * dy * dy / (dx * dx + dy * dy)
    rho_bar = 0.0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            u_x, v_y, u_y, v_x = sources(u, v, i, j, dx, dy)
            bar = of_b * b_bar[i, j]
            rho_bar += bar * ((u_x + v_y) / dt - u_x * u_x - 2.0 * u_y * v_x - v_y * v_y)
            bar *= rho
            u_x_bar, v_x_bar = bar * (1.0 / dt - 2.0 * u_x) / (2.0 * dx), -bar * u_y / dx
            v_y_bar, u_y_bar = bar * (1.0 / dt - 2.0 * v_y) / (2.0 * dy), -bar * v_x / dy
            u_bar[i, j + 1] += u_x_bar
            u_bar[i, j - 1] -= u_x_bar
            v_bar[i + 1, j] += v_y_bar
            v_bar[i - 1, j] -= v_y_bar
            u_bar[i + 1, j] += u_y_bar
            u_bar[i - 1, j] -= u_y_bar
            v_bar[i, j + 1] += v_x_bar
            v_bar[i, j - 1] -= v_x_bar
    return rho_bar


@njit(inline="always")
def moved(c, u, v, i, j, dt, dx, dy, nu):
    here = c[i, j]
    convection = u[i, j] * dt / dx * (here - c[i, j - 1]) + v[i, j] * dt / dy * (here - c[i - 1, j])
    return nu * dt * friction(c, i, j, dx, dy) - convection


@njit(inline="always")
def friction(c, i, j, dx, dy):
    across = (c[i, j + 1] - 2.0 * c[i, j] + c[i, j - 1]) / (dx * dx)
    return across + (c[i + 1, j] - 2.0 * c[i, j] + c[i - 1, j]) / (dy * dy)


@njit(inline="always")
def moved_adjoint(bar, c, c_bar, u, v, i, j, dt, dx, dy, nu):
    """Add the adjoint of `c` in `here + moved(...)`; return those of u and v here, and of nu."""
    across, along = nu * dt / (dx * dx), nu * dt / (dy * dy)
    west, north = dt / dx * u[i, j], dt / dy * v[i, j]
    c_bar[i, j] += bar * (1.0 - 2.0 * across - 2.0 * along - west - north)
    c_bar[i, j - 1] += bar * (across + west)
    c_bar[i, j + 1] += bar * across
    c_bar[i - 1, j] += bar * (along + north)
    c_bar[i + 1, j] += bar * along
    u_bar = -bar * dt / dx * (c[i, j] - c[i, j - 1])
    v_bar = -bar * dt / dy * (c[i, j] - c[i - 1, j])
    return u_bar, v_bar, bar * dt * friction(c, i, j, dx, dy)


@njit(inline="always")
def walls(u, v, lid):
    n, m = u.shape
    for i in range(n):
        u[i, 0], u[i, m - 1] = 0.0, 0.0
        v[i, 0], v[i, m - 1] = 0.0, 0.0
    for j in range(m):
        u[0, j], u[n - 1, j] = 0.0, lid
        v[0, j], v[n - 1, j] = 0.0, 0.0


@reordered
def step_adjoint(un, vn, p, bars, new_bars, rho, nu, dt, dx, dy):
    """From the adjoints of the velocities after a step to those before it; adds to `p_bar`."""
    n, m = un.shape
    u_bar, v_bar, p_bar = bars
    un_bar, vn_bar = new_bars
    un_bar[:, :] = 0.0
    vn_bar[:, :] = 0.0
    of_x, of_y = dt / (2.0 * rho * dx), dt / (2.0 * rho * dy)
    rho_bar, nu_bar = 0.0, 0.0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            bar, other = u_bar[i, j], v_bar[i, j]
            rho_bar += bar * of_x * (p[i, j + 1] - p[i, j - 1])
            rho_bar += other * of_y * (p[i + 1, j] - p[i - 1, j])
            p_bar[i + 1, j + 2] -= of_x * bar
            p_bar[i + 1, j] += of_x * bar
            p_bar[i + 2, j + 1] -= of_y * other
            p_bar[i, j + 1] += of_y * other
            by_u, by_v, by_nu = moved_adjoint(bar, un, un_bar, un, vn, i, j, dt, dx, dy, nu)
            more_u, more_v, more_nu = moved_adjoint(other, vn, vn_bar, un, vn, i, j, dt, dx, dy, nu)
            un_bar[i, j] += by_u + more_u
            vn_bar[i, j] += by_v + more_v
            nu_bar += by_nu + more_nu
    return rho_bar / rho, nu_bar


@njit
def cavity_flow(u, v, p, rho, nu, w, steps, rounds):
    n, m = u.shape
    dx, dy = 2.0 / (m - 1), 2.0 / (n - 1)
    dt = 0.1 * dx * dx
    us, vs, ps = np.empty((steps + 1, n, m)), np.empty((steps + 1, n, m)), np.empty((steps, n, m))
    us[0], vs[0] = u, v
    p, old, b = p.copy(), np.empty((n, m)), np.zeros((n, m))
    for t in range(steps):
        un, vn, new_u, new_v = us[t], vs[t], us[t + 1], vs[t + 1]
        pressure(p, old, b, un, vn, rho, dt, dx, dy, rounds)
        ps[t] = p
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                p_x = dt / (2.0 * rho * dx) * (p[i, j + 1] - p[i, j - 1])
                p_y = dt / (2.0 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
                new_u[i, j] = un[i, j] - p_x + moved(un, un, vn, i, j, dt, dx, dy, nu)
                new_v[i, j] = vn[i, j] - p_y + moved(vn, un, vn, i, j, dt, dx, dy, nu)
        walls(new_u, new_v, 1.0)
    value = weigh_matrix(us[steps], w[0]) + weigh_matrix(vs[steps], w[1]) + weigh_matrix(p, w[2])
    u_bar, v_bar, b_bar = w[0].copy(), w[1].copy(), np.empty((n, m))
    un_bar, vn_bar = np.empty((n, m)), np.empty((n, m))
    p_bar, other_bar = np.zeros((n + 2, m + 2)), np.zeros((n + 2, m + 2))
    p_bar[1:-1, 1:-1] = w[2]
    rho_bar, nu_bar = 0.0, 0.0
    for t in range(steps - 1, -1, -1):
        bars, new_bars = (u_bar, v_bar, p_bar), (un_bar, vn_bar)
        more_rho, more_nu = step_adjoint(us[t], vs[t], ps[t], bars, new_bars, rho, nu, dt, dx, dy)
        p_bar, other_bar = pressure_adjoint(p_bar, other_bar, b_bar, dx, dy, rounds)
        rho_bar += more_rho
        rho_bar += source_adjoint(b_bar, us[t], vs[t], rho, dt, dx, dy, un_bar, vn_bar)
        nu_bar += more_nu
        u_bar, un_bar = un_bar, u_bar
        v_bar, vn_bar = vn_bar, v_bar
    return value, u_bar, v_bar, p_bar[1:-1, 1:-1].copy(), rho_bar, nu_bar
