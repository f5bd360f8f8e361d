"""The transforms: argnums, auxiliary outputs, keywords, options, decorators, cotangents."""

import functools
import math
from typing import Any

import numba
import numpy as np
import pytest

import srcdiff as sd
from srcdiff.options import BUILT, NOT_BUILT


def product(x: Any, y: Any) -> Any:
    return x * x * y


def with_aux(x: Any) -> Any:
    return np.sum(x * x), (x, 2.0 * x, "name", None, x.shape[0])


def powers(x: Any, y: Any = 2.0, *, n: Any = 1) -> Any:
    return x**n * y


@pytest.mark.parametrize("jit", [False, True])
def test_grad_of_numbers(jit: bool) -> None:
    gradient = sd.grad(product, jit=jit)(3.0, 2.0)
    assert gradient == 12.0
    assert type(gradient) is float
    value, pair = sd.value_and_grad(product, argnums=(0, 1), jit=jit)(3.0, 2.0)
    assert (value, pair) == (18.0, (12.0, 9.0))
    assert type(value) is float


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 12.0), (1, 9.0), ("y", 9.0), ((1,), (9.0,)), (("y", 0), (9.0, 12.0))],
)
def test_argnums(argnums: Any, expected: Any) -> None:
    assert sd.grad(product, argnums, jit=False)(3.0, 2.0) == expected
    assert sd.value_and_grad(product, argnums, jit=False)(3.0, 2.0) == (18.0, expected)
    assert sd.pullback(product, argnums, jit=False)(1.0, 3.0, 2.0) == (18.0, expected)


@pytest.mark.parametrize("argnums", [2, -1, 0.0, True, "z", (), (0, "x"), [0], None])
def test_wrong_argnums(argnums: Any) -> None:
    for transform in (sd.grad, sd.value_and_grad, sd.pullback):
        with pytest.raises(sd.NotDifferentiable, match="argnums"):
            transform(product, argnums, jit=False)


@pytest.mark.parametrize("jit", [False, True])
def test_aux(jit: bool) -> None:
    x = np.arange(3.0)
    gradient, aux = sd.grad(with_aux, has_aux=True, jit=jit)(x)
    (value, same), again = sd.value_and_grad(with_aux, has_aux=True, jit=jit)(x)
    assert value == 5.0
    for found in (gradient, again, aux[1], same[1]):
        np.testing.assert_array_equal(found, 2.0 * x)
    for found in (aux, same):
        np.testing.assert_array_equal(found[0], x)
        assert found[2:] == ("name", None, 3)
        assert not np.shares_memory(found[0], x)


def test_aux_must_be_a_pair() -> None:
    with pytest.raises(sd.NotDifferentiable, match="pair"):
        sd.grad(product, has_aux=True, jit=False)(1.0, 2.0)


def test_keywords_and_defaults() -> None:
    assert sd.grad(powers, jit=False)(3.0) == 2.0
    assert sd.grad(powers, jit=False)(3.0, n=2) == 12.0
    assert sd.grad(powers, jit=False)(3.0, y=5.0) == 5.0
    assert sd.grad(powers, "y", jit=False)(3.0, y=5.0, n=2) == 9.0
    assert sd.grad(powers, jit=False)(x=3.0, y=5.0) == 5.0
    with pytest.raises(sd.NotDifferentiable, match="`y` to differentiate by is not given"):
        sd.grad(powers, "y", jit=False)(3.0)


@sd.grad
def decorated(x):
    return x * x


@sd.value_and_grad(argnums=("y", "x"), jit=False)
def decorated_with_options(x, y):
    return x * y


def test_decorators() -> None:
    assert decorated(3.0) == 6.0
    assert decorated.__name__ == "decorated"
    assert decorated_with_options(3.0, 2.0) == (6.0, (3.0, 2.0))


class Model:
    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.weights = np.arange(3.0)

    def loss(self, x):
        return self.scale * np.sum(self.weights * x * x)

    def __call__(self, x):
        return self.loss(x)


def test_every_kind_of_function() -> None:
    x = np.ones(3)
    model = Model(2.0)
    expected = 4.0 * np.arange(3.0)
    np.testing.assert_array_equal(sd.grad(model.loss, jit=False)(x), expected)
    np.testing.assert_array_equal(sd.grad(model, jit=False)(x), expected)
    partial = functools.partial(product, 3.0)
    assert sd.grad(partial, jit=False)(2.0) == 9.0
    bound = functools.partial(lambda w, x: np.sum(w * x), np.arange(3.0))
    np.testing.assert_array_equal(sd.grad(bound, jit=False)(x), np.arange(3.0))
    assert sd.grad(lambda x: x * x * x, jit=False)(2.0) == 12.0
    assert sd.grad(numba.njit(product), jit=False)(3.0, 2.0) == 12.0
    assert sd.grad(math.sin, jit=False)(0.0) == 1.0
    assert sd.grad(np.sin, jit=False)(0.0) == 1.0
    np.testing.assert_array_equal(sd.grad(np.sum, jit=False)(x), x)
    np.testing.assert_array_equal(sd.grad(np.dot, (0, 1), jit=False)(x, 2 * x), [2 * x, x])


