"""Incompressible flow in two dimensions, by a pressure equation in each step."""

import numpy as np
from numba import njit

from tests.benchmarks.case import Case, weigh_matrix
from tests.benchmarks.hand import flows as hand


@njit
def source_of_pressure(b, u, v, rho, dt, dx, dy):
    n, m = b.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            u_x = (u[i, j + 1] - u[i, j - 1]) / (2.0 * dx)
            v_y = (v[i + 1, j] - v[i - 1, j]) / (2.0 * dy)
            u_y = (u[i + 1, j] - u[i - 1, j]) / (2.0 * dy)
            v_x = (v[i, j + 1] - v[i, j - 1]) / (2.0 * dx)
            b[i, j] = rho * ((u_x + v_y) / dt - u_x * u_x - 2.0 * u_y * v_x - v_y * v_y)


@njit
def relax_pressure(p, b, dx, dy, rounds):
    """Jacobi's method; no flow through the walls, and pressure 0 at the lid."""
    n, m = p.shape
    dx2, dy2 = dx * dx, dy * dy
    for _ in range(rounds):
        old = p.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                across = (old[i, j + 1] + old[i, j - 1]) * dy2
                along = (old[i + 1, j] + old[i - 1, j]) * dx2
                p[i, j] = (across + along - dx2 * dy2 * b[i, j]) / (2.0 * (dx2 + dy2))
        for i in range(n):
            p[i, m - 1] = p[i, m - 2]
            p[i, 0] = p[i, 1]
        for j in range(m):
            p[0, j] = p[1, j]
            p[n - 1, j] = 0.0


@njit
def moved(c, u, v, i, j, dt, dx, dy, nu):
    """The change of the component `c` of the velocity by convection and friction."""
    here = c[i, j]
    convection = u[i, j] * dt / dx * (here - c[i, j - 1]) + v[i, j] * dt / dy * (here - c[i - 1, j])
    across = (c[i, j + 1] - 2.0 * here + c[i, j - 1]) / (dx * dx)
    along = (c[i + 1, j] - 2.0 * here + c[i - 1, j]) / (dy * dy)
    return nu * dt * (across + along) - convection


