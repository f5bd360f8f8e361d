"""Cases whose best form in whole arrays is the same in JAX, PyTorch and autograd.

`xp` is the package's own NumPy. Sums are over `axis`, maxima are left out where they cancel.
"""

import functools
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def go_fast(xp, a, w):
    return xp.sum(w * (a + xp.sum(xp.tanh(xp.diag(a)))))


def arc_distance(xp, theta_1, phi_1, theta_2, phi_2, w):
    across = xp.sin((theta_2 - theta_1) / 2.0)
    along = xp.sin((phi_2 - phi_1) / 2.0)
    h = across * across + xp.cos(theta_1) * xp.cos(theta_2) * along * along
    return xp.sum(w * (2.0 * xp.arctan2(xp.sqrt(h), xp.sqrt(1.0 - h))))


def covariance(xp, data, w):
    centred = data - data.mean(0)
    return xp.sum((centred @ w) * centred) / (data.shape[0] - 1.0)


def correlation(xp, data, w):
    n = data.shape[0]
    centred = data - data.mean(0)
    deviation = xp.sqrt((centred * centred).mean(0))
    scaled = centred / (n**0.5 * xp.where(deviation <= 0.1, 1.0 + 0.0 * deviation, deviation))
    off_diagonal = w - xp.diag(xp.diag(w))
    return xp.sum((scaled @ off_diagonal) * scaled) + xp.sum(xp.diag(w))


def mlp(xp, x, w1, b1, w2, b2, w3, b3, w):
    first = x @ w1 + b1
    first = xp.where(first > 0.0, first, 0.0 * first)
    second = first @ w2 + b2
    second = xp.where(second > 0.0, second, 0.0 * second)
    out = xp.exp(second @ w3 + b3)
    return xp.sum(xp.sum(w * out, 1) / xp.sum(out, 1))


def gemm(xp, alpha, beta, a, b, c, w):
    return xp.sum(w * (alpha * (a @ b) + beta * c))


def k2mm(xp, alpha, beta, a, b, c, d, w):
    return xp.sum(w * (alpha * (a @ b @ c) + beta * d))


def k3mm(xp, a, b, c, d, w):
    return xp.sum(w * ((a @ b) @ (c @ d)))


def atax(xp, a, x, w):
    return (a @ x) @ (a @ w)


def bicg(xp, a, p, r, wq, ws):
    return wq @ (a @ p) + r @ (a @ ws)


def mvt(xp, a, x1, x2, y1, y2, w1, w2):
    return w1 @ (x1 + a @ y1) + w2 @ x2 + y2 @ (a @ w2)


def gesummv(xp, alpha, beta, a, b, x, w):
    return w @ (alpha * (a @ x) + beta * (b @ x))


def hdiff(xp, field, coeff, w):
    around = field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
    lap = 4.0 * field[1:-1, 1:-1] - around
    flux = lap[1:, 1:-1] - lap[:-1, 1:-1]
    slope = field[2:-1, 2:-2] - field[1:-2, 2:-2]
    flux_x = xp.where(flux * slope > 0.0, 0.0 * flux, flux)
    flux = lap[1:-1, 1:] - lap[1:-1, :-1]
    slope = field[2:-2, 2:-1] - field[2:-2, 1:-2]
    flux_y = xp.where(flux * slope > 0.0, 0.0 * flux, flux)
    change = flux_x[1:] - flux_x[:-1] + flux_y[:, 1:] - flux_y[:, :-1]
    return xp.sum(w * (field[2:-2, 2:-2] - coeff * change))


SHARED = (go_fast, arc_distance, covariance, correlation, mlp, hdiff) + (
    gemm,
    k2mm,
    k3mm,
    atax,
    bicg,
    mvt,
    gesummv,
)


def written_in(xp: Any) -> dict[str, Function]:
    """Return the shared cases in the package `xp`."""
    return {f.__name__: functools.partial(f, xp) for f in SHARED}
