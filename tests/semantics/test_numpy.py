"""NumPy's functions: elementwise ones with broadcasting, reductions, products, shapes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.semantics.checks import check

V = np.array([0.7, 1.3, 0.4])
A = np.array([[0.31, 0.83, 0.52, 0.91], [0.62, 0.27, 0.73, 0.42], [0.46, 0.34, 0.67, 0.56]])
B = np.array([[0.25, 0.75], [0.15, 0.85], [0.5, 0.95], [0.4, 0.62]])
T = (0.23 + 0.05 * (np.arange(24) * 7 % 24)).reshape(2, 3, 4)
FINE = {"step": 3e-3, "rtol": 1e-7}
FINER = {"step": 1e-4, "rtol": 1e-7}

ONE_ARGUMENT = (
    "positive negative reciprocal square sqrt cbrt exp exp2 expm1 log log2 log10 log1p",
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh sinc degrees radians",
    "rad2deg deg2rad absolute abs fabs nan_to_num floor ceil rint trunc sign",
)
TWO_ARGUMENTS = (
    "add subtract multiply divide true_divide power float_power arctan2 hypot logaddexp",
    "logaddexp2 maximum minimum fmax fmin fmod remainder mod copysign floor_divide",
)
MATH = ("sin cos tan exp log sqrt erf erfc gamma lgamma atan asin tanh expm1 log1p",)


def words(lines: tuple[str, ...]) -> list[str]:
    return [word for line in lines for word in line.split()]


@pytest.mark.parametrize("name", words(ONE_ARGUMENT))
def test_functions_of_one_argument(name: str) -> None:
    g = getattr(np, name)
    check(lambda x: g(x), A, **FINE)
    check(lambda x: g(x[1]) * 2.0 + g(x[0, 1]), A, **FINE)
    check(lambda x: np.sum(g(x.T) * x.T), A.astype(np.float32), **FINE)


@pytest.mark.parametrize("name", words(TWO_ARGUMENTS))
def test_functions_of_two_arguments_broadcast(name: str) -> None:
    g = getattr(np, name)
    row = np.array([0.77, 1.63, 0.33, 0.41])
    check(lambda x, y: g(x, y), A, row, **FINER)
    check(lambda x, y: g(x, y) * x, A[:, :1] + 0.07, row, **FINER)
    check(lambda x, y: np.sum(g(x, y)) + g(y, x), 0.815, A, **FINER)
    check(lambda x, y: g(x[:, None], y[None, :]), V, row, **FINER)
    check(lambda x, y: g(x, y), T + 0.013, A[:, :1], **FINER)
    check(lambda x: g(x, 2) + g(3, x + 0.07) + g(x, x[::-1] + 0.57), A, **FINER)


@pytest.mark.parametrize("name", words(MATH))
def test_functions_of_math(name: str) -> None:
    g = getattr(math, name)
    check(lambda x: g(x) * 2.0, 0.6, **FINE)
    check(lambda x: g(x[0]) + g(x[1]) * x[2], np.array([0.6, 0.3, 0.2]), **FINE)


AXES = [None, 0, 1, 2, -1, (0, 1), (0, -1), (2, 0), (0, 1, 2), ()]
REDUCTIONS = [np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("reduce", REDUCTIONS, ids=lambda f: f.__name__)
def test_reductions(reduce: Callable[..., Any], axis: Any, keepdims: bool) -> None:
    if axis == () and reduce not in (np.sum, np.mean):
        pytest.skip("not a reduction")
    check(lambda x: reduce(x, axis=axis, keepdims=keepdims), T, **FINE)
    check(lambda x: reduce(x * 2.0, axis, keepdims=keepdims) * 3.0, T[:, ::-1, ::2] + 0.01, **FINE)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sum(0)[:2] * x.mean(axis=-2),
        lambda x: x.max(axis=1) + x.min(1),
        lambda x: x - x.mean(axis=(0, 2), keepdims=True),
        lambda x: x / x.sum(-1, keepdims=True),
        lambda x: np.exp(x - x.max(axis=2, keepdims=True)).sum(axis=2),
        lambda x: x.var(axis=0, ddof=1) + x.std(axis=0),
        lambda x: np.var(x, ddof=2) * x.prod(),
        lambda x: np.amax(x) * np.amin(x),
        lambda x: x[0, np.argmax(x[0, :, 0]), 0] * x[0, x[0, :, 1].argmin(), 1],
        lambda x: x[0, :, 0][np.argmax(x[0], axis=0)[1]],
        lambda x: x * np.argmax(x, axis=-1, keepdims=True),
        lambda x: np.sum(x * (x > 0.3)),
        lambda x: np.sum(x) if np.any(x > 1.0) and np.all(x > 0.0) else x[0, 0, 0],
        lambda x: x.sum() * np.count_nonzero(x > 0.5),
        lambda x: sum(x[0, :, 1]) + max(x[1, :, 0]) * min(x[0, 0]),
        lambda x: np.cumsum(x[0, 0]) * x[1, 1],
        lambda x: np.cumsum(x),
        lambda x: np.trace(x[0]) + x[1].trace(),
        lambda x: np.diagonal(x[0], 1) @ np.diag(x[1], 1) + np.sum(np.diag(x[1][0], -1) ** 2),
        lambda x: np.diff(x[0, 0]),
        lambda x: np.diff(x),
        lambda x: np.linspace(x[0, 0, 0], x[1, 1, 1], 5),
        lambda x: np.linspace(x[0, 0, 0], 3, 1),
        lambda x: x[0, 0, 0] * np.arange(2, 9, 3) * np.arange(0.0, 1.0, 0.4),
        lambda x: x[0, 0, 0] * np.arange(5, 0, -2) + np.sum(np.arange(0)),
        lambda x: np.eye(3) * x[0, :, 0] + np.identity(3) * x[1, 1, 1],
    ],
)
def test_reductions_as_people_write_them(f: Callable[..., Any]) -> None:
    check(f, T, **FINE)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.median(np.array([1.0, 2.0])) * x,
        lambda x: np.ptp(x) * x,
        lambda x: np.average(x, axis=0),
        lambda x: np.nansum(x),
        lambda x: np.linalg.norm(x[0, 0]),
        lambda x: np.einsum("ij,jk->ik", x[0], x[1].T),
        lambda x: np.tensordot(x[0], x[1].T, 1),
        lambda x: np.kron(x[0], x[1]),
        lambda x: np.cross(x[0, 0, :3], x[1, 0, :3]),
        lambda x: np.moveaxis(x, 0, -1),
        lambda x: np.dstack((x, x)),
        lambda x: np.column_stack((x[0, 0], x[1, 1])),
        lambda x: np.flip(x),
        lambda x: np.fliplr(x[0]),
        lambda x: np.roll(x[0, 0], 1),
        lambda x: np.repeat(x[0, 0], 2),
        lambda x: np.tile(x[0, 0], 2),
        lambda x: np.diag(x[0, :, :3]),
        lambda x: np.tril(x[0]),
        lambda x: x[0, 0][np.array([[0, 1], [2, 2]])],
        lambda x: x[0, 0][x[0, 0] > 0.5],
        lambda x: x[0][np.array([True, False, True])],
        lambda x: x[0][np.array([0, 2]), np.array([1, 1])],
        lambda x: np.sort(x[0, 0]),
        lambda x: np.interp(0.5, x[0, 0], x[1, 0]),
        lambda x: np.pad(x[0, 0], 1),
        lambda x: np.atleast_2d(x[0, 0]),
        lambda x: np.meshgrid(x[0, 0], x[0, 1])[0],
    ],
)
def test_what_is_not_in_the_language_is_refused(f: Callable[..., Any]) -> None:
    with pytest.raises((srcdiff.UnknownFunction, srcdiff.TypeInferenceError)) as caught:
        srcdiff.pullback(f, jit=False)(None, T)
    assert caught.value.span is not None
    assert "test_numpy.py" in str(caught.value)


SHAPES = [
    (1, 1),
    (2, 1),
    (1, 2),
    (2, 2),
    (3, 2),
    (2, 3),
    (3, 3),
    (1, 3),
    (3, 1),
]


def operand(rank: int, inner_last: bool) -> Any:
    shape: tuple[int, ...] = (4,)
    if rank == 2:
        shape = (3, 4) if inner_last else (4, 2)
    if rank == 3:
        shape = (2, 3, 4) if inner_last else (2, 4, 3)
    return np.cos(np.arange(1.0, 1.0 + math.prod(shape))).reshape(shape)


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_matrix_products(left: int, right: int) -> None:
    a, b = operand(left, True), operand(right, False)
    check(lambda a, b: a @ b, a, b)
    check(lambda a, b: np.matmul(a, b) * 2.0, a, b)
    check(lambda a, b: (a * 2.0) @ b[..., ::-1] if b.ndim > 1 else a @ b[::-1], a, b)
    check(lambda a, b: a @ b, a.astype(np.float32), b)
    check(lambda a, b: a @ b, a, (b * 10).astype(np.int64))
    if left <= 2 and right <= 2:
        check(lambda a, b: np.dot(a, b) + 1.0, a, b)
        check(lambda a, b: a.dot(b), np.asfortranarray(a), b)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a[:1] @ b[..., :1] if b.ndim == 2 else a[:1] @ b[:1],
        lambda a, b: a.T @ a,
        lambda a, b: a @ a.T,
        lambda a, b: a @ b @ b.T,
        lambda a, b: (a @ b).T @ a,
        lambda a, b: a[0] @ b,
        lambda a, b: a @ b[:, 0],
        lambda a, b: a[0] @ b[:, 1],
        lambda a, b: a[::2] @ b,
        lambda a, b: a[:, ::2] @ b[::2],
        lambda a, b: np.outer(a[0], b[:, 0]),
        lambda a, b: np.outer(a, b),
        lambda a, b: np.vdot(a[:, 0], b[:3, 0]),
        lambda a, b: np.vdot(a, a),
        lambda a, b: np.inner(a, b.T),
        lambda a, b: np.inner(a[0], b[:, 0]),
        lambda a, b: np.inner(a, b[:, 0]),
        lambda a, b: np.dot(a[0, 0], b),
        lambda a, b: np.dot(2.0, b),
        lambda a, b: np.trace(a @ b @ a[:2]) + np.trace(a),
    ],
)
def test_products(f: Callable[..., Any]) -> None:
    check(f, A, B, **FINE)


def test_stacks_of_extent_1_are_broadcast() -> None:
    a, b = operand(3, True), operand(3, False)
    check(lambda a, b: a @ b, a[:1], b)
    check(lambda a, b: a @ b, a, b[:1])
    check(lambda a, b: a @ b, a[:1], b[:1])
    with pytest.raises((srcdiff.ShapeError, ValueError)):
        check(lambda a, b: a @ b, a, np.concatenate((b, b[:1])))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.T * 2.0,
        lambda x: np.transpose(x, (1, 2, 0)) * x[0, 0, 0],
        lambda x: x.transpose(2, 0, 1),
        lambda x: x.transpose((0, 2, 1)),
        lambda x: np.swapaxes(x, 0, -1),
        lambda x: x.swapaxes(1, 2) * 3.0,
        lambda x: x.reshape(4, 6),
        lambda x: x.reshape((3, -1)) * 2.0,
        lambda x: np.reshape(x, -1),
        lambda x: x.T.reshape(6, 4),
        lambda x: x.ravel() * x.flatten(),
        lambda x: np.ravel(x[:, ::2]),
        lambda x: np.expand_dims(x, 0) * x,
        lambda x: np.expand_dims(x, (1, -1)),
        lambda x: np.squeeze(x[:, :1, :1], axis=2),
        lambda x: np.squeeze(np.expand_dims(x, (0, 2))) * 2.0,
        lambda x: x[:, None, ..., None],
        lambda x: x[..., 0] * x[..., -1],
        lambda x: x[0][1][2] * x[-1, -1],
        lambda x: x[:, 1:, ::-2],
        lambda x: x[1, :, 1:3][::-1],
        lambda x: np.concatenate((x, x * 2.0)),
        lambda x: np.concatenate((x, x[:, :1] * 3.0), axis=1),
        lambda x: np.concatenate([x[..., :1], x, x], axis=-1),
        lambda x: np.concatenate((x[0], x[1]), axis=0),
        lambda x: np.stack((x, x * x)),
        lambda x: np.stack([x[0], x[1] * 2.0], axis=1),
        lambda x: np.stack((x[0], x[1] * 2.0), axis=-1),
        lambda x: np.hstack((x, x)),
        lambda x: np.hstack((x[0, 0], x[1, 1])),
        lambda x: np.vstack((x[0], x[1])),
        lambda x: np.vstack((x[0, 0], x[1, 1])),
        lambda x: np.array([x[0, 0, 0], 2.0, x[1, 1, 1]]),
        lambda x: np.array([[x[0, 0, 0], 1], [x[1, 1, 1], x[0, 1, 0]]]),
        lambda x: np.array((x[0, 0], x[1, 1] * 2.0)),
        lambda x: np.array(x) * np.asarray(x),
        lambda x: np.broadcast_to(x[0, 0], (3, 4)) * 2.0,
        lambda x: np.broadcast_to(x[0, 0, 0], (2, 2)),
        lambda x: np.where(x > 0.5, x, -x),
        lambda x: np.where(x[0] > 0.5, x, x[1, 1, 1]),
        lambda x: np.where(np.array([True, False, True, False]), x, 0),
        lambda x: np.clip(x, 0.2, x[0, 2, 3]),
        lambda x: x.clip(0.2, 0.8),
        lambda x: np.clip(x, x[0, 0], x[1, 1]),
        lambda x: np.full((2, 3), x[0, 0, 0]) * np.full_like(x[:, :, 0], 2),
        lambda x: np.zeros((2, 3)) + np.ones((3,)) * x[:, :, 0],
        lambda x: np.zeros_like(x) + np.ones_like(x) * x,
        lambda x: np.take(x[0, 0], np.array([2, 0, -1])),
        lambda x: np.take(x[0], np.array([2, 0, -1])),
        lambda x: np.take(x[0], np.array([2, 0, -1]), axis=0),
    ],
)
def test_shapes(f: Callable[..., Any]) -> None:
    check(f, T, **FINE)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.broadcast_to(x[:, :1], (2, 3, 4)) * x,
        lambda x: np.where(x[:, :, 1:2] > 0.4, 1.0, x),
        lambda x: x * x[:1] + x / x[..., -1:],
    ],
)
def test_slices_of_one_element_are_broadcast(f: Callable[..., Any]) -> None:
    check(f, T, **FINE)


def test_squeeze_of_extents_known_at_run_time() -> None:
    def f(x, k):
        return np.squeeze(x[:k]) * 2.0

    check(f, A, 2)
    with pytest.raises(srcdiff.ShapeError, match="axis to squeeze"):
        srcdiff.pullback(f, jit=False)(np.ones((1, 4)), A, 1)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, y: x + y, (V, np.ones(4))),
        (lambda x, y: x @ y, (A, V)),
        (lambda x, y: np.concatenate((x, y), axis=1), (A, B)),
        (lambda x, y: np.where(x > 0, x, y), (A, B)),
        (lambda x, y: np.outer(x, y) + np.ones((2, 2)), (V, V)),
        (lambda x, y: x.reshape(5, 2) * y, (A, B)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        f(*args)
    seed = np.ones((3, 4))
    with pytest.raises((srcdiff.ShapeError, srcdiff.TypeInferenceError)):
        srcdiff.pullback(f, argnums=(0, 1), jit=False)(seed, *args)


def test_numpy_compiled() -> None:
    def f(x):
        y = np.exp(x - x.max(axis=-1, keepdims=True)).sum(axis=(0, 2)) @ x[0]
        return np.where(y > 2.0, np.sqrt(y), y**3) * x[1].std(axis=0)

    check(f, T, jit=True, **FINE)
