"""What arguments may be: empty, rank 0, read-only, broadcast, of any layout and dtype."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.semantics.checks import check


def row_sums(A):
    s = 0.0
    for i in range(A.shape[0]):
        r = 1.0
        for j in range(A.shape[1]):
            r = r * (A[i, j] + 0.1 * j)
        s += r * r
    return s


def whole(A):
    return np.sum(np.sin(A) * A)


def by_row(A):
    s = 0.0
    for row in A:
        s += row[0] * row[-1] + np.sum(row * row)
    return s


def product_with_itself(A):
    return np.sum((A @ A.T) ** 2)


def written(A):
    A[0] = A[0] * A[-1]
    A[:, 0] += 2.0 * A[:, -1] ** 2
    return np.sum(A * A)


def flattened(A):
    v = A.reshape(-1)
    return np.sum(v[1:] * v[:-1])


def transposed(A):
    return np.sum(A.T * A.T[::-1])


def base():
    return np.arange(1.0, 49.0).reshape(6, 8) / 20.0


def read_only(A):
    A = A.copy()
    A.flags.writeable = False
    return A


MATRICES = {
    "C": lambda: base()[:3, :3].copy(),
    "F": lambda: np.asfortranarray(base()[:3, :4]),
    "part": lambda: base()[1:4, 2:5],
    "steps": lambda: base()[::2, ::3],
    "reversed": lambda: base()[::-2, ::-1],
    "transposed": lambda: base()[:4].T,
    "read only": lambda: read_only(base()[:3]),
    "broadcast row": lambda: np.broadcast_to(base()[0], (3, 8)),
    "broadcast column": lambda: np.broadcast_to(base()[:3, :1], (3, 4)),
    "broadcast number": lambda: np.broadcast_to(np.float64(1.5), (2, 3)),
    "one row": lambda: base()[:1],
    "one column": lambda: base()[:, :1],
    "one element": lambda: base()[:1, :1],
    "single precision": lambda: base()[:3, :4].astype(np.float32),
    "single precision, steps": lambda: base().astype(np.float32)[::2, ::2],
}


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize(
    "f", [row_sums, whole, by_row, product_with_itself, written, flattened, transposed]
)
def test_layouts(f: Callable[..., Any], matrix: str) -> None:
    A = MATRICES[matrix]()
    if not A.flags.writeable:
        expected = srcdiff.grad(f, jit=False)(A.copy())
        found = srcdiff.grad(f, jit=False)(A)
        np.testing.assert_allclose(found, expected, rtol=1e-14)
        assert found.flags.writeable
        assert found.shape == A.shape
    if A.flags.writeable or f is not written:
        with np.errstate(all="ignore"):
            check(f, A)


@pytest.mark.parametrize("matrix", ["F", "steps"])
@pytest.mark.parametrize("f", [written])
def test_layouts_compiled(f: Callable[..., Any], matrix: str) -> None:
    A = MATRICES[matrix]()
    expected = srcdiff.value_and_grad(f, jit=False)(np.array(A))
    value, found = srcdiff.value_and_grad(f)(A)
    assert value == pytest.approx(expected[0], rel=1e-13)
    np.testing.assert_allclose(found, expected[1], rtol=1e-12)


# ---- empty arrays, loops without iterations ----


def loop_over_nothing(x):
    s = 1.0
    last = 0.0
    for i in range(x.shape[0]):
        last = x[i] * s
        s += last
    return s + last


def while_over_nothing(x):
    i = 0
    s = 2.0
    while i < x.size:
        s *= x[i]
        i += 1
    return s


def last_or_zero(x):
    s = 0.0
    for v in x:
        s = v * v
    return s


def guarded_index(x):
    if x.shape[0] > 0:
        return x[0] * x[-1]
    return 5.0


def nested_nothing(x):
    t = np.zeros(3)
    for i in range(len(x)):
        for j in range(i):
            t[j] += x[i] * x[j]
    return np.sum(t * t)


def scratch(x):
    t = np.empty_like(x)
    t[:] = 2.0 * x
    t[1:] = t[:-1] * x[1:]
    return t.sum()


@pytest.mark.parametrize(
    "f",
    [
        loop_over_nothing,
        while_over_nothing,
        last_or_zero,
        guarded_index,
        nested_nothing,
        scratch,
        lambda x: np.sum(x * x),
        lambda x: np.prod(x),
        lambda x: x @ x,
        lambda x: np.sum(x[::-1] * x),
        lambda x: np.sum(np.concatenate((x, x))),
        lambda x: np.sum(np.outer(x, x)),
        lambda x: x.reshape(-1).sum(),
        lambda x: np.sum(np.where(x > 1, x, 0.0)),
    ],
)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_short_arrays(f: Callable[..., Any], n: int) -> None:
    check(f, np.linspace(0.5, 2.1, n))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize(
    "f",
    [
        row_sums,
        whole,
        lambda A: np.sum(A.sum(axis=0) ** 2),
        lambda A: np.sum(A.sum(axis=1) ** 2),
        lambda A: np.sum(A @ A.T) + np.sum(A.T @ A),
        lambda A: np.prod(A, axis=1).sum() + np.prod(A, axis=0).sum(),
    ],
)
def test_empty_matrices(f: Callable[..., Any], shape: tuple[int, int]) -> None:
    check(f, np.zeros(shape))


def test_an_empty_axis_is_never_indexed() -> None:
    for f in (lambda x: x[-1] * 2.0, lambda x: x[0], lambda x: np.max(x), lambda x: x[1] + x[0]):
        with pytest.raises((srcdiff.BoundsError, IndexError, ValueError)):
            srcdiff.grad(f, jit=False)(np.zeros(0))


# ---- rank 0, numbers ----


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x,
        lambda x: x[()] * 3.0,
        lambda x: np.sin(x) + np.cos(x[()]),
        lambda x: np.sum(x) * x.item(),
        lambda x: x.sum() ** 2 + x.ndim + x.size + len(x.shape),
        lambda x: np.sum(np.ones(3) * x),
        lambda x: np.sum(x * np.arange(4.0)),
        lambda x: float(x) ** 2,
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rank_0(f: Callable[..., Any], dtype: Any) -> None:
    x = np.array(1.25, dtype=dtype)
    expected = np.asarray(srcdiff.grad(lambda v: f(v.reshape(())), jit=False)(np.array([1.25])))
    found = srcdiff.grad(f, jit=False)(x)
    assert np.shape(found) == ()
    assert isinstance(found, np.ndarray)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected[0], rtol=1e-6)


def test_rank_0_is_not_changed() -> None:
    def f(x):
        x[()] = x[()] * 3.0
        x[...] += 1.0
        return x[()] ** 2

    x = np.array(2.0)
    assert srcdiff.grad(f, jit=False)(x) == pytest.approx(42.0)
    assert x[()] == 2.0


@pytest.mark.parametrize(
    ("x", "n", "flag"),
    [
        (1.5, 3, True),
        (np.float64(1.5), np.int64(3), np.bool_(True)),
        (np.float32(1.5), np.int32(2), False),
        (np.float32(1.5), 2, np.bool_(False)),
        (1.5, np.uint8(3), True),
        (-2.5, -3, False),
    ],
)
@pytest.mark.parametrize(
    "f",
    [
        lambda x, n, flag: x * n if flag else x / n,
        lambda x, n, flag: x * x * n + (2 if flag else 3),
        lambda x, n, flag: x ** abs(int(n)) if not flag else n * x,
        lambda x, n, flag: x * (n // 2) + x * (n % 2),
        lambda x, n, flag: x + flag * x,
        lambda x, n, flag: x * float(n) - n,
        lambda x, n, flag: x * n * n,
    ],
)
def test_numbers(f: Callable[..., Any], x: Any, n: Any, flag: Any) -> None:
    check(f, x, n, flag)


# ---- dtypes ----

SINGLE = np.array([0.5, 1.5, 2.5], dtype=np.float32)
DOUBLE = np.array([0.25, 1.0, 2.0])
WHOLE = np.array([3, 1, 2])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x * 0.1),
        lambda x: x * 2 + 0.5,
        lambda x: np.sin(x) / 3.0,
        lambda x: x[0] * 0.1 + x[1],
        lambda x: x[0] ** 2 * math.pi,
        lambda x: math.exp(x[0]) * x[1],
        lambda x: np.exp(x[0]) * x[1],
        lambda x: np.mean(x),
        lambda x: x.mean() * x.var() + x.std(),
        lambda x: np.max(x) * np.min(x) * np.prod(x),
        lambda x: x @ x,
        lambda x: np.outer(x, x) @ x,
        lambda x: np.where(x > 1, x, 0.0),
        lambda x: np.where(x > 1, 1.0, x * 2.5),
        lambda x: np.maximum(x, 1.0),
        lambda x: np.clip(x, 0.7, 2.0),
        lambda x: np.cumsum(x),
        lambda x: np.concatenate((x, x * 2.0)),
        lambda x: np.stack((x, x)),
        lambda x: x.astype(np.float64) * 0.1,
        lambda x: np.sum(x) / x.shape[0],
        lambda x: x / len(x),
        lambda x: x * np.arange(3),
        lambda x: x + np.zeros(3),
        lambda x: x * np.float64(2.0),
        lambda x: x * np.float32(0.1),
        lambda x: x**0.5,
        lambda x: x**2,
        lambda x: x ** np.arange(3),
        lambda x: abs(x[0]) + max(x[0], 1.0),
        lambda x: max(x[0], x[1]) * 0.1,
        lambda x: float(x[0]) * 0.1,
        lambda x: np.float32(0.1) * x[0],
        lambda x: x[0] // 1 + x[1] % 1.0,
        lambda x: x[0] if x[0] > 0 else 0.0,
        lambda x: np.full(3, 2.0) * x,
        lambda x: np.full_like(x, 2.0) * x,
        lambda x: np.ones_like(x) * x * 0.1,
        lambda x: np.zeros(3, dtype=np.float32) + x * 0.1,
        lambda x: -x,
        lambda x: np.sqrt(x) + np.tanh(x) + np.arctan2(x, 1.0),
        lambda x: np.hypot(x, 2.0) + np.logaddexp(x, 0.5),
        lambda x: x.reshape(3, 1) * x,
        lambda x: np.trace(np.outer(x, x)),
        lambda x: np.diff(x),
        lambda x: np.linspace(x[0], x[1], 4),
    ],
)
def test_single_precision(f: Callable[..., Any]) -> None:
    check(f, SINGLE)


def loop(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * 0.1
    return s


def loop_from_int(x):
    s = 0
    for v in x:
        s += v * v
    return s


def loop_from_element(x):
    s = x[0]
    for i in range(1, 3):
        s = s * 0.5 + x[i]
    return s


def scratch_of_zeros_like(x):
    t = np.zeros_like(x)
    for i in range(3):
        t[i] = x[i] * 0.1 + i
    return t


def scratch_in_double(x):
    t = np.zeros(3)
    for i in range(3):
        t[i] = x[i] * 0.1
    return np.sum(t * t)


@pytest.mark.parametrize(
    "f", [loop, loop_from_int, loop_from_element, scratch_of_zeros_like, scratch_in_double]
)
@pytest.mark.parametrize("x", [SINGLE, DOUBLE])
def test_loops_in_both_precisions(f: Callable[..., Any], x: Any) -> None:
    check(f, x)


@pytest.mark.parametrize("f", [scratch_of_zeros_like])
def test_single_precision_compiled(f: Callable[..., Any]) -> None:
    check(f, SINGLE, jit=True)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x * y,
        lambda x, y: x @ y,
        lambda x, y: np.maximum(x, y),
        lambda x, y: np.where(x > y, x, y),
        lambda x, y: np.concatenate((x, y)),
        lambda x, y: np.stack((x, y)),
        lambda x, y: np.outer(x, y),
        lambda x, y: x[0] * y[1],
        lambda x, y: x**y,
        lambda x, y: np.arctan2(x, y),
    ],
)
def test_mixed_precision(f: Callable[..., Any]) -> None:
    check(f, SINGLE, DOUBLE)
    check(f, DOUBLE, SINGLE)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.int8])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, k: x * k,
        lambda x, k: np.sum(x * k) + k.shape[0],
        lambda x, k: x**k,
        lambda x, k: x[k[1]] * x[k[2]],
        lambda x, k: np.sum(np.where(k > 1, x, 2.0 * x)),
        lambda x, k: x * np.sum(k),
        lambda x, k: x * np.mean(k) + x * np.max(k),
        lambda x, k: x * (k[0] + k[1]),
        lambda x, k: x * np.prod(k),
        lambda x, k: np.sum(x) * k[0],
        lambda x, k: x @ k,
        lambda x, k: x / (k + 1),
    ],
)
def test_integer_arrays_beside(f: Callable[..., Any], dtype: Any) -> None:
    check(f, DOUBLE, (WHOLE % 3).astype(dtype))


@pytest.mark.parametrize(
    "f",
    [
        lambda x, k: x * k,
        lambda x, k: np.sum(np.where(k, x, 2.0 * x)),
        lambda x, k: x * np.sum(k),
        lambda x, k: x * np.mean(k),
        lambda x, k: x * np.prod(k) + np.any(k) * x,
        lambda x, k: x[0] if k[0] and not k[1] else x[2] * k[0],
        lambda x, k: x @ k,
        lambda x, k: x / (k + 1),
        lambda x, k: x * (k == np.array([True, True, False])),
    ],
)
def test_arrays_of_bools_beside(f: Callable[..., Any]) -> None:
    check(f, DOUBLE, np.array([True, False, True]))


def test_gather_and_scatter() -> None:
    def f(x, k):
        t = np.zeros(2)
        for i in range(k.shape[0]):
            t[k[i]] += x[i] ** 2
        return np.sum(t * t)

    check(f, DOUBLE, np.array([1, 0, -1]))
    check(lambda x, k: np.sum(x[k] ** 3), DOUBLE, np.array([0, 0, -1, 2]))
    check(lambda A, k: A[k].sum(axis=0), base()[:4, :3], np.array([3, 0, 0]))


# ---- arguments that are changed, shared, unused ----


@pytest.mark.parametrize("jit", [False, True])
def test_one_array_twice(jit: bool) -> None:
    x = np.array([1.0, 2.0, 3.0])
    left, right = srcdiff.grad(lambda a, b: np.sum(a * a * b), argnums=(0, 1), jit=jit)(x, x)
    np.testing.assert_allclose(left, 2 * x * x)
    np.testing.assert_allclose(right, x * x)
    assert not np.shares_memory(left, right)


@pytest.mark.parametrize(
    ("f", "gradients"),
    [
        (lambda x, y: x * x, [3.0, 0.0]),
        (lambda x, y: y, [0.0, 1.0]),
        (lambda x, y: 2.5, [0.0, 0.0]),
        (lambda x, y: np.floor(x) + y, [0.0, 1.0]),
    ],
)
def test_unused_numbers(f: Callable[..., Any], gradients: list[float]) -> None:
    check(f, 1.5, 0.5, gradients=gradients)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: np.sum(y),
        lambda x, y: 1.0,
        lambda x, y: float(x.shape[0]),
        lambda x, y: np.sum(np.zeros_like(x)),
        lambda x, y: np.sum(np.sign(x)) + y[0],
        lambda x, y: float(np.argmax(x)) * y[1],
        lambda x, y: np.zeros(4),
    ],
)
def test_unused_arrays(f: Callable[..., Any]) -> None:
    check(f, DOUBLE + 0.1, np.array([0.3, 0.2]))


def test_cotangents_never_share_memory() -> None:
    x, y = np.ones(3), np.ones(3)
    seed = np.arange(3.0)
    for f in (lambda a, b: a + b, lambda a, b: a, lambda a, b: a.reshape(3) - b[::-1]):
        _, (left, right) = srcdiff.pullback(f, argnums=(0, 1), jit=False)(seed, x, y)
        for one in (left, right):
            assert not np.shares_memory(one, seed)
            assert not np.shares_memory(one, x)
            one[:] = 99.0
        np.testing.assert_array_equal(seed, np.arange(3.0))
        assert not np.shares_memory(left, right)


@pytest.mark.parametrize("jit", [False, True])
def test_outputs_never_share_memory_with_arguments(jit: bool) -> None:
    x = np.ones((2, 3))
    out, _ = srcdiff.pullback(lambda A: A.T, jit=jit)(np.ones((3, 2)), x)
    out[:] = 7.0
    np.testing.assert_array_equal(x, np.ones((2, 3)))


def test_calls_leave_nothing_behind() -> None:
    def f(x):
        for i in range(1, x.shape[0]):
            x[i] = x[i - 1] * x[i]
        return x

    h = srcdiff.pullback(f, jit=False)
    x, seed = np.array([1.0, 2.0, 3.0]), np.ones(3)
    first = h(seed, x)
    second = h(seed, x)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(seed, np.ones(3))


# ---- how arguments are passed ----


class Model:
    def __init__(self):
        self.scale = 2.0
        self.weights = np.array([1.0, 2.0])

    def loss(self, x, power=2):
        return self.scale * np.sum(self.weights * x**power)


def with_defaults(x, y=2.0, *, n=2, flag=True):
    return x**n * y if flag else x + y


def with_varargs(x, *rest):
    s = x
    for r in rest:
        s = s * r
    return s


def test_defaults_and_keywords() -> None:
    g = srcdiff.grad(with_defaults, jit=False)
    assert g(3.0) == pytest.approx(12.0)
    assert g(3.0, 5.0) == pytest.approx(30.0)
    assert g(3.0, y=5.0) == pytest.approx(30.0)
    assert g(3.0, n=3) == pytest.approx(54.0)
    assert g(3.0, flag=False) == 1.0
    assert srcdiff.grad(with_defaults, argnums="y", jit=False)(3.0, y=5.0) == pytest.approx(9.0)
    both = srcdiff.grad(with_defaults, argnums=("y", "x"), jit=False)(x=3.0, y=5.0)
    assert both == pytest.approx((9.0, 30.0))


def test_methods_and_partials() -> None:
    model = Model()
    x = np.array([0.5, -1.0])
    np.testing.assert_allclose(srcdiff.grad(model.loss, jit=False)(x), [2.0, -8.0])
    np.testing.assert_allclose(srcdiff.grad(model.loss, jit=False)(x, power=3), [1.5, 12.0])
    model.scale = 1.0
    np.testing.assert_allclose(srcdiff.grad(model.loss, jit=False)(x), [1.0, -4.0])
    fixed = partial(with_defaults, y=4.0)
    assert srcdiff.grad(fixed, jit=False)(3.0) == pytest.approx(24.0)
    assert srcdiff.grad(partial(with_defaults, 3.0), jit=False)(5.0) == pytest.approx(9.0)


def test_any_number_of_arguments() -> None:
    found = srcdiff.grad(with_varargs, argnums=(0, 1, 2), jit=False)(2.0, 3.0, 5.0)
    assert found == pytest.approx((15.0, 10.0, 6.0))
    assert srcdiff.grad(with_varargs, jit=False)(2.0) == 1.0
