"""Products of matrices that BLAS does not do."""

import numpy as np


def integer_matmul(a, b):  # type: ignore[no-untyped-def]
    """Multiply matrices and vectors of integers: at least one is a matrix."""
    if a.ndim == 1:
        out = np.zeros(b.shape[1], dtype=a.dtype)
        for j in range(b.shape[1]):
            for k in range(a.shape[0]):
                out[j] += a[k] * b[k, j]
    elif b.ndim == 1:
        out = np.zeros(a.shape[0], dtype=a.dtype)
        for i in range(a.shape[0]):
            for k in range(b.shape[0]):
                out[i] += a[i, k] * b[k]
    else:
        out = np.zeros((a.shape[0], b.shape[1]), dtype=a.dtype)
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                for k in range(b.shape[0]):
                    out[i, j] += a[i, k] * b[k, j]
    return out


def matmul(a, b):  # type: ignore[no-untyped-def]
    """Multiply stacks of matrices: the leading axis of `a`, `b` or both runs over the stack."""
    dtype = np.result_type(a, b)
    if a.ndim > b.ndim or b.ndim <= 2:
        out = np.empty((a.shape[0],) + np.shape(a[0] @ b), dtype=dtype)
        for i in range(a.shape[0]):
            out[i] = a[i] @ b
    elif b.ndim > a.ndim:
        out = np.empty((b.shape[0],) + np.shape(a @ b[0]), dtype=dtype)
        for i in range(b.shape[0]):
            out[i] = a @ b[i]
    else:
        out = np.empty((a.shape[0],) + np.shape(a[0] @ b[0]), dtype=dtype)
        for i in range(a.shape[0]):
            out[i] = a[i] @ b[i]
    return out


def trace(a):  # type: ignore[no-untyped-def]
    """Sum the diagonal of a matrix."""
    total = a.dtype.type(0)
    for i in range(min(a.shape[0], a.shape[1])):
        total += a[i, i]
    return total


def diagonal(a, offset=0):  # type: ignore[no-untyped-def]
    """Return a copy of a diagonal of a matrix (NumPy: a view that cannot be written)."""
    row, column = max(-offset, 0), max(offset, 0)
    out = np.empty(max(min(a.shape[0] - row, a.shape[1] - column), 0), dtype=a.dtype)
    for i in range(out.shape[0]):
        out[i] = a[i + row, i + column]
    return out


def diag(v, k=0):  # type: ignore[no-untyped-def]
    """Return the matrix of a diagonal, or the diagonal of a matrix."""
    if v.ndim == 2:
        return diagonal(v, k)
    row, column = max(-k, 0), max(k, 0)
    size = v.shape[0] + row + column
    out = np.zeros((size, size), dtype=v.dtype)
    for i in range(v.shape[0]):
        out[i + row, i + column] = v[i]
    return out


def norm(x, ord=None, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Return the length of vectors; the derivative at 0 is 0, a subgradient.

    `ord` is 1, 2, inf or -inf; None and "fro" are the root of the sum of squares.
    """
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    square = np.sum(x * x, axis=axis, keepdims=keepdims)
    return np.where(square == 0, square, np.sqrt(square))


def matrix_norm(x, ord, keepdims):  # type: ignore[no-untyped-def]
    """Return the largest (1, inf) or smallest (-1, -inf) sum of a column (1, -1) or a row."""
    sums = np.sum(np.abs(x), axis=0 if abs(ord) == 1 else 1, keepdims=keepdims)
    return np.max(sums, keepdims=keepdims) if ord > 0 else np.min(sums, keepdims=keepdims)
