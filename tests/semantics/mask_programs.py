"""Programs that index with masks; arguments are named for the entries of `ARGUMENTS`."""

import numpy as np

from tests.semantics.checks import programs

# ---- masks, of a vector ----


def read(x):
    return x[x > 0.0] ** 2


def read_of_other(x):
    y = np.exp(x)
    return y[x < 1.0] * 2.0


def read_twice(x):
    m = x > 0.5
    return np.sum(x[m] * np.sin(x)[m]) / np.sum(m)


def read_nothing(x):
    return np.sum(x) + np.sum(x[x > 100.0] ** 2)


def read_of_combined(x):
    small, negative = np.abs(x) < 1.0, x < 0.0
    return np.sum(x[small & ~negative] ** 3) + np.sum(x[~(small | negative)] ** 2)


def write_number(x):
    x[x > 0.8] = 3.0
    return x * x


def write_active_number(x):
    x[x > 0.8] = x[0] * x[2]
    return x * x


def write_counted(x):
    x[x > 0.8] = x[x > 0.8] ** 2
    return x * x


def write_from_behind(x):
    x[x > 0.8] = x[::-1][x > 0.8] * x[1]
    return x * x


def write_whole_row_of_true(x):
    x[np.ones(6, dtype=np.bool_)] = x[::-1].copy()
    return x**2


def write_one_long(x):
    x[x > 0.8] = np.array([2.0]) * x[:1]
    return x**2


def write_changes_what_the_mask_came_from(x):
    m = x > 0.8
    x[m] = -x[m]
    x[m] = x[m] * x[0]
    x[x < -1.0] = 0.5
    return x**2


def increment_number(x):
    x[x > 0.8] += 1.5
    x[x < 0.0] -= x[0]
    return x**2


def increment_counted(x):
    m = x > 0.8
    x[m] += np.sin(x)[m]
    x[m] -= x[m] ** 2
    return x**2


def multiply_and_divide(x):
    m = x > 0.8
    x[m] *= 3.0
    x[m] /= x[m] + 1.0
    x[~m] **= 2
    return x**2


def increment_by_itself(x):
    x[x > 0.0] *= x[x > 0.0]
    x[x > 0.0] += x[x > 0.0]
    return x**2


def on_views(x):
    y = x[1:]
    y[y > 0.8] = x[0]
    z = x[::-2]
    z[z < 0.0] *= 3.0
    x[2:][x[2:] > 0.0] += 1.0
    return x**2


def in_loop(x):
    for i in range(3):
        m = x > 0.25 * i
        x[m] = np.cos(0.3 * x[m]) * x[i]
        x[~m] += 0.1 * x[m].sum()
    return x


def under_condition(x):
    y = x.copy()
    if x[0] > 0.0:
        y[x > 1.0] = x[0]
    else:
        y[x < 1.0] = x[1]
    return x * y


def counted_length_goes_on(x):
    y = x[x > 0.0]
    for i in range(y.shape[0]):
        y[i] = y[i] * x[i]
    return np.mean(y), y.max(), np.sum(y[1:] * y[:-1])


def mask_of_masks(x):
    m = x > 0.0
    m[m] = x[m] > 1.0
    return x[m] ** 2


def mask_that_changes(x):
    m = x > 0.0
    first = x[m].sum()
    m[0] = False
    second = x[m].sum()
    for i in range(2):
        first += x[m][0] * x[i]
        m[1] = False
    return first * second, x[m] * np.cos(x)[m]


def list_of_truth_values(x):
    return x[[True, False, True, True, False, True]] ** 2


def numbers_in_place(x):
    x[np.isnan(np.log(x * x - 1.0))] = 2.0
    return x**2


# ---- masks, of matrices ----


def full_mask(a):
    a[a > 0.5] = a[0, 0]
    return np.sum(a[a < 0.0] ** 2) + np.sum(a**3)


def full_mask_counted(a):
    m = a > 0.5
    a[m] = a[m] ** 2
    a[~m] += np.exp(a)[~m]
    a[m] *= a.T.copy().T[m]
    return a * a


def full_mask_of_view(a):
    b = a.T
    b[b > 0.5] *= 2.0
    c = a[1:, ::-1]
    c[c < 0.0] = c[0, 0] * 2.0
    return a * a


def mask_of_rows(a):
    m = a[:, 0] > 0.0
    a[m] = a[m] ** 2
    a[~m] = a[0]
    a[m] += a[1]
    a[m] *= 1.5
    return a * a, a[m]


def mask_of_columns(a):
    m = a[0] > 0.0
    a[:, m] = 2.0
    a[1:, ~m] += a[2, 0]
    a[:, m] *= a[:, m] + a[:, :1]
    return a * a, a[:, ~m]


def mask_of_a_row(a):
    a[2, a[2] < 0.0] = a[0, 0]
    a[a[:, 1] > 0.0, 0] *= a[1, 1]
    return a * a, a[1, a[1] > 0.0]


def two_masks(a):
    r, k = a[:3, 0] > 0.0, a[0] > 0.0
    return a[:3][r, k] ** 2


def rank_3(t):
    t[t > 0.5] = t[0, 0, 0]
    m = t < 0.0
    t[m] = t[m] ** 2
    t[m] += 2.0
    return t * t


def rank_3_rows(t):
    m = t[:, :, 0] < 0.0
    t[m] = t[m] * t[0, 0]
    t[m] *= t[1, 1, 1]
    t[:, m[0]] += 1.0
    return t * t, t[m]


def where_with_one_argument(a):
    i, j = np.where(a > 0.0)
    (k,) = np.nonzero(a[0] > 0.0)
    flat = np.flatnonzero(a > 0.5)
    return a[i, j] ** 2, np.sum(a[:, k] ** 2), a.ravel()[flat] ** 3


PROGRAMS = programs(globals(), read)
