"""Arrays of every kind as arguments, and who owns what comes back."""

from typing import Any

import numpy as np
import pytest

import srcdiff as sd


def squares(x):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[i, j] * x[i, j]
    return total


BASE = np.arange(12.0).reshape(3, 4)
READ_ONLY = BASE.copy()
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    "x",
    [
        BASE,
        np.asfortranarray(BASE),
        BASE[::-1, ::2],
        BASE.T,
        READ_ONLY,
        np.broadcast_to(np.arange(4.0), (3, 4)),
        np.zeros((0, 4)),
        np.zeros((3, 0)),
        np.ones((1, 4)),
        BASE.astype(np.float32),
    ],
    ids=str,
)
def test_every_layout(x: Any, jit: bool) -> None:
    gradient = sd.grad(squares, jit=jit)(x)
    np.testing.assert_array_equal(gradient, 2.0 * x)
    assert gradient.dtype == x.dtype
    assert gradient.shape == x.shape
    assert gradient.flags.writeable
    assert not np.shares_memory(gradient, x)


@pytest.mark.parametrize("jit", [False, True])
def test_rank_0(jit: bool) -> None:
    gradient = sd.grad(lambda x: np.sum(x * x), jit=jit)(np.array(3.0))
    assert isinstance(gradient, np.ndarray)
    assert gradient.shape == ()
    assert gradient == 6.0


def test_memory_map(tmp_path: Any) -> None:
    x = np.memmap(tmp_path / "x", np.float64, "w+", shape=(2, 2))
    x[:] = 3.0
    np.testing.assert_array_equal(sd.grad(squares, jit=True)(x), np.full((2, 2), 6.0))


class Sub(np.ndarray):
    """An array with a meaning of its own."""


@pytest.mark.parametrize("x", [np.ones((2, 2)).view(Sub), np.ma.array([[1.0]])])
def test_classes_of_arrays_are_refused(x: Any) -> None:
    with pytest.raises(sd.TypeInferenceError, match=r"np\.asarray"):
        sd.grad(squares, jit=False)(x)


@pytest.mark.parametrize("jit", [False, True])
def test_extents_of_1_broadcast(jit: bool) -> None:
    df = sd.grad(lambda x, y: np.sum(x * y), (0, 1), jit=jit)
    for rows in (3, 1, 3, 1):
        x, y = np.ones((rows, 4)), np.full((3, 4), 2.0)
        x_bar, y_bar = df(x, y)
        np.testing.assert_array_equal(x_bar, np.full((rows, 4), 2.0 * (3 if rows == 1 else 1)))
        np.testing.assert_array_equal(y_bar, np.ones((3, 4)))
    with pytest.raises(sd.ShapeError):
        df(np.ones((2, 4)), np.ones((3, 4)))


def writes(x):
    x[0] = x[0] * x[1]
    return x[0] * x[1]


@pytest.mark.parametrize("jit", [False, True])
def test_arguments_stay_as_they_were(jit: bool) -> None:
    x = np.array([2.0, 3.0])
    for _ in range(2):
        np.testing.assert_array_equal(sd.grad(writes, jit=jit)(x), [9.0, 12.0])
        np.testing.assert_array_equal(x, [2.0, 3.0])


def written_beside(a, b):
    for i in range(a.shape[0]):
        b[i] = a[i] * b[i]
    return np.sum(b)


@pytest.mark.parametrize("jit", [False, True])
def test_aliasing(jit: bool) -> None:
    df = sd.grad(written_beside, (0, 1), jit=jit)
    x = np.arange(6.0)
    for a, b in ((x, x), (x[:4], x[2:]), (x[::2], x[2:5])):
        with pytest.raises(sd.AliasingError, match=r"`b`.*`a`"):
            df(a, b)
    a_bar, b_bar = df(x[::2], x[1::2])
    np.testing.assert_array_equal(a_bar, x[1::2])
    np.testing.assert_array_equal(b_bar, x[::2])
    np.testing.assert_array_equal(x, np.arange(6.0))


def test_the_same_array_twice_is_fine_while_nothing_is_written() -> None:
    x = np.arange(3.0)
    one, other = sd.grad(lambda a, b: np.sum(a * b), (0, 1), jit=False)(x, x)
    np.testing.assert_array_equal(one, x)
    np.testing.assert_array_equal(other, x)
    assert not np.shares_memory(one, other)


@pytest.mark.parametrize("jit", [False, True])
def test_results_are_the_users_own(jit: bool) -> None:
    x = np.arange(4.0).reshape(2, 2)

    def f(x, y):
        return np.sum(x * y), (x, x.T, x[0], y, x.reshape(4))

    (_, aux), gradients = sd.value_and_grad(f, (0, 1), has_aux=True, jit=jit)(x, 2.0 * x)
    arrays = [*aux, *gradients, x]
    for k, one in enumerate(arrays):
        for other in arrays[:k]:
            assert not np.shares_memory(one, other)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64])
@pytest.mark.parametrize("jit", [False, True])
def test_integers_that_are_too_large(value: int, jit: bool) -> None:
    df = sd.grad(lambda x, n: x * n, jit=jit)
    assert df(2.0, 3) == 3.0
    with pytest.raises(sd.TypeInferenceError, match="`n` is an integer that does not fit"):
        df(2.0, value)


def test_integers_do_not_specialise() -> None:
    df = sd.grad(lambda x, n: x * n, jit=False)
    for n in range(5):
        assert df(2.0, n) == n
    assert len(df._variants) == 1
    for flag in (True, False):
        assert sd.grad(lambda x, flag: x * x if flag else x, jit=False)(3.0, flag) == (
            6.0 if flag else 1.0
        )
