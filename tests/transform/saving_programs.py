"""Programs that write what was read before, or only seem to: what must be saved is known.

Arrays are products, and not copies, whose originals can be read later.
"""

import numpy as np


def solved(a):
    a = 0.9 * a
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return np.sum(a * a)


def read_below(x):
    x = 0.9 * x
    s = 0.0
    for i in range(1, x.shape[0]):
        s += x[i - 1] * x[i - 1]
        x[i] = x[i] + s
    return s


def read_ahead(x):
    x = 0.9 * x
    for i in range(x.shape[0] - 1):
        x[i] = x[i] + x[i + 1] * x[i + 1]
    return np.sum(x * x)


def written_next(x):
    x = 0.9 * x
    for i in range(x.shape[0] - 1):
        x[i + 1] = x[i + 1] * x[i]
    return np.sum(x)


def descending(x):
    x = 0.9 * x
    for i in range(x.shape[0] - 2, -1, -1):
        x[i] = x[i] + x[i + 1] * x[i + 1]
    return np.sum(x)


def descending_ahead(x):
    x = 0.9 * x
    for i in range(x.shape[0] - 2, -1, -1):
        x[i + 1] = x[i + 1] + x[i] * x[i]
    return np.sum(x * x)


def from_the_end(x):
    x = 0.9 * x
    n = x.shape[0]
    s = 0.0
    for i in range(n):
        s += x[i] * x[i]
        x[i - 2] = s
    return np.sum(x)


def literal_from_the_end(x):
    x = 0.9 * x
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * x[i]
        x[-1] = s
    return x[-1]


def last_is_apart(x):
    x = 0.9 * x
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += x[i] * x[i]
        x[-1] += s
    return x[-1]


def odd_and_even(x):
    x = 0.9 * x
    for i in range(0, x.shape[0] - 1, 2):
        x[i + 1] = x[i + 1] * x[i]
    return np.sum(x)


def every_second(x):
    x = 0.9 * x
    for i in range(0, x.shape[0] - 2, 2):
        x[i + 2] = x[i + 2] + x[i + 1] * x[i + 1]
        x[i + 1] = x[i] * 2.0
    return np.sum(x)


def through_a_view(a):
    a = 0.9 * a
    for k in range(1, a.shape[0]):
        row = a[k - 1]
        for j in range(a.shape[1]):
            a[k, j] += row[j] * row[j]
    return np.sum(a)


def through_the_same_view(a):
    a = 0.9 * a
    for k in range(1, a.shape[0]):
        row = a[k - 1]
        for j in range(a.shape[1]):
            a[k - 1, j] = a[k, j] * row[j]
    return np.sum(a)


def through_slices(x):
    x = 0.9 * x
    above = x[1:]
    for i in range(x.shape[0] - 1):
        x[i] = above[i] * above[i]
    for i in range(x.shape[0] - 1):
        above[i] = x[i] * x[i]
    return np.sum(x * x)


def through_a_reversed_view(x):
    x = 0.9 * x
    back = x[::-1]
    for i in range(1, x.shape[0]):
        x[i] = x[i] + back[i] * back[i]
    return np.sum(x * x)


def transposed(a):
    a = 0.9 * a
    b = a.T
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            a[i, j] += b[i, j] * b[i, j]
    return np.sum(a * a)


def triangles(a):
    a = 0.9 * a
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            a[i, j] += a[j, i] * a[j, i]
    return np.sum(a)


def both_triangles(a):
    a = 0.9 * a
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            a[i, j] += a[j, i] * a[j, i]
    return np.sum(a)


def counted(x):
    x = 0.9 * x
    k = 0
    s = 1.0
    while s < 40.0:
        s += x[k] * x[k] + 5.0
        x[k + 1] = x[k + 1] * x[k]
        k += 1
        if k == x.shape[0] - 1:
            break
    return s + np.sum(x)


def counted_behind(x):
    x = 0.9 * x
    k = 1
    s = 1.0
    while k < x.shape[0]:
        s += x[k] * x[k - 1]
        x[k - 1] = s
        k += 1
    return s + np.sum(x * x)