def test_star_arguments() -> None:
    def total(*parts):
        result = 0.0
        for part in parts:
            result += part * part
        return result

    assert sd.grad(total, (0, 2), jit=False)(1.0, 2.0, 3.0) == (2.0, 6.0)


@pytest.mark.parametrize("jit", [False, True])
def test_dtypes(jit: bool) -> None:
    df = sd.value_and_grad(product, (0, 1), jit=jit)
    for x, y, value_type in (
        (np.float32(3), np.float32(2), np.float32),
        (np.float64(3), np.float32(2), float),
        (3.0, np.float32(2), np.float32),
        (np.float64(3), 2.0, float),
    ):
        value, gradient = df(x, y)
        assert (value, gradient) == (18.0, (12.0, 9.0))
        assert type(value) is value_type
        assert [type(part) for part in gradient] == [type(x), type(y)]
        assert df(x, y) == (value, gradient)


@pytest.mark.parametrize("jit", [False, True])
def test_vjp(jit: bool) -> None:
    x = np.arange(6.0).reshape(2, 3)
    out, back = sd.vjp(lambda x, n, y: (x * y, n, x.T), x, 3, 2.0, jit=jit)
    np.testing.assert_array_equal(out[0], 2.0 * x)
    assert out[1] == 3
    assert not np.shares_memory(out[2], x)
    saved = x.copy()
    x[:] = 0.0
    x_bar, y_bar = back((np.ones((2, 3)), None, np.ones((3, 2))))
    np.testing.assert_array_equal(x_bar, np.full((2, 3), 3.0))
    assert y_bar == saved.sum()
    (only,) = sd.vjp(product, 3.0, 2.0, argnums=1, jit=jit)[1](1.0)
    assert only == 9.0


@pytest.mark.parametrize("jit", [False, True])
def test_cotangents_are_not_views_of_the_seed(jit: bool) -> None:
    seed = np.ones(3)
    _, (x_bar, y_bar) = sd.pullback(lambda x, y: x + y, (0, 1), jit=jit)(
        seed, np.zeros(3), np.zeros(3)
    )
    assert not np.shares_memory(x_bar, seed)
    assert not np.shares_memory(x_bar, y_bar)


@pytest.mark.parametrize(
    ("out_bar", "error", "words"),
    [
        (np.ones(2), sd.ShapeError, r"\(2,\).*\(3,\)"),
        (np.ones((3, 1)), sd.ShapeError, r"\(3, 1\)"),
        (np.ones(3, np.float32), sd.TypeInferenceError, "float32.*float64"),
        (1.0, sd.TypeInferenceError, "float"),
        ((np.ones(3),), sd.TypeInferenceError, r"tree \(\*,\)"),
        (None, sd.TypeInferenceError, "NoneType"),
    ],
)
def test_wrong_cotangents(out_bar: Any, error: type[Exception], words: str) -> None:
    _, back = sd.vjp(lambda x: x * x, np.ones(3), jit=False)
    with pytest.raises(error, match=words):
        back(out_bar)


def test_cotangent_of_what_has_none() -> None:
    _, back = sd.vjp(lambda x: (x * x, 1), 1.0, jit=False)
    with pytest.raises(sd.NotDifferentiable, match="None"):
        back((1.0, 1))


@pytest.mark.parametrize("jit", [False, True])
def test_shape_of_a_cotangent_ahead_of_time(jit: bool) -> None:
    pull = sd.pullback(lambda x: x * x, jit=jit)
    with pytest.raises(sd.ShapeError, match="shape of the result"):
        pull(np.ones(2), np.ones(3))


def test_options() -> None:
    assert set(BUILT) == {*("jit", "cache", "fastmath", "boundscheck"), "outputs", "checkpoint"}
    for name, nothing in NOT_BUILT.items():
        assert sd.grad(product, jit=False, **{name: nothing})(3.0, 2.0) == 12.0
        with pytest.raises(sd.UnknownFunction, match=f"`{name}` is not built"):
            sd.grad(product, **{name: 4})
    with pytest.raises(sd.TypeInferenceError, match="no option `jitt`"):
        sd.grad(product, jitt=False)
    with pytest.raises(sd.TypeInferenceError, match="`jit` is True or False"):
        sd.grad(product, jit=1)
    with pytest.raises(sd.TypeInferenceError, match="`fastmath`"):
        sd.grad(product, fastmath="contract")


def test_fastmath_is_inherited_and_given() -> None:
    for df in (
        sd.grad(numba.njit(fastmath=True)(product)),
        sd.grad(product, fastmath=True),
        sd.grad(product, fastmath={"contract"}, boundscheck=True),
    ):
        assert df(3.0, 2.0) == 12.0
        [found] = df._variants[next(iter(df._variants))]
        assert found.function.targetoptions["fastmath"]


def test_numba_without_a_compiler_runs_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.config, "DISABLE_JIT", 1)
    df = sd.grad(lambda x: x * x)
    assert df(3.0) == 6.0
    assert df.signatures == []
