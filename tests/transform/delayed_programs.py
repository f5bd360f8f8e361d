"""Loops that hand on to the next iteration what the one before has handed on to them, or seem to.

How many things are kept is known of each: see `test_delayed`.
"""

import numpy as np


def copies(x, c):
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


def stored(x, c):
    """A recursive filter."""
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
    y = np.empty(x.shape[0])
    y1, y2, y3 = 0.0, 0.0, 0.0
    for j in range(x.shape[0]):
        now = c[0] * x[j] + c[1] * y1 + c[2] * y2 * y3
        y[j] = now
        y1, y2, y3 = now, y1, y2
    y *= 2.0
    return np.sum(y * y)


def stored_twice(x, c):
    """The counter begins below 0."""
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
    """What the first iterations find is not always the same."""
    s, x1, x2, x3 = 0.0, 0.5, 1.5, 2.5
    for j in range(x.shape[0]):
        s += c[0] * x[j] * x1 * x2 * x3
        x1, x2, x3 = x[j], x1, x2
    return s


def begins_with_a_sum(x, c):
    """It begins with what is not there any more behind the loop around."""
    s, first = 0.0, 1.0
    for i in range(3):
        last, older = first, first * first
        for j in range(x.shape[0]):
            s += c[i] * x[j] * last * older
            last, older = x[j], last
        first = np.sin(first) * c[i]
    return s + first


def triangle(x, c):
    """Inner loops that do not run begin beyond their end."""
    s = 0.0
    for i in range(x.shape[0]):
        y1, y2 = 0.5, 1.5
        for j in range(2 * i, x.shape[0] - i):
            now = c[0] * x[j] + c[1] * y1 * y2
            s += now
            y1, y2 = now, y1
    return s


def triangle_downwards(x, c):
    s = 0.0
    for i in range(x.shape[0]):
        y1, y2, y3 = 0.5, 1.5, 2.5
        for j in range(x.shape[0] - 1 - i, i + 2, -1):
            now = c[0] * x[j] + c[1] * y1 * y2 * y3
            s += now
            y1, y2, y3 = now, y1, y2
    return s


def beyond_the_end(x, c):
    """It does not run where there are few elements."""
    s, y1, y2, y3 = 0.0, 0.5, 1.5, 2.5
    for j in range(4, x.shape[0]):
        now = c[0] * x[j] + c[1] * y1 * y2 * y3
        s += now
        y1, y2, y3 = now, y1, y2
    return s


def beyond_the_beginning(x, c):
    s, y1, y2, y3 = 0.0, 0.5, 1.5, 2.5
    for j in range(x.shape[0] - 1, 5, -1):
        now = c[0] * x[j] + c[1] * y1 * y2 * y3
        s += now
        y1, y2, y3 = now, y1, y2
    return s


def only_the_newest(x, c):
    s, y1, y2 = 0.0, 0.5, 1.5
    for j in range(x.shape[0]):
        now = x[j] + y1 * y1 + 0.1 * y2
        s += c[0] * y1
        y1, y2 = now, y1
    return s


def two_of_one(x, c):
    """Two numbers are both the same one of the iteration before, but for the first one."""
    s, y1, y2, y3 = 0.0, 0.5, 1.5, 2.5
    for j in range(x.shape[0]):
        now = c[0] * x[j] + c[1] * y1 * y2 * y3
        s += now
        y1, y2, y3 = now, y1, y1
    return s


def branches(x, c):
    """What decides is older by one iteration, and is kept beside the newer number, too."""
    s, y1, y2 = 0.0, 0.5, 1.5
    for j in range(x.shape[0]):
        if y2 > 0.7:
            now = c[0] * x[j] * y1
        else:
            now = c[1] * y2 * y1
        s += now
        y1, y2 = now, y1
    return s


def whole_numbers(x, c):
    """Integers that are handed on are indices later."""
    s, last, older = 0.0, 0, 1
    k = np.array([2, 0, 1, 2, 2])
    for j in range(k.shape[0]):
        s += c[last] * c[older] * x[0]
        last, older = k[j], last
    return s


def changed_later(x, c):
    x = 0.9 * x
    s, last, older = 0.0, 0.0, 1.0
    for j in range(x.shape[0]):
        s += c[0] * last * x[j] * older
        last, older = x[j], last
        x[j] = s
    return s


def exchanged(x, c):
    s, a, b = 0.0, c[0], c[1]
    for j in range(x.shape[0]):
        s += x[j] * a * a * b
        a, b = b, a
    return s


def elsewhere(x, c):
    s, last, older, at = 0.0, 0.0, 1.0, 0
    for j in range(x.shape[0]):
        s += c[0] * x[j] * last * older
        last, older = x[at], last
        at = (3 * at + 2) % x.shape[0]
    return s


def every_second(x, c):
    s, last, older = 0.0, 0.0, 1.0
    for j in range(0, x.shape[0], 2):
        s += c[0] * x[j] * last * older
        last, older = x[j], last
    return s


def left_early(x, c):
    s, last, older = 0.0, 0.0, 1.0
    for j in range(x.shape[0]):
        s += c[0] * x[j] * last * older
        last, older = x[j], last
        if s > 1e6:
            break
    return s


def only_sometimes(x, c):
    s, last, older = 0.0, 0.0, 1.0
    for j in range(x.shape[0]):
        s += c[0] * x[j] * last * older
        older = last
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
