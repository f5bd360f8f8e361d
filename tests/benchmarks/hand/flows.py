"""The adjoints of the two flows: velocities and pressure of each step are kept.

The rounds of the pressure equation are linear: their adjoints need nothing, and run in gather form.
The channel is periodic: its arrays have a column more on both sides, equal to that of the other
side, so that both flows share all inner loops.
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


@njit(inline="always")
def wrap(a):
    """Set the first and the last column of a periodic field."""
    last = a.shape[1] - 1
    for i in range(a.shape[0]):
        a[i, 0] = a[i, last - 1]
        a[i, last] = a[i, 1]


@njit(inline="always")
def wrap_adjoint(bar):
    last = bar.shape[1] - 1
    for i in range(bar.shape[0]):
        bar[i, last - 1] += bar[i, 0]
        bar[i, 1] += bar[i, last]
        bar[i, 0], bar[i, last] = 0.0, 0.0


@njit
def pressure(p, old, b, u, v, rho, dt, dx, dy, rounds, periodic):
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
        if periodic:
            wrap(p)
        else:
            for i in range(n):
                p[i, m - 1] = p[i, m - 2]
                p[i, 0] = p[i, 1]
        for j in range(m):
            p[0, j] = p[1, j]
            p[n - 1, j] = p[n - 2, j] if periodic else 0.0


@njit
def pressure_adjoint(bar, other, b_bar, dx, dy, rounds, periodic):
    """`bar` and `other` have one row and column of zeros around; returns the one with the result.

    `b_bar` is set to the adjoint of the scaled source.
    """
    n, m = b_bar.shape
    across, along = 0.5 * dy * dy / (dx * dx + dy * dy), 0.5 * dx * dx / (dx * dx + dy * dy)
    b_bar[:, :] = 0.0
    for _ in range(rounds):
        for j in range(1, m + 1):
            if periodic:
                bar[n - 1, j] += bar[n, j]
            bar[n, j] = 0.0
            bar[2, j] += bar[1, j]
            bar[1, j] = 0.0
        if periodic:
            wrap_adjoint(bar[:, 1:-1])
        else:
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


@njit
def step(un, vn, p, u, v, rho, nu, force, dt, dx, dy):
    """Set the velocities inside; those at the border are set by the caller."""
    n, m = u.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            p_x = dt / (2.0 * rho * dx) * (p[i, j + 1] - p[i, j - 1])
            p_y = dt / (2.0 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
            change = moved(un, un, vn, i, j, dt, dx, dy, nu) - p_x + force * dt
            u[i, j] = un[i, j] + change
            v[i, j] = vn[i, j] - p_y + moved(vn, un, vn, i, j, dt, dx, dy, nu)


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
        pressure(p, old, b, un, vn, rho, dt, dx, dy, rounds, False)
        ps[t] = p
        step(un, vn, p, new_u, new_v, rho, nu, 0.0, dt, dx, dy)
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
        p_bar, other_bar = pressure_adjoint(p_bar, other_bar, b_bar, dx, dy, rounds, False)
        rho_bar += more_rho
        rho_bar += source_adjoint(b_bar, us[t], vs[t], rho, dt, dx, dy, un_bar, vn_bar)
        nu_bar += more_nu
        u_bar, un_bar = un_bar, u_bar
        v_bar, vn_bar = vn_bar, v_bar
    return value, u_bar, v_bar, p_bar[1:-1, 1:-1].copy(), rho_bar, nu_bar


@njit
def in_channel(a):
    """Return a copy with the two columns that make it periodic."""
    out = np.empty((a.shape[0], a.shape[1] + 2))
    out[:, 1:-1] = a
    wrap(out)
    return out


@njit
def channel_step(u, v, p, old, b, rho, nu, force, dt, dx, dy, rounds):
    """Change `p`; return the new velocities, and by how much that along the channel has changed."""
    n = u.shape[0]
    pressure(p, old, b, u, v, rho, dt, dx, dy, rounds, True)
    new_u, new_v = np.zeros(u.shape), np.zeros(u.shape)
    step(u, v, p, new_u, new_v, rho, nu, force, dt, dx, dy)
    wrap(new_u)
    wrap(new_v)
    new, before = 0.0, 0.0
    for i in range(n):
        for j in range(1, u.shape[1] - 1):
            new += new_u[i, j]
            before += u[i, j]
    return new_u, new_v, abs(new - before) / abs(new)


@njit
def channel_flow(u, v, p, rho, nu, force, w, rounds, tolerance):
    n, m = u.shape
    dx, dy = 2.0 / (m - 1), 2.0 / (n - 1)
    dt = 0.1 * dx * dx
    us, vs, p = [in_channel(u)], [in_channel(v)], in_channel(p)
    ps = [p]
    old, b = np.empty(p.shape), np.zeros(p.shape)
    change = 1.0
    while change > tolerance:
        p = p.copy()
        new_u, new_v, change = channel_step(
            us[-1], vs[-1], p, old, b, rho, nu, force, dt, dx, dy, rounds
        )
        us.append(new_u)
        vs.append(new_v)
        ps.append(p)
    value = weigh_matrix(us[-1][:, 1:-1], w[0]) + weigh_matrix(vs[-1][:, 1:-1], w[1])
    value += weigh_matrix(p[:, 1:-1], w[2])
    u_bar, v_bar, b_bar = np.zeros(p.shape), np.zeros(p.shape), np.empty(p.shape)
    un_bar, vn_bar = np.empty(p.shape), np.empty(p.shape)
    p_bar, other_bar = np.zeros((n + 2, m + 4)), np.zeros((n + 2, m + 4))
    u_bar[:, 1:-1], v_bar[:, 1:-1], p_bar[1:-1, 2:-2] = w[0], w[1], w[2]
    rho_bar, nu_bar, force_bar = 0.0, 0.0, 0.0
    for t in range(len(us) - 1, 0, -1):
        un, vn = us[t - 1], vs[t - 1]
        wrap_adjoint(u_bar)
        wrap_adjoint(v_bar)
        force_bar += dt * np.sum(u_bar[1:-1])
        bars, new_bars = (u_bar, v_bar, p_bar), (un_bar, vn_bar)
        more_rho, more_nu = step_adjoint(un, vn, ps[t], bars, new_bars, rho, nu, dt, dx, dy)
        p_bar, other_bar = pressure_adjoint(p_bar, other_bar, b_bar, dx, dy, rounds, True)
        rho_bar += more_rho
        rho_bar += source_adjoint(b_bar, un, vn, rho, dt, dx, dy, un_bar, vn_bar)
        nu_bar += more_nu
        u_bar, un_bar = un_bar, u_bar
        v_bar, vn_bar = vn_bar, v_bar
    wrap_adjoint(u_bar)
    wrap_adjoint(v_bar)
    wrap_adjoint(p_bar[:, 1:-1])
    fields = (u_bar[:, 1:-1].copy(), v_bar[:, 1:-1].copy(), p_bar[1:-1, 2:-2].copy())
    return value, fields[0], fields[1], fields[2], rho_bar, nu_bar, force_bar
