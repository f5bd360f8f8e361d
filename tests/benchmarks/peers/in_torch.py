"""Cases in PyTorch: eager, with its fused functions, in place only where autograd allows it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tests.benchmarks.peers.whole_arrays import written_in

torch.set_num_threads(1)


def prepare(
    primal: Callable[..., Any], args: tuple[Any, ...], argnums: tuple[int, ...]
) -> Callable[[], Any]:
    """Return what computes value and gradients."""
    held = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    wanted = [torch.tensor(args[k], dtype=torch.float64, requires_grad=True) for k in argnums]
    for k, tensor in zip(argnums, wanted, strict=True):
        held[k] = tensor

    def run() -> Any:
        value = primal(*held)
        gradients = torch.autograd.grad(value, wanted)
        return value.detach(), gradients

    return run


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = alphas.shape[0]
    sum_q = torch.sum(icf[:, :d], 1)
    qdiag = torch.exp(icf[:, :d])
    columns, rows = np.triu_indices(d, 1)
    strict = torch.zeros((k, d, d), dtype=x.dtype)
    strict[:, rows, columns] = icf[:, d:]
    lower = strict + torch.diag_embed(qdiag)
    centred = (x[:, None, :] - means[None]).transpose(0, 1)
    projected = centred @ lower.transpose(1, 2)
    terms = alphas + sum_q - 0.5 * torch.sum(projected * projected, 2).T
    value = torch.sum(torch.logsumexp(terms, 1))
    value = value - n * (torch.logsumexp(alphas, 0) + 0.5 * d * np.log(2.0 * np.pi))
    nu = d + m + 1
    ladder = 0.5 * (1 - torch.arange(1, d + 1, dtype=x.dtype))
    gammas = 0.25 * d * (d - 1) * np.log(np.pi) + torch.sum(torch.lgamma(0.5 * nu + ladder))
    constant = nu * d * (np.log(gamma) - 0.5 * np.log(2.0)) - gammas
    squares = torch.sum(qdiag * qdiag) + torch.sum(icf[:, d:] ** 2)
    return value + 0.5 * gamma * gamma * squares - m * torch.sum(sum_q) - k * constant


def bundle(cameras, points, weights, seen, features):
    camera, point = cameras[seen[:, 0]].T, points[seen[:, 1]].T
    x = point - camera[3:6]
    rotation = camera[:3]
    angle = torch.sqrt(torch.sum(rotation * rotation, 0))
    axis = rotation / angle
    cosine, sine = torch.cos(angle), torch.sin(angle)
    y = x * cosine + torch.linalg.cross(axis, x, dim=0) * sine
    y = y + axis * (torch.sum(axis * x, 0) * (1.0 - cosine))
    u = y[:2] / y[2]
    square = torch.sum(u * u, 0)
    scale = (1.0 + camera[9] * square + camera[10] * square * square) * camera[6]
    residuals = weights * (u * scale + camera[7:9] - features.T)
    return 0.5 * (torch.sum(residuals**2) + torch.sum((1.0 - weights * weights) ** 2))


def lstm(main, extra, state, sequence):
    states = [(state[layer, 0], state[layer, 1]) for layer in range(main.shape[0])]
    tops = []
    for x in sequence[:-1] * extra[0]:
        for layer, (hidden, cell) in enumerate(states):
            weights, biases = main[layer]
            gates = torch.stack((x, hidden, x)) * weights[:3] + biases[:3]
            forget, into, out = torch.sigmoid(gates)
            change = torch.tanh(hidden * weights[3] + biases[3])
            cell = cell * forget + into * change
            x = out * torch.tanh(cell)
            states[layer] = x, cell
        tops.append(x)
    y = torch.stack(tops) * extra[1] + extra[2]
    norm = torch.log(2.0 + torch.sum(torch.exp(y), 1, keepdim=True))
    return -torch.mean(sequence[1:] * (y - norm))


def jacobi_1d(a, w, steps):
    first, last = a[:1], a[-1:]
    for _ in range(2 * steps):
        a = torch.cat((first, (a[:-2] + a[1:-1] + a[2:]) / 3.0, last))
    return torch.sum(w * a)


KERNEL = torch.tensor([[0.0, 0.2, 0.0], [0.2, 0.2, 0.2], [0.0, 0.2, 0.0]], dtype=torch.float64)


def jacobi_2d(a, w, steps):
    border = torch.ones_like(a)
    border[1:-1, 1:-1] = 0.0
    fixed = border * a
    for _ in range(2 * steps):
        inner = torch.nn.functional.conv2d(a[None, None], KERNEL[None, None])[0, 0]
        a = fixed + torch.nn.functional.pad(inner, (1, 1, 1, 1))
    return torch.sum(w * a)


def heat_3d(a, w, steps):
    border = torch.ones_like(a)
    border[1:-1, 1:-1, 1:-1] = 0.0
    fixed = border * a
    for _ in range(steps):
        around = a[2:, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1] + a[1:-1, 2:, 1:-1]
        around = around + a[1:-1, :-2, 1:-1] + a[1:-1, 1:-1, 2:] + a[1:-1, 1:-1, :-2]
        inner = 0.25 * a[1:-1, 1:-1, 1:-1] + 0.125 * around
        a = fixed + torch.nn.functional.pad(inner, (1, 1, 1, 1, 1, 1))
    return torch.sum(w * a)


def compute(first, second, a, b, c, w):
    return torch.sum(w * (torch.clip(first, 2.0, 10.0) * a + second * b + c))


def azimint(data, radius, w):
    rings = w.shape[0]
    ring = torch.clamp((radius / torch.max(radius) * rings).long(), max=rings - 1)
    counts = torch.bincount(ring, minlength=rings)
    sums = torch.zeros(rings, dtype=data.dtype).index_add(0, ring, data)
    return torch.sum(torch.where(counts > 0, w * sums / torch.clamp(counts, min=1), 0.0 * sums))


def spmv(values, x, starts, columns, w):
    per_value = torch.repeat_interleave(w, starts[1:] - starts[:-1])
    return torch.sum(per_value * values * x[columns])


def nbody(position, velocity, mass, softening, dt, w):
    total = 0.0
    alone = torch.sum(mass * mass) / softening
    for t in range(w.shape[0]):
        apart = position[None] - position[:, None]
        inverse = torch.rsqrt(torch.sum(apart * apart, 2) + softening * softening)
        pairs = mass @ inverse @ mass - alone
        velocity = velocity + dt * torch.einsum("ija,ij,j->ia", apart, inverse**3, mass)
        position = position + dt * velocity
        kinetic = 0.5 * torch.sum(mass[:, None] * velocity * velocity)
        total = total + w[t, 0] * kinetic - 0.5 * w[t, 1] * pairs
    return total


def softmax(x, w):
    return torch.sum(w * torch.softmax(x, -1))


def conv2d(x, weights, bias, w):
    images, kernels = x.permute(0, 3, 1, 2), weights.permute(3, 2, 0, 1)
    out = torch.nn.functional.conv2d(images, kernels, bias)
    return torch.sum(w * out.permute(0, 2, 3, 1))


def cholesky(a, w):
    lower = torch.tril(a)
    symmetric = lower + torch.tril(a, -1).T
    return torch.sum(w * torch.linalg.cholesky(symmetric))


def trisolv(a, b, w):
    return w @ torch.linalg.solve_triangular(a, b[:, None], upper=False)[:, 0]


def ludcmp(a, b, w):
    return w @ torch.linalg.solve(a, b)


PRIMALS = written_in(torch) | {
    f.__name__: f
    for f in (gmm, bundle, lstm, jacobi_1d, jacobi_2d, heat_3d, compute, azimint, spmv)
    + (nbody, softmax, conv2d, cholesky, trisolv, ludcmp)
}
