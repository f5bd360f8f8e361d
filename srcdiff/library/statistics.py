"""Reductions other than the sum. Those named `*_of` take an array of one axis."""

import numpy as np


def rows(x, reduce, dtype):  # type: ignore[no-untyped-def]
    """Reduce each row of a matrix."""
    out = np.empty(x.shape[0], dtype=dtype)
    for i in range(x.shape[0]):
        out[i] = reduce(x[i])
    return out


def prod_of(x):  # type: ignore[no-untyped-def]
    """Multiply; the derivative is right where elements are zero, too."""
    product = x.dtype.type(1)
    for i in range(x.shape[0]):
        product = product * x[i]
    return product


def argmax_of(x):  # type: ignore[no-untyped-def]
    """Find the first of the largest elements, or the first nan."""
    best = 0
    top = x[0]
    for i in range(1, x.shape[0]):
        if x[i] > top or (x[i] != x[i] and top == top):
            best = i
            top = x[i]
    return best


def argmin_of(x):  # type: ignore[no-untyped-def]
    """Find the first of the smallest elements, or the first nan."""
    best = 0
    top = x[0]
    for i in range(1, x.shape[0]):
        if x[i] < top or (x[i] != x[i] and top == top):
            best = i
            top = x[i]
    return best


def max_of(x):  # type: ignore[no-untyped-def]
    """Return the first of the largest elements."""
    return x[argmax_of(x)]


def min_of(x):  # type: ignore[no-untyped-def]
    """Return the first of the smallest elements."""
    return x[argmin_of(x)]


def any_of(x):  # type: ignore[no-untyped-def]
    """Say whether an element is true."""
    found = False
    for i in range(x.shape[0]):
        if x[i]:
            found = True
    return found


def all_of(x):  # type: ignore[no-untyped-def]
    """Say whether no element is false."""
    holds = True
    for i in range(x.shape[0]):
        if not x[i]:
            holds = False
    return holds


def count_nonzero_of(x):  # type: ignore[no-untyped-def]
    """Count the elements that are true."""
    count = 0
    for i in range(x.shape[0]):
        if x[i]:
            count += 1
    return count


def var(x, axis=None, ddof=0, keepdims=False):  # type: ignore[no-untyped-def]
    """Return the mean of the squares of the differences from the mean."""
    center = np.mean(x, axis=axis, keepdims=True)
    difference = x - center
    count = x.size // center.size - ddof
    return np.sum(difference * difference, axis=axis, keepdims=keepdims) / count


def std(x, axis=None, ddof=0, keepdims=False):  # type: ignore[no-untyped-def]
    """Return the square root of the variance."""
    return np.sqrt(var(x, axis=axis, ddof=ddof, keepdims=keepdims))


def cumsum(x):  # type: ignore[no-untyped-def]
    """Add up along the only axis."""
    out = np.empty(x.size, dtype=x.dtype)
    total = x.dtype.type(0)
    flat = x.ravel()
    for i in range(x.size):
        total = total + flat[i]
        out[i] = total
    return out
