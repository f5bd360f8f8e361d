"""Programs that index with arrays of integers, and such that do more than index."""

import numpy as np

from tests.semantics.checks import programs

# ---- arrays of integers ----


def gather(x, k):
    return x[k] ** 2, np.sum(np.exp(x)[k] * x[k])


def gather_list(x):
    places = [0, 2, -1]
    return x[[1, 1, 5]] * x[places], x[places[:2]]


def scatter(x, k):
    x[k] = 2.0 * x[: k.shape[0]]
    return x**2


def scatter_number(x, k):
    x[k] = x[0] * x[1]
    return x**2


def scatter_overlap(x, k):
    x[k] = x[::-1][k]
    return x**2


def last_one_wins(x):
    x[[1, 1, 1, 0]] = x[[2, 3, 4, 1]] ** 2
    return x**2


def increment_once(x):
    x[[1, 1, -1, 1]] += x[[2, 3, 4, 0]] ** 2
    x[[0, 0]] *= x[3]
    x[[2, 2]] -= 1.0
    return x**2


def list_in_a_variable(a):
    places = [0, 2]
    a[places] *= 2.0
    return a[places], a[(0, 2)], a[[0, 2]]


def list_carried_by_a_loop(a):
    places = [0, 1]
    total = 0.0
    for i in range(2):
        total += np.sum(a[places] ** 2) * i
        places = [places[1], 2 + i]
    return total + a[(1, 2)]


def two_arrays(a, k):
    i = k % 4
    a[i, k % 3] = a[i, 0] ** 2
    a[i, k % 3] += a[0, 0]
    return a[i, k % 3], a[np.array([[0], [2]]), np.array([0, 2])], a * a


def columns(a, k):
    j = k % 3
    a[:, j] *= 1.5
    a[1:, j] = a[1:, j] ** 2
    a[:, [0, 2]] += a[:, :1]
    return a[:, j], a[::2, j], a * a


def mixed_with_numbers(a, k):
    j = k % 3
    a[j, 1] = a[1, 0]
    a[2, j] += a[0, 0]
    return a[j, 1], a[-1, j], a * a


def rank_2_of_indices(x, k):
    places = k.reshape(2, 2) % 6
    y = x[places]
    x[places] = y.T @ y
    x[places] += 1.0
    return y, x**2


def apart(t):
    i, j = np.array([0, 1, 1]), np.array([2, -1, 0])
    t[i, :, j] += t[0, :, 0]
    return t[i, :, j], t[0, :, j], t[:, i, j], t[..., j], t[i, None, j], t * t


def rows(a, k):
    i = k % 4
    a[i] = a[i] * a[0]
    a[i] += a[1]
    a[i[0]] = a[i][1]
    return a[i], a * a


def narrow_and_unsigned(x):
    k = np.array([0, 3, 3], dtype=np.uint8)
    n = np.array([-1, 2, -6], dtype=np.int32)
    x[k] += x[n]
    x[n] = x[k] * x[1]
    return x**2


def indices_that_are_written(x):
    k = np.array([1, 0, 2, 3])
    k[k] = k[::-1]
    k[k > 2] = 0
    return x[k] ** 2


def computed(x, k):
    y = np.zeros(4)
    for i in range(3):
        y[(k + i) % 4] += x[k] * x[i]
    return y**2


# ---- functions ----


def add_at(x, k):
    np.add.at(x, k, x[: k.shape[0]] ** 2)
    np.add.at(x, [1, 1, -1], x[0])
    np.subtract.at(x, k, 0.5)
    np.multiply.at(x, [2, 2, 3], x[0])
    return x**2


def add_at_of_matrix(a, k):
    np.add.at(a, (k % 4, k % 3), a[0, 0] * 2.0)
    np.add.at(a, k % 4, a[1])
    np.add.at(a, (slice(None), [0, 0]) if False else ([0, 0], 1), [a[2, 0], 3.0])
    np.divide.at(a, a > 0.5, 2.0)
    np.add.at(a[1], [0, 0], a[1, 1:])
    return a * a


def add_at_overlap(x):
    np.add.at(x, [0, 1, 1], x[:3])
    np.maximum.at(x, [0, 0, 2], x[3:])
    return x**2


def histogram(x, k):
    h = np.zeros(6)
    np.add.at(h, k, x[k] * x[0])
    return h


def take(a, k):
    i = k % 3
    flat = a.take(k)
    return np.take(a, i, axis=0), np.take(a, i, axis=1), flat, np.take(a, 1, axis=-1), a.take(5)


def put(x, k):
    np.put(x, k, 2.0 * x[: k.shape[0]])
    x.put([0, 1], [x[3], 5.0])
    return x**2


def norms(x):
    n = np.linalg.norm
    return n(x), n(x, 1), n(x, np.inf), n(x, ord=2), n(x[1:], -np.inf)


def matrix_norms(a):
    n = np.linalg.norm
    return n(a), n(a, "fro"), n(a, axis=0), n(a, 1, axis=1, keepdims=True), n(a, 1), n(a, np.inf)


# ---- together with the rest of the language ----


def arrays_of_integers_and_bools(x):
    n, b = np.zeros(6, dtype=np.int64), x > 0.5
    n[b] += 1
    n[[0, 0, 1]] += 2
    np.add.at(n, [3, 3], 1)
    b[[0, 2]] = True
    b[b] &= (x < 1.5)[b]
    return x * n, x[b]


def in_conditions(x):
    total, y = 0.0, x.copy()
    while np.sum(y[y > 0.5]) > 2.0:
        y *= 0.7
        total += y[y > 0.0].sum()
    return total * y if np.any(x[[0, 1]] > 1.0) else y


def new_axes(x):
    m = x > 0.5
    return x[m, None] * x[None, m], x[None][0, m], x[..., m], x[None, [0, 2]]


def rows_run_through(a):
    total = 0.0
    for element in a[a > 0.0]:
        total += element**2
    for row in a[a[:, 0] > 0.0]:
        total += row[0] * row[1]
    parts = [np.sum(a[a[:, j] > 0.1, j] ** 2) for j in range(3)]
    return total + parts[0] * parts[1]


def views_of_views(a):
    b = a.reshape(2, 6)
    b[b > 0.5] = 0.0
    c = a[:, ::-1].T
    c[[0, 1]] *= 2.0
    c[c[:, 0] > 0.0, 1:] += 1.0
    return a * a


def rows_that_overlap(x):
    y = x[1:-1]
    y[[0, -1]] = y[[1, 2]] * x[0]
    np.add.at(y, [0, 1, 1], x[:3] * 2.0)
    z = y[::-1]
    z[[0, 0, 2]] *= x[5]
    return x * x


def prefixes_of_indices(x, k):
    h = np.zeros(6)
    for i in range(k.shape[0]):
        h[k[: i + 1]] += x[i]
        x[k[i:]] = x[0] * x[k[i]]
    return h * x


def two_axes_of_indices(a):
    a[np.array([[0, 1], [2, 3]]), np.array([1, 2])] = a[:2, :2]
    a[[[0], [1]], [0, 1]] *= 3.0
    return a * a


PROGRAMS = programs(globals(), gather)