def sometimes(x):
    x = 0.9 * x
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * x[i]
        if s > 1.0:
            x[i] = s * 0.5
        else:
            x[0] = s * s
    return s + np.sum(x * x)


def another_loop(x):
    x = 0.9 * x
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * x[i]
    for i in range(x.shape[0]):
        x[i] = s * x[i]
    for i in range(x.shape[0]):
        s += x[i] * x[i]
    return s


def again_and_again(x):
    x = 0.9 * x
    s = 0.0
    for _ in range(3):
        for i in range(1, x.shape[0]):
            s += x[i - 1] * x[i - 1]
            x[i] = x[i] * s
    return s


def two_writes(x):
    x = 0.9 * x
    n = x.shape[0]
    for i in range(n - 1):
        x[i + 1] = x[i + 1] * x[i]
        x[i] = np.sin(x[i + 1])
    return np.sum(x)


def gathered(x, k):
    x = 0.9 * x
    for i in range(k.shape[0]):
        x[k[i]] = x[i] * x[i]
    return np.sum(x * x)


def own_index(x, k):
    k = k.copy()
    s = 0.0
    for i in range(1, k.shape[0]):
        s += x[k[i - 1]] ** 2
        k[i] = k[i - 1]
    return s


def by_the_step(x, step):
    x = 0.9 * x
    for i in range(1, x.shape[0] - 1, step):
        x[i - 1] = x[i] * x[i]
        x[i + 1] = x[i + 1] * x[i]
    return np.sum(x * x)


def small_numbers(x):
    x = 0.9 * x
    one = np.int8(1)
    for i in range(x.shape[0] - 1):
        j = np.int8(i) + one
        x[j] = x[j] * x[i]
    return np.sum(x)


def rows_at_once(a):
    a = 0.9 * a
    for k in range(1, a.shape[0]):
        a[k] = a[k] + a[k - 1] * a[k - 1]
    return np.sum(a)


def rows_before(a):
    a = 0.9 * a
    for k in range(1, a.shape[0]):
        a[k - 1] = a[k] * a[k - 1]
    return np.sum(a * a)


