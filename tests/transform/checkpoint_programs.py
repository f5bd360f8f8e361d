"""Programs with loops that hand something on: state, arrays, parts of arrays."""

import numpy as np

X = np.array([0.7, 1.3, -0.4, 2.1, 0.9, -1.6, 0.2])


def recurrence(x):
    s = x[0]
    for i in range(7):
        s = np.sin(s) * x[i] + 0.1 * i
    return s


def two_loops(x):
    s = x[1]
    for _ in range(4):
        s = s * s * 0.5 + x[0]
    t = s
    for _ in range(5):
        t = np.cos(t) + s * x[2]
    return t * s


def downwards(x):
    s = 1.0
    for i in range(x.shape[0] - 1, -1, -1):
        s = s * x[i] + 0.5
    return s


def downwards_with_neighbours(x):
    h = x.copy()
    for i in range(x.shape[0] - 2, 0, -1):
        h[i] = np.sin(h[i + 1]) * x[i - 1] + h[i] * x[i]
    return np.sum(h * h)


def steps_of_three(x):
    s = x[0]
    for i in range(1, 20, 3):
        s = np.tanh(s * x[i % 7]) + 0.3
    return s


def steps_down_of_two(x):
    s = x[0]
    for i in range(6, -1, -2):
        s = np.tanh(s + x[i]) * s
    return s


def step_of_the_run_time(x, step=2):
    s = x[0]
    for i in range(0, 7, step):
        s = np.tanh(s + x[i]) * s
    return s


def no_trips(x):
    s = x[0] * x[1]
    for i in range(3, 3):
        s = s * x[i]
    for _ in range(int(x[2])):
        s = s * s
    return s


def trajectory(x):
    h = np.zeros(8)
    h[0] = x[0]
    for i in range(7):
        h[i + 1] = np.sin(h[i]) * x[i]
    return np.sum(h * h)


def behind_and_ahead(x):
    h = x.copy()
    for i in range(1, x.shape[0]):
        h[i - 1] = h[i - 1] * h[i]
        if i + 1 < x.shape[0]:
            h[i + 1] += h[i] * x[i + 1]
    return np.sum(h**2)


def behind_the_first(x):
    h = x.copy()
    for i in range(x.shape[0]):
        h[i] = h[i - 1] * x[i - 2] + x[i]
    return np.sum(h * x)


def rows_of_a_matrix(x):
    H = np.zeros((7, 3))
    H[0] = x[:3]
    for i in range(1, 7):
        H[i] = np.sin(H[i - 1]) * x[i]
        row = H[i]
        row[1] += row[0] * x[i - 1]
    return np.sum(H * H)


def columns_of_a_matrix(x):
    H = np.ones((3, 7))
    for j in range(1, 7):
        for i in range(3):
            H[i, j] = np.sin(H[i, j - 1]) * x[j] + x[i]
    return np.sum(H * H)


def any_element(x):
    h = x.copy()
    for i in range(7):
        h[(3 * i) % 7] += h[(2 * i + 1) % 7] * x[i]
    return np.sum(h * h)


def matrix_steps(x):
    W = np.outer(x, x) * 0.1
    h = x.copy()
    for _ in range(5):
        h = np.tanh(W @ h)
    return np.sum(h * x)


def growing_state(x):
    h = x[:2]
    for i in range(5):
        h = np.concatenate((h * x[i], x[i : i + 1]))
    return np.sum(h * h)


def shrinking_state(x):
    h = x * 1.0
    for _ in range(5):
        h = h[1:] * h[:-1]
    return np.sum(h)


def buffers(x):
    a = x.copy()
    b = np.zeros(7)
    for _ in range(5):
        for i in range(1, 7):
            b[i] = a[i - 1] * a[i] + 0.1
        a, b = b, a
    return np.sum(a * a) + b[1]


def through_views(x):
    a = x.copy()
    head, tail = a[:3], a[3:]
    for i in range(3):
        head[i] = head[i] * tail[i]
        tail[i + 1] += head[i] * a[6]
        a[0] = np.sin(tail[0])
    return np.sum(a * x)


def through_reshape(x):
    A = x[:6].copy().reshape(2, 3)
    v = A.ravel()
    for i in range(1, 6):
        v[i] = v[i] * v[i - 1]
        A[1, 2] += A[0, 0] * x[i]
    return np.sum(A * A)


def written_argument(x):
    for i in range(1, 7):
        x[i] = x[i] * x[i - 1]
    return np.sum(x)


def integers_in_the_state(x):
    count, s = 0, x[0]
    for i in range(7):
        if x[i] > 0.5:
            count = count + i
        s = s * 0.5 + x[count % 7]
    return s * count


def integer_array(x):
    k = np.arange(7)
    s = x[0]
    for i in range(1, 7):
        k[i] = (k[i - 1] * 3 + k[i]) % 7
        s = s * x[k[i]] + x[i]
    return s


def in_a_branch(x):
    s = x[0]
    if x[1] > 0.0:
        for i in range(7):
            s = s * x[i] + 0.2
    else:
        for i in range(3):
            s = s + x[i]
    return s


def nested_loops(x):
    s = x[0]
    for i in range(5):
        for j in range(i + 1):
            s = np.sin(s) * x[j]
        while s < 0.1:
            s = s + 0.3 + x[1] ** 2
    return s


def until_small(x):
    s, n = x[0] + 2.0, 0
    while s * s > 0.3 and n < 30:
        s = s * 0.9 - 0.01 * x[1]
        n += 1
    return s * x[2] + n


def left_early(x):
    s = x[0]
    for i in range(100):
        s = s * 1.2 + abs(x[i % 7])
        if s > 20.0:
            break
    else:
        s = -1.0
    return s


def returned_from(x):
    s = x[0]
    h = x.copy()
    for i in range(1, 7):
        h[i] = h[i] * h[i - 1] + 1.0
        s = s + h[i] * s
        if s > 5.0:
            return s * h[i]
    return s


def while_with_break(x):
    h = x.copy()
    k = 0
    while True:
        h = np.sin(h) * x
        k += 1
        if np.sum(h * h) < 0.2 or k > 12:
            break
    return np.sum(h) * k


def last_value_before_the_end(x):
    last = s = x[0]
    while s < 50.0:
        last = s
        s = s * 1.7 + abs(x[1])
    return s - 2.0 * last


def bump(a):
    a[0] += 0.5
    return a[0]


def condition_that_writes(x):
    a = x.copy()
    s = 1.0
    while bump(a) < 3.0:
        s = s * a[1] + a[0]
    return s * a[0]


def not_wanted(x):
    t, s = 0.0, x[0]
    for _ in range(4):
        t += np.sqrt(x[1] - x[1])
        s = s * 0.9 + x[2] * s
    r = s
    if x[3] < 0.0:
        r = t
    return r


def library_loops(x):
    return np.sum(np.cumsum(x) ** 2) + np.max(x) * np.prod(x)
