"""Cases in JAX: one jitted `value_and_grad`, loops over time as `lax.scan`, no Python loops."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import gammaln, logsumexp

from tests.benchmarks.peers.whole_arrays import written_in

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def prepare(
    primal: Callable[..., Any], args: tuple[Any, ...], argnums: tuple[int, ...]
) -> Callable[[], Any]:
    """Return what computes value and gradients; whole numbers are known when it is compiled."""
    static = tuple(k for k, arg in enumerate(args) if isinstance(arg, int))
    function = jax.jit(jax.value_and_grad(primal, argnums), static_argnums=static)
    held = [arg if k in static else jnp.asarray(arg) for k, arg in enumerate(args)]
    return lambda: jax.block_until_ready(function(*held))


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = alphas.shape[0]
    sum_q = jnp.sum(icf[:, :d], 1)
    qdiag = jnp.exp(icf[:, :d])
    columns, rows = np.triu_indices(d, 1)
    lower = jnp.zeros((k, d, d)).at[:, rows, columns].set(icf[:, d:])
    lower = lower.at[:, np.arange(d), np.arange(d)].set(qdiag)
    centred = x[:, None, :] - means[None]
    projected = jnp.einsum("kab,nkb->nka", lower, centred)
    terms = alphas + sum_q - 0.5 * jnp.sum(projected * projected, 2)
    value = jnp.sum(logsumexp(terms, axis=1))
    value -= n * (logsumexp(alphas) + 0.5 * d * np.log(2.0 * np.pi))
    nu = d + m + 1
    gammas = 0.25 * d * (d - 1) * np.log(np.pi)
    gammas += jnp.sum(gammaln(0.5 * nu + 0.5 * (1 - jnp.arange(1, d + 1))))
    constant = nu * d * (jnp.log(gamma) - 0.5 * np.log(2.0)) - gammas
    squares = jnp.sum(qdiag * qdiag) + jnp.sum(icf[:, d:] ** 2)
    return value + 0.5 * gamma * gamma * squares - m * jnp.sum(sum_q) - k * constant


def bundle(cameras, points, weights, seen, features):
    camera, point = cameras[seen[:, 0]].T, points[seen[:, 1]].T
    x = point - camera[3:6]
    rotation = camera[:3]
    angle = jnp.sqrt(jnp.sum(rotation * rotation, 0))
    axis = rotation / angle
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    y = x * cosine + jnp.cross(axis, x, axis=0) * sine
    y += axis * (jnp.sum(axis * x, 0) * (1.0 - cosine))
    u = y[:2] / y[2]
    square = jnp.sum(u * u, 0)
    scale = (1.0 + camera[9] * square + camera[10] * square * square) * camera[6]
    residuals = weights * (u * scale + camera[7:9] - features.T)
    return 0.5 * (jnp.sum(residuals**2) + jnp.sum((1.0 - weights * weights) ** 2))


def lstm(main, extra, state, sequence):
    def step(state, at):
        now, after = at
        x = now * extra[0]
        rows = []
        for layer in range(main.shape[0]):
            weights, biases = main[layer]
            hidden, cell = state[layer]
            forget = jax.nn.sigmoid(x * weights[0] + biases[0])
            into = jax.nn.sigmoid(hidden * weights[1] + biases[1])
            out = jax.nn.sigmoid(x * weights[2] + biases[2])
            change = jnp.tanh(hidden * weights[3] + biases[3])
            cell = cell * forget + into * change
            x = out * jnp.tanh(cell)
            rows.append(jnp.stack((x, cell)))
        y = x * extra[1] + extra[2]
        chosen = jnp.sum(after * (y - jnp.log(2.0 + jnp.sum(jnp.exp(y)))))
        return jnp.stack(rows), chosen

    _, chosen = lax.scan(step, state, (sequence[:-1], sequence[1:]))
    return -jnp.mean(chosen) / sequence.shape[1]


def jacobi_1d(a, w, steps):
    def half(a):
        return a.at[1:-1].set((a[:-2] + a[1:-1] + a[2:]) / 3.0)

    a, _ = lax.scan(lambda a, _: (half(half(a)), None), a, length=steps)
    return jnp.sum(w * a)


def jacobi_2d(a, w, steps):
    def half(a):
        around = a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1]
        return a.at[1:-1, 1:-1].set(0.2 * (a[1:-1, 1:-1] + around))

    a, _ = lax.scan(lambda a, _: (half(half(a)), None), a, length=steps)
    return jnp.sum(w * a)


def heat_3d(a, w, steps):
    def step(a, _):
        around = a[2:, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1] + a[1:-1, 2:, 1:-1]
        around += a[1:-1, :-2, 1:-1] + a[1:-1, 1:-1, 2:] + a[1:-1, 1:-1, :-2]
        inner = 0.25 * a[1:-1, 1:-1, 1:-1] + 0.125 * around
        return a.at[1:-1, 1:-1, 1:-1].set(inner), None

    return jnp.sum(w * lax.scan(step, a, length=steps)[0])


def fdtd_2d(ex, ey, hz, pulse, w):
    def step(fields, pulse):
        ex, ey, hz = fields
        ey = ey.at[0].set(pulse).at[1:].add(-0.5 * (hz[1:] - hz[:-1]))
        ex = ex.at[:, 1:].add(-0.5 * (hz[:, 1:] - hz[:, :-1]))
        curl = ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1]
        return (ex, ey, hz.at[:-1, :-1].add(-0.7 * curl)), None

    fields, _ = lax.scan(step, (ex, ey, hz), pulse)
    return jnp.sum(w * jnp.stack(fields))


def compute(first, second, a, b, c, w):
    return jnp.sum(w * (jnp.clip(first, 2.0, 10.0) * a + second * b + c))


def azimint(data, radius, w):
    rings = w.shape[0]
    ring = jnp.minimum((radius / jnp.max(radius) * rings).astype(int), rings - 1)
    counts = jnp.bincount(ring, length=rings)
    sums = jax.ops.segment_sum(data, ring, rings)
    return jnp.sum(jnp.where(counts > 0, w * sums / jnp.maximum(counts, 1), 0.0))


def spmv(values, x, starts, columns, w):
    rows = jnp.searchsorted(starts, jnp.arange(values.shape[0]), side="right") - 1
    return jnp.sum(w[rows] * values * x[columns])


def floyd_warshall(path, w):
    def step(path, k):
        way = path[:, k, None] + path[k]
        return jnp.where(way < path, way, path), None

    return jnp.sum(w * lax.scan(step, path, jnp.arange(path.shape[0]))[0])


def nbody(position, velocity, mass, softening, dt, w):
    def step(state, weights):
        position, velocity = state
        apart = position[None] - position[:, None]
        inverse = lax.rsqrt(jnp.sum(apart * apart, 2) + softening * softening)
        pairs = mass @ inverse @ mass - jnp.sum(mass * mass) / softening
        velocity += dt * jnp.einsum("ija,ij,j->ia", apart, inverse**3, mass)
        position += dt * velocity
        kinetic = 0.5 * jnp.sum(mass[:, None] * velocity * velocity)
        return (position, velocity), weights[0] * kinetic - 0.5 * weights[1] * pairs

    return jnp.sum(lax.scan(step, (position, velocity), w)[1])


def softmax(x, w):
    return jnp.sum(w * jax.nn.softmax(x, axis=-1))


def conv2d(x, weights, bias, w):
    layout = ("NHWC", "HWIO", "NHWC")
    out = lax.conv_general_dilated(x, weights, (1, 1), "VALID", dimension_numbers=layout)
    return jnp.sum(w * (out + bias))


def cholesky(a, w):
    lower = jnp.tril(a)
    symmetric = lower + lower.T - jnp.diag(jnp.diag(lower))
    return jnp.sum(w * jnp.linalg.cholesky(symmetric, symmetrize_input=False))


def trisolv(a, b, w):
    return w @ solve_triangular(a, b, lower=True)


def ludcmp(a, b, w):
    return w @ jnp.linalg.solve(a, b)


def gramschmidt(a, wq, wr):
    q, r = jnp.linalg.qr(a)
    signs = jnp.sign(jnp.diag(r))
    return jnp.sum(wq * q * signs) + jnp.sum(wr * r * signs[:, None])


PRIMALS = written_in(jnp) | {
    f.__name__: f
    for f in (gmm, bundle, lstm, jacobi_1d, jacobi_2d, heat_3d, fdtd_2d, compute, azimint, spmv)
    + (floyd_warshall, nbody, softmax, conv2d, cholesky, trisolv, ludcmp, gramschmidt)
}
