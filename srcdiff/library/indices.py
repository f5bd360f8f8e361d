"""Ranges, and functions that pick elements."""

import numpy as np


def arange(start, stop=None, step=1):  # type: ignore[no-untyped-def]
    """Return evenly spaced numbers."""
    first = 0 if stop is None else start
    last = start if stop is None else stop
    count = max(int(np.ceil((last - first) / step)), 0)
    out = np.empty(count, dtype=np.result_type(first, last, step))
    for i in range(count):
        out[i] = first + i * step
    return out


def linspace(start, stop, num=50):  # type: ignore[no-untyped-def]
    """Return `num` evenly spaced numbers from `start` to `stop`, both included."""
    out = np.empty(num, dtype=np.result_type(start, stop, 1.0))
    step = (stop - start) / max(num - 1, 1)
    for i in range(num):
        out[i] = start + i * step
    if num > 1:
        out[num - 1] = stop
    return out


def eye(n):  # type: ignore[no-untyped-def]
    """Return the unit matrix."""
    out = np.zeros((n, n))
    for i in range(n):
        out[i, i] = 1.0
    return out


def take(a, indices):  # type: ignore[no-untyped-def]
    """Return the elements or rows of `a` at `indices`, an array of one axis."""
    out = np.empty((indices.shape[0],) + a.shape[1:], dtype=a.dtype)
    for k in range(indices.shape[0]):
        out[k] = a[indices[k]]
    return out


def diff(a):  # type: ignore[no-untyped-def]
    """Return the differences of neighbours along the last axis."""
    return a[..., 1:] - a[..., :-1]


def clip(a, a_min, a_max):  # type: ignore[no-untyped-def]
    """Limit the elements of `a`."""
    return np.minimum(np.maximum(a, a_min), a_max)