def cavity_flow(u, v, p, rho, nu, w, steps, rounds):
    """The flow in a square cavity, driven by its lid."""
    u, v, p = u.copy(), v.copy(), p.copy()
    n, m = u.shape
    dx = 2.0 / (m - 1)
    dy = 2.0 / (n - 1)
    dt = 0.1 * dx * dx
    b = np.zeros((n, m))
    for _ in range(steps):
        un = u.copy()
        vn = v.copy()
        source_of_pressure(b, un, vn, rho, dt, dx, dy)
        relax_pressure(p, b, dx, dy, rounds)
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                p_x = dt / (2.0 * rho * dx) * (p[i, j + 1] - p[i, j - 1])
                p_y = dt / (2.0 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
                u[i, j] = un[i, j] - p_x + moved(un, un, vn, i, j, dt, dx, dy, nu)
                v[i, j] = vn[i, j] - p_y + moved(vn, un, vn, i, j, dt, dx, dy, nu)
        for i in range(n):
            u[i, 0], u[i, m - 1] = 0.0, 0.0
            v[i, 0], v[i, m - 1] = 0.0, 0.0
        for j in range(m):
            u[0, j], u[n - 1, j] = 0.0, 1.0
            v[0, j], v[n - 1, j] = 0.0, 0.0
    return weigh_matrix(u, w[0]) + weigh_matrix(v, w[1]) + weigh_matrix(p, w[2])


def cavity_flow_args(random, n, steps, rounds):
    fields = (0.1 * random.normal(size=(n, n)) for _ in range(3))
    return *fields, 1.0, 0.1, random.normal(size=(3, n, n)), steps, rounds


@njit
def channel_pressure(p, u, v, rho, dt, dx, dy, rounds):
    """As in the cavity, but periodic along the channel; `b` is made on the way."""
    n, m = p.shape
    dx2, dy2 = dx * dx, dy * dy
    b = np.zeros((n, m))
    for i in range(1, n - 1):
        for j in range(m):
            east, west = (j + 1) % m, (j - 1) % m
            u_x = (u[i, east] - u[i, west]) / (2.0 * dx)
            v_y = (v[i + 1, j] - v[i - 1, j]) / (2.0 * dy)
            u_y = (u[i + 1, j] - u[i - 1, j]) / (2.0 * dy)
            v_x = (v[i, east] - v[i, west]) / (2.0 * dx)
            b[i, j] = rho * ((u_x + v_y) / dt - u_x * u_x - 2.0 * u_y * v_x - v_y * v_y)
    for _ in range(rounds):
        old = p.copy()
        for i in range(1, n - 1):
            for j in range(m):
                across = (old[i, (j + 1) % m] + old[i, (j - 1) % m]) * dy2
                along = (old[i + 1, j] + old[i - 1, j]) * dx2
                p[i, j] = (across + along - dx2 * dy2 * b[i, j]) / (2.0 * (dx2 + dy2))
        for j in range(m):
            p[n - 1, j] = p[n - 2, j]
            p[0, j] = p[1, j]


@njit
def channel_moved(c, u, v, i, j, dt, dx, dy, nu):
    m = c.shape[1]
    here, east, west = c[i, j], c[i, (j + 1) % m], c[i, (j - 1) % m]
    convection = u[i, j] * dt / dx * (here - west) + v[i, j] * dt / dy * (here - c[i - 1, j])
    across = (east - 2.0 * here + west) / (dx * dx)
    along = (c[i + 1, j] - 2.0 * here + c[i - 1, j]) / (dy * dy)
    return nu * dt * (across + along) - convection


def channel_flow(u, v, p, rho, nu, force, w, rounds, tolerance):
    """The flow through a channel that a force drives, until it hardly changes."""
    u, v, p = u.copy(), v.copy(), p.copy()
    n, m = u.shape
    dx = 2.0 / (m - 1)
    dy = 2.0 / (n - 1)
    dt = 0.1 * dx * dx
    change = 1.0
    while change > tolerance:
        un = u.copy()
        vn = v.copy()
        channel_pressure(p, un, vn, rho, dt, dx, dy, rounds)
        for i in range(1, n - 1):
            for j in range(m):
                east, west = (j + 1) % m, (j - 1) % m
                p_x = dt / (2.0 * rho * dx) * (p[i, east] - p[i, west])
                p_y = dt / (2.0 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
                drift = channel_moved(un, un, vn, i, j, dt, dx, dy, nu)
                u[i, j] = un[i, j] - p_x + force * dt + drift
                v[i, j] = vn[i, j] - p_y + channel_moved(vn, un, vn, i, j, dt, dx, dy, nu)
        for j in range(m):
            u[0, j], u[n - 1, j] = 0.0, 0.0
            v[0, j], v[n - 1, j] = 0.0, 0.0
        new, old = 0.0, 0.0
        for i in range(n):
            for j in range(m):
                new += u[i, j]
                old += un[i, j]
        change = abs(new - old) / abs(new)
    return weigh_matrix(u, w[0]) + weigh_matrix(v, w[1]) + weigh_matrix(p, w[2])


def channel_flow_args(random, n, rounds, tolerance):
    fields = (0.01 * random.normal(size=(n, n)) for _ in range(3))
    return *fields, 1.0, 0.1, 1.0, random.normal(size=(3, n, n)), rounds, tolerance


CASES = (
    Case(
        "cavity_flow",
        cavity_flow,
        cavity_flow_args,
        {"n": 61, "steps": 25, "rounds": 50},
        {"n": 5, "steps": 2, "rounds": 3},
        (0, 1, 2, 3, 4),
        hand=hand.cavity_flow,
    ),
    Case(
        "channel_flow",
        channel_flow,
        channel_flow_args,
        {"n": 41, "rounds": 50, "tolerance": 0.05},
        {"n": 5, "rounds": 3, "tolerance": 0.3},
        (0, 1, 2, 3, 4, 5),
        hand=hand.channel_flow,
    ),
)
