"""Cases in HIPS autograd: whole arrays, and Python loops over time."""

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad

from tests.benchmarks.peers.whole_arrays import written_in


def prepare(
    primal: Callable[..., Any], args: tuple[Any, ...], argnums: tuple[int, ...]
) -> Callable[[], Any]:
    """Return what computes value and gradients."""
    function = value_and_grad(primal, argnums)
    return lambda: function(*args)


def jacobi_1d(a, w, steps):
    first, last = a[:1], a[-1:]
    for _ in range(2 * steps):
        a = anp.concatenate((first, (a[:-2] + a[1:-1] + a[2:]) / 3.0, last))
    return anp.sum(w * a)


def compute(first, second, a, b, c, w):
    return anp.sum(w * (anp.clip(first, 2.0, 10.0) * a + second * b + c))


def softmax(x, w):
    p = anp.exp(x - anp.max(x, axis=-1, keepdims=True))
    return anp.sum(anp.sum(w * p, axis=-1) / anp.sum(p, axis=-1))


PRIMALS = written_in(anp) | {f.__name__: f for f in (jacobi_1d, compute, softmax)}