def bounded(x, m):
    x = 0.9 * x
    n = min(m, x.shape[0] // 2)
    for i in range(n):
        x[n + i] = x[n + i] + x[i] * x[i]
    return np.sum(x)


def quotients(x):
    x = 0.9 * x
    for i in range(1, x.shape[0]):
        x[i] = x[i] / (2.0 + x[i - 1])
        x[i] = np.exp(x[i])
    return np.sum(x)


def left_and_changed(x):
    x = 0.9 * x
    s = 0.0
    for i in range(x.shape[0]):
        z = np.exp(x[i])
        x[i] = z
        s += z * z
        x[0] = s
    return s + x[0]


def left_and_read(x):
    x = 0.9 * x
    s = 0.0
    for i in range(x.shape[0]):
        z = np.sin(x[i]) / (3.0 + x[i])
        x[i] = z
        s += z * z
    return s * s


def left_at_another(x):
    x = 0.9 * x
    y = np.zeros(x.shape[0])
    s = 0.0
    for i in range(x.shape[0]):
        z = np.exp(x[i])
        y[i // 2] = z
        s += z * y[i // 2]
    return s * s


def left_in_halves(x):
    y = np.zeros(x.shape[0], dtype=np.float32)
    s = 0.0
    for i in range(x.shape[0]):
        z = np.exp(x[i])
        y[i] = z
        s += z * z
    return s * s


def shortest_ways(a):
    a = 0.9 * a
    n = a.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                a[i, j] = min(a[i, j], a[i, k] + a[k, j])
    return np.sum(a)


def shortest_ways_in_rows(a):
    for k in range(a.shape[0]):
        a = np.minimum(a, a[:, k].reshape(5, 1) + a[k])
    return np.sum(a * a)


def running_maximum(x):
    top = x[0]
    s = 0.0
    for i in range(x.shape[0]):
        top = max(top, x[i] * x[i])
        s += top
    return s * s


def running_and_needed(x):
    top = x[0]
    s = 0.0
    for i in range(x.shape[0]):
        top = max(top, x[i] * x[i])
        s += top * top
    return s * s


def compared(x):
    top = x[0]
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] * s > top * 0.2 and not top > 0.8:
            top = x[i]
        s += top
    return s * s


def rectified(x):
    x = 0.9 * x
    for i in range(x.shape[0]):
        x[i] = np.where(x[i] > 0.0, x[i], 0.1 * x[i])
    return np.sum(x * x)


def rectified_at_once(a):
    s = 0.0
    for _ in range(3):
        a = np.maximum(a, 0.1 * a) + 0.01
        s += np.sum(a)
    return s * s


def left_by_the_larger(x):
    x = 0.9 * x
    s = 2.0
    while s > 0.5:
        for i in range(x.shape[0]):
            x[i] = np.maximum(0.5 * x[i], -x[i])
        s = 0.25 * s + 0.01 * np.sum(x)
        if s < 0.6:
            break
    return s + np.sum(x * x)


def chosen_in_branches(x):
    x = 0.9 * x
    for i in range(1, x.shape[0]):
        if x[i - 1] > 0.0:
            x[i] = max(x[i - 1], x[i] * x[i - 1])
        else:
            x[i] = min(x[i - 1], x[i] + x[0])
    return np.sum(x * x)


def triangular_product(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
        for j in range(a.shape[1]):
            b[i, j] *= 1.5
    return np.sum(b)


def triangular_product_in_rows(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            b[i] += a[k, i] * b[k]
    return np.sum(b)


def read_before_in_the_loop(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
    return np.sum(b)


def read_in_the_loop(a):
    b = 0.9 * a
    s = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i]
            s += b[i, k] * b[i, k]
    return s


def only_a_part(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            for j in range(1, a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
    return np.sum(b * b)


def sometimes_in_the_loop(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            if a[k, i] > 0.0:
                for j in range(a.shape[1]):
                    b[i, j] += a[k, i] * b[k, j]
    return np.sum(b * b)


def out_of_bounds_unless_it_runs(a, m):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(m, a.shape[0]):
            for j in range(a.shape[1]):
                b[i + m - 3, j] = a[k, i] * b[i, j]
    return np.sum(b * b)


def two_in_one_loop(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
            for j in range(a.shape[1]):
                b[i, j] *= a[i, k]
    return np.sum(b * b)


def read_between(a):
    b = 0.9 * a
    s = 0.0
    for i in range(a.shape[0]):
        s += b[i, 0] * b[i, 0]
        for k in range(i + 1, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
        s += b[i, 1] * b[i, 1]
        for _ in range(i + 1, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] = s + b[i, j] * 0.5
    return s * s


def one_number_in_the_loop(x):
    x = 0.9 * x
    for i in range(1, x.shape[0]):
        for k in range(i):
            x[i] += x[k] * x[k]
    return np.sum(x * x)


def one_number_again(x):
    x = 0.9 * x
    for _ in range(2):
        for i in range(1, x.shape[0]):
            for k in range(i):
                x[i] += x[k] * x[k]
    return np.sum(x * x)


def added_by_all(x):
    y = np.zeros(3)
    s = 0.0
    for i in range(x.shape[0]):
        s += y[1] * y[1] * x[i]
        for k in range(4):
            for j in range(y.shape[0]):
                y[j] += x[i] * x[k]
    return s


def upwards(a):
    b = 0.9 * a
    for i in range(a.shape[0] - 1, -1, -1):
        for k in range(i):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
    return np.sum(b * b)


def upwards_from_above(a):
    b = 0.9 * a
    for i in range(a.shape[0] - 1, -1, -1):
        for k in range(i + 1, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += a[k, i] * b[k, j]
    return np.sum(b * b)


def with_a_border(a):
    p = a.copy()
    s = 0.0
    for _ in range(2):
        s += np.sum(p * p)
        for _ in range(3):
            q = p.copy()
            for i in range(1, p.shape[0] - 1):
                for j in range(1, p.shape[1] - 1):
                    p[i, j] = 0.25 * (q[i, j - 1] + q[i, j + 1] + q[i - 1, j] + q[i + 1, j])
            for i in range(p.shape[0]):
                p[i, -1] = p[i, -2]
                p[0, i] = p[1, i]
    return s


def with_a_border_that_is_read(a):
    p = a.copy()
    s = 0.0
    for _ in range(2):
        s += np.sum(p * p)
        for _ in range(3):
            q = p.copy()
            for i in range(1, p.shape[0] - 1):
                for j in range(1, p.shape[1] - 1):
                    p[i, j] = 0.25 * (q[i, j - 1] + q[i, j + 1] + q[i - 1, j] + q[i + 1, j])
            for i in range(p.shape[0]):
                s += p[i, -1] * p[i, -1]
                p[i, -1] = p[i, -2]
    return s


def through_a_new_axis(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            row = b[i, np.newaxis]
            row[:, :] += a[k, i] * b[k]
    return np.sum(b)


def through_a_part_of_a_row(a):
    b = 0.9 * a
    for i in range(a.shape[0]):
        for k in range(i + 1, a.shape[0]):
            row = b[i, 1:]
            for j in range(row.shape[0]):
                row[j] += a[k, i] * b[k, j]
    return np.sum(b * b)


def below_where_there_is_one(x):
    """The condition says that the index does not count from the end."""
    y = np.empty(x.shape[0])
    s = 0.0
    for i in range(x.shape[0]):
        z = x[i]
        if i >= 2:
            z += y[i - 2] * y[i - 2]
        if i > 0 and i < 5:
            z += y[i - 1] * y[i - 1]
        y[i] = z
        s += z
    return s


def below_where_there_is_none(x):
    """Element -1 is the last one, as it was."""
    y = 0.9 * x
    for i in range(x.shape[0]):
        z = y[i]
        if i < 1:
            z += y[i - 1] * y[i - 1]
        y[i] = 0.5 * z
    return np.sum(y)


def below_in_the_other_branch(x):
    y = 0.9 * x
    for i in range(x.shape[0]):
        z = y[i]
        if i >= 1:
            z *= 0.5
        else:
            z += y[i - 1] * y[i - 1]
        y[i] = z
    return np.sum(y)


def below_or_not(x):
    """Either condition is enough, so that neither is known."""
    y = 0.9 * x
    for i in range(x.shape[0]):
        z = y[i]
        if i >= 1 or x[i] > -9.0:
            z += y[i - 1] * y[i - 1]
        y[i] = 0.5 * z
    return np.sum(y)


def below_before_it_changes(x):
    """What the condition says is said of the number that `at` was."""
    y = 0.9 * x
    at = 2
    for i in range(x.shape[0]):
        z = y[i]
        if at >= 0:
            at -= 3
            z += y[at] * y[at]
        y[i] = 0.5 * z
    return np.sum(y)


def binned(x, k, step):
    sums = np.zeros(x.shape[0])
    for i in range(k.shape[0]):
        sums[int(k[i] / step)] += x[i]
    return np.sum(sums * sums)


def binned_by_a_product(x, k):
    sums = np.zeros(x.shape[0])
    for i in range(k.shape[0]):
        sums[int(0.5 * k[i])] += x[i]
    return np.sum(sums * sums)


def solved_with_slices(a):
    n = a.shape[0]
    x = np.empty(n)
    for i in range(n):
        x[i] = (1.0 - np.sum(a[i, :i] * x[:i])) / a[i, i]
    return np.sum(x * x)


def solved_with_slices_from_the_end(a):
    n = a.shape[0]
    x = np.empty(n)
    for i in range(n - 1, -1, -1):
        x[i] = (1.0 - np.sum(a[i, i + 1 :] * x[i + 1 :])) / a[i, i]
    return np.sum(x * x)


def a_slice_with_its_end(x):
    x = 0.9 * x
    for i in range(x.shape[0]):
        x[i] = x[i] + np.sum(x[: i + 1] * x[: i + 1])
    return np.sum(x * x)


def sums_of_products(x):
    s = 1.0
    for i in range(x.shape[0]):
        s = s / (1.0 + np.sum(x * x) + i)
        x = x + s
    return s


def slices_that_may_count_from_the_end(x, m):
    x = 0.9 * x
    for i in range(x.shape[0]):
        x[i] = 0.1 * np.sum(x[: i - m] * x[: i - m]) + x[i]
    return np.sum(x * x)
