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


def nonzero(mask):  # type: ignore[no-untyped-def]
    """Return the indices of the true elements, an array for each axis."""
    count = np.count_nonzero(mask)
    rows = np.empty(count, dtype=np.int64)
    if mask.ndim == 1:
        k = 0
        for i in range(mask.shape[0]):
            if mask[i]:
                rows[k] = i
                k += 1
        return (rows,)
    columns = np.empty(count, dtype=np.int64)
    k = 0
    if mask.ndim == 2:
        for i in range(mask.shape[0]):
            for j in range(mask.shape[1]):
                if mask[i, j]:
                    rows[k] = i
                    columns[k] = j
                    k += 1
        return rows, columns
    layers = np.empty(count, dtype=np.int64)
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            for m in range(mask.shape[2]):
                if mask[i, j, m]:
                    rows[k] = i
                    columns[k] = j
                    layers[k] = m
                    k += 1
    return rows, columns, layers


def all_inside(index, extent):  # type: ignore[no-untyped-def]
    """Say whether an index, or all of an array of indices, is inside an axis."""
    if np.ndim(index) == 0:
        return (index >= -extent) & (index < extent)
    holds = True
    for i in range(index.shape[0]):
        holds = holds & all_inside(index[i], extent)
    return holds


def diff(a):  # type: ignore[no-untyped-def]
    """Return the differences of neighbours along the last axis."""
    return a[..., 1:] - a[..., :-1]


def clip(a, a_min, a_max):  # type: ignore[no-untyped-def]
    """Limit the elements of `a`."""
    return np.minimum(np.maximum(a, a_min), a_max)
