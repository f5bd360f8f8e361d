"""Loops that hand on to later iterations what is, or is not, there in an array anyway.

How many things are kept is known of each: see `test_delayed`.
"""

import numpy as np


def copies(x, c):
    """What is handed on was read from an array that never changes."""
    s, x1, x2 = 0.0, 0.0, 0.0
    for j in range(x.shape[0]):
        s += (c[0] * x[j] + c[1] * x1 + c[2] * x2) ** 2 * x1
        x2 = x1
        x1 = x[j]
    return s


def downwards(x, c):
    s, x1, x2, x3 = 0.0, 0.0, 0.0, 0.0
    for j in range(x.shape[0] - 1, 0, -1):
        s += x[j] * x1 + c[0] * x1 * x2 + c[1] * x2 * x3
        x1, x2, x3 = x[j], x1, x2
    return s


def beside(x, c):
    """The element is not at the counter, but beside it, and the first one counts from the end."""
    s, last = 0.0, c[0]
    for j in range(x.shape[0]):
        s += last * x[j] * last
        last = x[j - 1]
    return s


def from_a_matrix(x, c):
    """In each of the rows of a product that changes no more."""
    a = np.outer(x, c)
    s = 0.0
    for i in range(a.shape[0]):
        last = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * last * c[j]
            last = a[i, j]
    return s


def one_element(x, c):
    s, last = 0.0, 0.5
    for j in range(x.shape[0]):
        s += x[j] * last * c[0]
        last = c[1]
    return s


def stored(x, c):
    """A recursive filter whose result nothing changes: no number is kept."""
    y = np.empty(x.shape[0])
    y1, y2 = 0.0, 0.0
    for j in range(x.shape[0]):
        now = c[0] * x[j] + c[1] * y1 + c[2] * y2
        y[j] = now
        y1, y2 = now, y1
    return np.sum(y * y)


def stored_in_rows(x, c):
    y = np.empty((3, x.shape[0]))
    for i in range(3):
        y1, y2 = 0.0, 0.0
        for j in range(x.shape[0] - 1, -1, -1):
            now = c[i] * x[j] + c[1] * y1 + c[2] * y2
            y[i, j] = now
            y1, y2 = now, y1
    return np.sum(y * y)


def stored_and_changed(x, c):
    """The numbers before last are those of the rows of the last ones."""
    y = np.empty(x.shape[0])
    y1, y2, y3 = 0.0, 0.0, 0.0
    for j in range(x.shape[0]):
        now = c[0] * x[j] + c[1] * y1 + c[2] * y2 * y3
        y[j] = now
        y1, y2, y3 = now, y1, y2
    y *= 2.0
    return np.sum(y * y)


def stored_twice(x, c):
    """Indices that count from the end are those of other iterations as well."""
    n = x.shape[0]
    y = np.empty(n)
    y1, y2 = 0.0, 0.0
    for j in range(-n, n):
        now = c[0] * x[j] + c[1] * y1 + c[2] * y2
        y[j] = now
        y1, y2 = now, y1
    return np.sum(y * y)


def not_stored(x, c):
    s, y1, y2 = 0.0, 1.0, 0.5
    for j in range(x.shape[0]):
        now = c[0] * x[j] + c[1] * y1 + c[2] * y2
        s += now * now * y1
        y1, y2 = now, y1
    return s


def other_beginnings(x, c):
    """The first number before last is another one than that two iterations late would be."""
    s, x1, x2, x3 = 0.0, 0.5, 1.5, 2.5
    for j in range(x.shape[0]):
        s += c[0] * x[j] * x1 * x2 * x3
        x1, x2, x3 = x[j], x1, x2
    return s


def begins_with_a_sum(x, c):
    """It begins with what is not there any more behind the loop around."""
    s, first = 0.0, 1.0
    for i in range(3):
        last = first
        for j in range(x.shape[0]):
            s += c[i] * x[j] * last
            last = x[j]
        first = np.sin(first) * c[i]
    return s + first


def changed_later(x, c):
    x = 0.9 * x
    s, last = 0.0, 0.0
    for j in range(x.shape[0]):
        s += c[0] * last * x[j]
        last = x[j]
        x[j] = s
    return s


def exchanged(x, c):
    s, a, b = 0.0, c[0], c[1]
    for j in range(x.shape[0]):
        s += x[j] * a * a * b
        a, b = b, a
    return s


def elsewhere(x, c):
    """The index of an earlier iteration is not known."""
    s, last, at = 0.0, 0.0, 0
    for j in range(x.shape[0]):
        s += c[0] * x[j] * last
        last = x[at]
        at = (3 * at + 2) % x.shape[0]
    return s


def every_second(x, c):
    s, last = 0.0, 0.0
    for j in range(0, x.shape[0], 2):
        s += c[0] * x[j] * last
        last = x[j]
    return s


def left_early(x, c):
    s, last = 0.0, 0.0
    for j in range(x.shape[0]):
        s += c[0] * x[j] * last
        last = x[j]
        if s > 1e6:
            break
    return s


def only_sometimes(x, c):
    s, last = 0.0, 0.0
    for j in range(x.shape[0]):
        s += c[0] * x[j] * last
        if x[j] > 0.0:
            last = x[j]
    return s


def in_a_while(x, c):
    """There are no rows where it is not known how often the loop runs."""
    s, k = 0.0, 0
    while s < 5.0 and k < 3:
        y1, y2 = 0.0, 0.0
        for j in range(x.shape[0]):
            now = c[0] * x[j] + c[1] * y1 * y2
            s += now * now
            y1, y2 = now, y1
        k += 1
    return s


def decides(x, c):
    s, last = 0.0, 0.0
    for j in range(x.shape[0]):
        if last > 0.1:
            s += c[0] * x[j] * x[j]
        else:
            s -= c[1] * last * x[j]
        last = x[j]
    return s


def whole_numbers(x, c):
    """An integer that is handed on is an index later."""
    s, last = 0.0, 0
    k = np.array([2, 0, 1, 2, 2])
    for j in range(k.shape[0]):
        s += c[last] * c[last] * x[0]
        last = k[j]
    return s
