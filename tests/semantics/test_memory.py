"""Writes that overlap, views that share memory, and the order in which things happen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.semantics.checks import check, programs

X = np.array([0.7, 1.3, -0.4, 2.1, 0.9, -1.6])


def shift_up(x):
    x[1:] = x[:-1]
    return x**2


def shift_down(x):
    x[:-1] = x[1:]
    return x**2


def add_shifted(x):
    x[1:] += x[:-1]
    return x**2


def multiply_shifted(x):
    x[:-1] *= x[1:]
    return x


def reverse(x):
    x[:] = x[::-1]
    return x**3


def multiply_reversed(x):
    x[::-1] *= x
    return x


def add_reversed(x):
    x += x[::-1]
    return x * x


def subtract_from_itself(x):
    x -= x
    return x + 1.0


def square_itself(x):
    x *= x
    x *= x
    return x


def divide_by_first(x):
    x /= x[0]
    return x


def divide_by_first_in_loop(x):
    for i in range(x.shape[0]):
        x[i] = x[i] / x[0]
    return x


def overlap_of_steps(x):
    x[::2] = x[1::2] * x[::2]
    x[1::2] += x[::2]
    return x


def overlap_through_views(x):
    a = x[1:]
    b = a[:-1]
    b[:] = a[1:] * 2.0
    a[0] += x[3]
    return x


def views_of_views(x):
    a = x[::2]
    b = a[::-1]
    c = b[1:]
    c[0] = c[0] * x[0]
    c *= a[0]
    return x


def reshape_shares(x):
    A = x.reshape(2, 3)
    A[1] = A[0] * A[1]
    x[0] += A[1, 2]
    A[:, 1] *= x[5]
    return x


def ravel_shares(x):
    A = x.reshape(3, 2)
    v = A.ravel()
    v[1] = v[0] * v[2]
    A[2, 1] = v[1] ** 2
    return x


def transposed_ravel_copies(x):
    A = x.reshape(3, 2).T
    v = A.ravel()
    v[1] = v[0] * v[2]
    return np.sum(A * A) + np.sum(v**3)


def flatten_copies(x):
    v = x.flatten()
    v *= 2.0
    v[0] = v[1] * x[0]
    return np.sum(v * x)


def transpose_shares(x):
    A = x.reshape(2, 3)
    B = A.T
    B[0, 1] = B[1, 0] * B[2, 1]
    A += 1.0
    return B * x[0]


def swap_elements(x):
    x[0], x[1] = x[1], x[0] * x[1]
    return x * np.arange(6.0)


def rotate_numbers(x):
    a, b, c = x[0], x[1], x[2]
    for _ in range(4):
        a, b, c = b, c, a * b
    return a + 2.0 * b + 3.0 * c


def swap_buffers(x):
    a = x.copy()
    b = np.zeros(x.shape[0])
    for _ in range(5):
        for i in range(1, x.shape[0]):
            b[i] = a[i - 1] * a[i] + 0.1
        a, b = b, a
    return np.sum(a * a) + b[1]


def copy_is_apart(x):
    y = x.copy()
    y[0] = x[1] * x[2]
    x[1] = 5.0 * y[0]
    return np.sum(x * y)


def alias_is_not(x):
    y = x
    y[0] = x[1] * x[2]
    x[1] = 5.0 * y[0]
    return np.sum(x * y)


def augmented_name_is_in_place(x):
    y = x
    y += 1.0
    return np.sum(x * y)


def plain_sum_is_not(x):
    y = x
    y = y + 1.0
    return np.sum(x * y)


def augmented_number(x):
    s = x[0]
    s += x[1]
    s *= s
    x[0] = s
    return s * x[0]


def old_value_read_later(x):
    a = x[2]
    x[2] = a * x[1]
    b = x[2]
    x[2] = b * a
    return a + b * x[2]


def element_twice_in_one(x):
    x[0] = x[0] * x[0] + x[1]
    x[0] += x[0] * x[0]
    x[0] *= x[0]
    return x[0]


def augmented_reads_itself(x):
    for i in range(1, 6):
        x[i] -= x[i] * x[i - 1]
        x[i - 1] += x[i]
    return x


def slice_of_row(x):
    A = x.reshape(2, 3)
    for i in range(2):
        row = A[i]
        row[1:] = row[:-1] * row[1:]
        row[0] = np.sum(row)
    return A


def broadcast_into(x):
    A = np.empty((3, 6))
    A[:] = x
    A[1] *= x
    A[:, 2] = x[0]
    A[2, ::2] = A[0, 1::2]
    return A


def broadcast_row_into_itself(x):
    A = x.reshape(2, 3)
    A[:] = A[0]
    return A * A


def broadcast_column_into_itself(x):
    A = x.reshape(3, 2)
    A *= A[:, :1]
    return A


def outer_view(x):
    A = x[:, None] * x[None, :]
    A[1:] += A[:-1]
    return A[:, 3]


def fill_and_accumulate(x):
    t = np.zeros(6)
    t.fill(x[1])
    t[2:4] = x[0]
    t[np.array([0, 1])[1]] += x[5]
    return t * x


def zeroed_in_loop(x):
    t = np.zeros(2)
    s = 0.0
    for i in range(5):
        t[:] = 0.0
        t[i % 2] = x[i] * x[i + 1]
        t[1 - i % 2] += t[i % 2] ** 2
        s += t[0] * t[1]
    return s


def scratch_keeps_old_values(x):
    t = np.ones(2)
    s = 0.0
    for i in range(5):
        t[i % 2] = t[1 - i % 2] * x[i]
        s += t[0] * t[1]
    return s


def history(x):
    h = np.zeros((6, 2))
    h[0, 0] = x[0]
    for i in range(1, 6):
        h[i] = h[i - 1]
        h[i, i % 2] += x[i] * h[i - 1, 1 - i % 2] + x[i]
    return h


def argument_returned_and_changed(x):
    y = x * 2.0
    x[0] = y[1] * y[0]
    return x, y, x[0]


def result_changed_after_it_was_taken(x):
    s = x[0] * x[1]
    v = x[2:4]
    x[2] = s * s
    return s, v


def diagonal_in_place(x):
    A = np.outer(x, x)
    for i in range(6):
        A[i, i] = np.exp(-A[i, i])
    for k in range(1, 3):
        for i in range(k, 6):
            A[i, k] -= A[i, k - 1] * A[k - 1, k] / (1.0 + A[k, k])
    return A


PROGRAMS = programs(globals(), shift_up)
RESHAPED = [
    reshape_shares,
    ravel_shares,
    transpose_shares,
    slice_of_row,
    broadcast_row_into_itself,
    broadcast_column_into_itself,
]


@pytest.mark.parametrize("f", PROGRAMS)
def test_memory(f: Callable[..., Any]) -> None:
    check(f, X, step=4e-3, rtol=1e-7)


@pytest.mark.parametrize("f", [f for f in PROGRAMS if f not in RESHAPED])
def test_memory_that_is_not_contiguous(f: Callable[..., Any]) -> None:
    check(f, np.repeat(X, 2)[::2], step=4e-3, rtol=1e-7)


@pytest.mark.parametrize("f", RESHAPED)
def test_a_written_reshape_that_may_be_a_copy_is_refused(f: Callable[..., Any]) -> None:
    with pytest.raises(srcdiff.UnsupportedSyntax, match="reshape"):
        srcdiff.pullback(f, jit=False)(np.ones(6), np.repeat(X, 2)[::2])


@pytest.mark.parametrize("f", [swap_buffers, add_shifted])
def test_memory_compiled(f: Callable[..., Any]) -> None:
    check(f, X, jit=True, step=4e-3, rtol=1e-7)
