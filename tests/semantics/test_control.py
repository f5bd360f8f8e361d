"""Integers, bounds, jumps, and loops over all that can be looped over."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.semantics.checks import check, programs

X = np.array([0.7, 1.3, -0.4, 2.1, 0.9, -1.6])


@pytest.mark.parametrize("a", [7, -7, 0, 6, -1])
@pytest.mark.parametrize("b", [3, -3, 1, -2])
def test_integer_division(a: int, b: int) -> None:
    check(lambda x, a, b: x * (a // b) + x**2 * (a % b), 1.5, a, b)
    check(lambda x, a, b: x * (a / b) - x * divmod_sum(a, b), 1.5, a, b)
    check(lambda x, a, b: x * (-a // b) + x * (a % -b) + x * -(a // b), 1.5, a, b)
    check(lambda x, a, b: x[(a % 5) - 5] * x[a % 3] + x[-(b % 4) - 1], X, a, b)


def divmod_sum(a, b):
    return a // b * b + a % b


@pytest.mark.parametrize("a", [5.5, -5.5, 4.0, -0.25])
@pytest.mark.parametrize("b", [2.0, -2.0, 0.75])
def test_float_division(a: float, b: float) -> None:
    check(lambda x, y: x % y + (x // y) * x, a + 0.1, b, step=1e-3, rtol=1e-7)
    check(lambda x, y: np.fmod(x, y) + np.remainder(x, y), a + 0.1, b, step=1e-3, rtol=1e-7)


@pytest.mark.parametrize("start", [0, 1, 5, -1, -2])
@pytest.mark.parametrize("stop", [0, 3, 6, -1, -7])
@pytest.mark.parametrize("step", [1, 2, 3, -1, -2])
def test_ranges_known_at_run_time(start: int, stop: int, step: int) -> None:
    def f(x, start, stop, step):
        s = x[0]
        last = 100
        for i in range(start, stop, step):
            s = s * 0.5 + x[i % 6] * s
            last = i
        return s * last

    def writes(x, start, stop, step):
        for i in range(start, stop, step):
            x[i] = x[i] * x[i - step] if -6 <= i - step < 6 else x[i] ** 2
        return x

    check(f, X, start, stop, step)
    if min(start, stop) >= -6:
        check(writes, X, start, stop, step)


@pytest.mark.parametrize("i", [-6, -1, 0, 5])
def test_indices_known_at_run_time(i: int) -> None:
    def f(x, i):
        x[i] = x[i] ** 2 * x[-1]
        x[-1] += x[i]
        return x[i] * x[0] + x[i // 2]

    check(f, X, i)


@pytest.mark.parametrize("i", [-7, -3, 0, 2, 9])
@pytest.mark.parametrize("j", [-9, -2, 0, 4, 11])
@pytest.mark.parametrize("step", [None, 1, 2, -1, -3])
def test_slices_known_at_run_time(i: int, j: int, step: int | None) -> None:
    if step is None:
        check(lambda x, i, j: np.sum(x[i:j] ** 2) + np.sum(x[i:] * 3.0) + np.prod(x[:j]), X, i, j)
    else:
        check(lambda x, i, j, k: np.sum(x[i:j:k] ** 2) * x[0] + np.sum(x[::k]), X, i, j, step)


# ---- programs with one argument ----


def csr(x):
    ptr = np.array([0, 2, 2, 3, 6])
    col = np.array([1, 3, 0, 2, 2, 1])
    y = np.zeros(4)
    for r in range(4):
        for k in range(ptr[r], ptr[r + 1]):
            y[r] += x[k] * x[col[k]]
    return y


def triangle(x):
    A = np.outer(x, x) + np.eye(6)
    for i in range(6):
        for j in range(i, -1, -1):
            for k in range(j + 1, i, 2):
                A[i, j] -= A[i, k] * A[k, j] * 0.1
    return A


def bounds_from_data(x):
    s = 0.0
    for i in range(int(x[3] * 2.0)):
        s += x[i] * (i + 1)
    for i in range(int(np.floor(abs(x[5])))):
        s *= x[i + 1]
    return s


def bound_changed_inside(x):
    n = 4
    s = 1.0
    for i in range(n):
        n = n + 1
        s = s * x[i] + n
    return s * n


def counter_changed_inside(x):
    s = 0.0
    for i in range(5):
        i = i + 1
        s += x[i] * i
    return s * i


def counters(x):
    up, down, k = 0, 5, 1
    s = 1.0
    while up < down:
        s = s * x[up] + x[down] ** k
        up += 1
        down -= 1
        if up % 2 == 0:
            k += 1
    return s * k + up


def counter_in_branches(x):
    n = 0
    t = np.zeros(6)
    for i in range(6):
        if x[i] > 0:
            t[n] = x[i] ** 2
            n += 1
    s = 0.0
    for j in range(n):
        s += t[j] * (n - j)
    return s / n


def collatz(x):
    n = 7
    s = x[0]
    while n != 1:
        if n % 2 == 0:
            n //= 2
            s = s * x[1]
        else:
            n = 3 * n + 1
            s = s + x[n % 6]
    return s


def newton(x):
    z = 1.0
    count = 0
    while abs(z * z - x[3]) > 1e-14 and count < 50:
        z = 0.5 * (z + x[3] / z)
        count += 1
    return z * x[0]


def breaks(x):
    s = 1.0
    for i in range(6):
        if x[i] < 0:
            s *= 2.0
            break
        s = s * x[i] + i
    else:
        s = 100.0 * x[0]
    return s * i


def never_breaks(x):
    s = 1.0
    for v in x:
        if v > 100.0:
            break
        s = s * v
    else:
        s = s * s + x[0]
    return s


def continues(x):
    s = 0.0
    for i in range(6):
        if i == 1:
            continue
        s += x[i] ** 2
        if x[i] < 0:
            continue
        s = s * x[i]
    return s


def breaks_out_of_inner(x):
    s = 0.0
    for i in range(6):
        for j in range(i + 1):
            if j == 3:
                break
            if x[j] < 0 and i > 4:
                continue
            s = s * 0.9 + x[i] * x[j]
        s += s * x[i]
        if s > 30.0:
            break
    return s


def returns_from_inner(x):
    s = x[0]
    for i in range(6):
        for j in range(6):
            s = s + x[i] * x[j]
            x[j] = x[j] * 1.1
            if i * 6 + j > 14:
                return s * x[j]
    return s


def returns_from_while(x):
    i = 0
    while True:
        x[i] *= x[i + 1]
        if x[i] < 0:
            return x * 2.0
        i += 1
    return x


def while_with_break_and_continue(x):
    i = -1
    s = 1.0
    while True:
        i += 1
        if i == 2:
            continue
        if i > 4:
            break
        s = s * x[i] + x[i + 1]
    return s


def read_after_loop(x):
    t = 0.0
    v = x[0]
    for i in range(6):
        t = x[i] * v
        v = t + 1.0
    return t * v * i


def set_in_one_branch(x):
    a = x[0]
    if x[1] > 0:
        b = a * 2.0
        a = b * x[2]
    else:
        b = x[3]
    if x[2] > 0:
        pass
    elif x[2] < -10.0:
        a = 0.0
    else:
        a *= b
    return a * b


def conditional_chains(x):
    a = x[0] if x[1] > 2.0 else x[2] if x[3] > 2.0 else x[4]
    b = (x[0] if a > 0 else x[1]) * (a if x[0] > a else 2.0)
    return a * b if 0.0 < x[0] < x[1] <= 1.5 else a - b


def logic(x):
    s = 0.0
    for i in range(6):
        if (x[i] > 0 and x[i] < 1.0) or not (x[i] > -1.0):
            s += x[i] ** 2
        if i > 0 and x[i - 1] > x[i]:
            s *= x[i]
        if i == 0 or x[i] / i > 0.2:
            s += x[i]
    return s


def rows(x):
    A = x.reshape(3, 2)
    for row in A:
        row[0] = row[0] * row[1]
        row *= 2.0
    return A


def rows_reversed(x):
    A = x.reshape(3, 2)
    s = 0.0
    for row in A[::-1]:
        s = s * row[0] + row[1]
    return s


def columns(x):
    s = 0.0
    for column in x.reshape(2, 3).T:
        s = s * 0.5 + column[0] * column[1]
    return s


def enumerated(x):
    s = 0.0
    for i, v in enumerate(x):
        s += i * v**2
        x[i] = s
    for k, v in enumerate(x, 2):
        s += v / k
    return s


def zipped(x):
    s = 1.0
    for a, b in zip(x, x[1:]):  # noqa: B905, RUF007
        s = s * a + b
    for i, (a, b) in enumerate(zip(x, x[::-1])):  # noqa: B905
        s += a * b * i
    return s


def zipped_three(x):
    s = 0.0
    for a, w, i in zip(x[:4], np.array([1.0, 2.0, 3.0, 4.0]), range(4)):  # noqa: B905
        s += a * w * x[i + 1]
    return s


def reversed_range(x):
    s = 1.0
    for i in reversed(range(6)):
        s = s * x[i] + 1.0
    return s


def reversed_array(x):
    s = 1.0
    for v in reversed(x):
        s = s * v + 1.0
    return s


def tuples_in_loops(x):
    state = (x[0], x[1])
    for i in range(2, 6):
        state = (state[1], state[0] * x[i])
        a, (b, c) = i, state
        state = (b + a, c)
    return state[0] * state[1]


def tuple_unrolled(x):
    s = 0.0
    for k, w in ((0, 1.0), (2, 3.0), (5, -1.0)):
        s += w * x[k] ** 2
    for k in (1, 3):
        s *= x[k]
    return s


def comprehensions(x):
    a = np.array([v * v for v in x])
    b = np.array([x[i] * i for i in range(6)])
    c = np.array([a[i] * b[i - 1] for i in range(1, 6, 2)])
    return np.sum(c) + sum([v * 2.0 for v in x])


def comprehension_as_a_list(x):
    xs = [x[i] * 2.0 for i in range(6)]
    s = 0.0
    for v in xs:
        s += v * v
    return s * xs[0] + len(xs)


def nested_comprehension(x):
    A = np.array([[x[i] * x[j] for j in range(3)] for i in range(2)])
    return A


def conditions_on_integers(x):
    s = 0.0
    for i in range(6):
        if i in (1, 4):
            s += x[i] ** 2
        if i % 2:
            s += x[i]
        if not i:
            s += 10.0 * x[i]
    return s


def number_or_default(x):
    k = 0
    n = k or 3
    m = n and 2
    name = None or "a"  # noqa: SIM222
    flag = x[0] > 0 and x[1] > x[0]
    both = flag or m > 3
    return x[0] * n + x[1] * m if name == "a" and both else x[2]


def shapes_compared(x):
    y = x[1:]
    z = x[:-1]
    if y.shape == z.shape:
        return np.sum(y * z)
    return x[0]


def shapes_differ(x):
    y = x[1:]
    if y.shape == x.shape:
        return x[1]
    if y.shape != (5,):
        return x[2]
    if (len(y), 2) == (5, 2):
        return x[0] ** 2
    return x[3]


def true_as_number(x):
    n = 0
    for v in x:
        n += v > 0
    return np.sum(x) * n + (x[0] > 0.5) * x[1]


def bits(x):
    s = 0.0
    for i in range(6):
        s += x[i] * ((i & 3) | 4) + x[i ^ 1] * (i << 2) - x[i >> 1] * ~i
    return s


def integer_arithmetic(x):
    n = 2
    for i in range(3):
        n = n * 3 - i
    return x[n % 6] * n + x[n // 10 % 6] * (2**n % 7) + x[0] * (n**2) + x[1] * n**-1


def rounded(x):
    return x[round(1.4)] * round(2.5) + x[int(-1.7)] * math.floor(-0.5) + x[int(np.ceil(0.2))]


def minimum_of_integers(x):
    s = 0.0
    for i in range(6):
        s += x[min(i, 3)] * max(i, 2) + x[max(-i, -2)] * abs(i - 3)
    return s


def float_counter(x):
    t = 0.0
    s = 1.0
    while t < 0.95:
        s = s + 0.1 * s * x[0]
        t += 0.1
    return s * t


def asserted(x):
    assert x[0] > 0, "positive"
    assert x.shape[0] == 6
    if x[0] < 0:
        raise ValueError("negative")
    return x[0] * x[1]


def deleted_iterations(x):
    for _ in range(0):
        x[0] = 5.0
    for _ in range(3, 1):
        x[0] = 6.0
    for i in range(10, 0, -20):
        x[1] *= i * x[0]
    return x


def nested_tuples(x):
    def pair(a, b):
        return (a * b, (a, b + a))

    p, (q, r) = pair(x[0], x[1])
    (s, t), u = pair(p, q)[1], r
    return p * q + r * s + t * u


def starts_as_integer(x):
    s = 0
    p = 1
    for v in x:
        s += v
        p *= v
    m = -1
    for i in range(6):
        m = max(m, x[i])
    return s * p + m


def pass_and_ellipsis(x):
    """Return a product."""
    pass
    y: float = x[0]
    z = w = y * x[1]
    z *= 2.0
    return z * w


PROGRAMS = programs(globals(), csr)


@pytest.mark.parametrize("f", PROGRAMS)
def test_control(f: Callable[..., Any]) -> None:
    check(f, X, step=4e-3, rtol=1e-7)


@pytest.mark.parametrize("f", [collatz, csr, returns_from_inner])
def test_control_compiled(f: Callable[..., Any]) -> None:
    check(f, X, jit=True)
