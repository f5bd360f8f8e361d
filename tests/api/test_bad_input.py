"""What the transforms beside `grad` refuse: tangents, arguments and outputs that do not fit."""

from typing import Any

import numpy as np
import pytest

import srcdiff as sd

X = np.array([0.5, -1.5, 2.0])
Y = 2.0


def vector(x, y):
    return x * x * y


def scalar(x, y):
    return np.sum(x**3) * y


TANGENTS = [
    (np.ones(2), sd.ShapeError, r"\(2,\).*\(3,\)"),
    (np.ones((3, 1)), sd.ShapeError, r"\(3, 1\)"),
    (np.ones(3, np.float32), sd.TypeInferenceError, "float32.*float64"),
    (np.ones(3, int), sd.TypeInferenceError, "int64.*float64"),
    (1.0, sd.TypeInferenceError, "float"),
    ([1.0, 1.0, 1.0], sd.TypeInferenceError, "tree"),
    ((np.ones(3),), sd.TypeInferenceError, r"tree \(\*,\)"),
    (None, sd.TypeInferenceError, "NoneType"),
]


@pytest.mark.parametrize(("tangent", "error", "words"), TANGENTS)
@pytest.mark.parametrize("transform", [sd.pushforward, sd.hvp, sd.gnvp])
def test_wrong_tangents(transform: Any, tangent: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        transform(scalar, jit=False)(tangent, X, Y)


@pytest.mark.parametrize(("direction", "error", "words"), TANGENTS)
def test_wrong_directions(direction: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sd.taylor(scalar, 2, jit=False)(direction, X, Y)


@pytest.mark.parametrize(
    ("tangent", "error", "words"),
    [
        (np.ones(1), sd.TypeInferenceError, "array"),
        ("1", sd.TypeInferenceError, "str"),
        (np.float32(1.0), sd.TypeInferenceError, "float32"),
        (1j, sd.TypeInferenceError, "complex"),
        (True, sd.TypeInferenceError, "bool"),
    ],
)
def test_wrong_tangents_of_numbers(tangent: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sd.pushforward(scalar, "y", jit=False)(tangent, X, Y)


def test_wrong_numbers_of_tangents() -> None:
    with pytest.raises(sd.TypeInferenceError, match="1 tangents are given for 2"):
        sd.jvp(vector, (X, Y), (X,), jit=False)
    with pytest.raises(sd.TypeInferenceError, match="3 tangents are given for 2"):
        sd.jvp(vector, (X, Y), (X, Y, Y), jit=False)
    with pytest.raises(sd.TypeInferenceError, match="tree"):
        sd.pushforward(vector, (0, 1), jit=False)((X,), X, Y)
    with pytest.raises(sd.TypeInferenceError, match="tree"):
        sd.pushforward(vector, (0, 1), jit=False)(X, X, Y)
    with pytest.raises(sd.TypeInferenceError, match="No tangents are given"):
        sd.pushforward(vector, jit=False)()


def test_tangents_of_what_is_no_float() -> None:
    f = lambda p: p[0] * p[1]  # noqa: E731
    with pytest.raises(sd.NotDifferentiable, match="None"):
        sd.pushforward(f, jit=False)((1.0, 1), (2.0, 3))
    assert sd.pushforward(f, jit=False)((1.0, None), (2.0, 3)) == (6.0, 3.0)


TRANSFORMS = [sd.jacobian, sd.jacfwd, sd.jacrev, sd.hessian, sd.hvp, sd.gnvp, sd.pushforward]


@pytest.mark.parametrize("argnums", [2, -1, 0.0, True, "z", (), (0, "x"), [0], None])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_wrong_argnums(transform: Any, argnums: Any) -> None:
    with pytest.raises(sd.NotDifferentiable, match="argnums"):
        transform(scalar, argnums, jit=False)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_integer_arguments(transform: Any) -> None:
    seeds = (1.0,) if transform in (sd.hvp, sd.gnvp, sd.pushforward) else ()
    for argument in (3, np.arange(3)):
        with pytest.raises(sd.NotDifferentiable, match="no floating-point number"):
            transform(lambda x: np.sum(x * 1.5), jit=False)(*seeds, argument)
    with pytest.raises(sd.NotDifferentiable, match="holds a floating-point"):
        sd.jvp(lambda n: n, (3,), (1.0,), jit=False)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_outputs_that_are_no_floats(transform: Any) -> None:
    seeds = (X,) if transform in (sd.hvp, sd.gnvp, sd.pushforward) else ()
    for f, words in (
        (lambda x: x.shape[0], "int64"),
        (lambda x: x > 0.0, "bool"),
        (lambda x: np.argmax(x), "int64"),
    ):
        with pytest.raises(sd.NotDifferentiable, match=words):
            transform(f, jit=False)(*seeds, X)
    with pytest.raises(sd.NotDifferentiable, match="returns nothing"):
        transform(lambda x: None, jit=False)(*seeds, X)


@pytest.mark.parametrize("transform", [sd.grad, sd.value_and_grad, sd.hessian, sd.hvp])
def test_what_is_of_numbers_names_the_way_out(transform: Any) -> None:
    seeds = (X,) if transform is sd.hvp else ()
    with pytest.raises(sd.NotDifferentiable) as refusal:
        transform(vector, jit=False)(*seeds, X, Y)
    assert "`jacobian` and `vjp`" in str(refusal.value)
    with pytest.raises(sd.NotDifferentiable, match=r"returns a tuple.*(?s:.)*`jacobian`"):
        transform(lambda x: (x[0], x[1]), jit=False)(*seeds, X)


@pytest.mark.parametrize("order", [0, -1, 1.0, True, None, "2"])
def test_orders_of_a_series(order: Any) -> None:
    with pytest.raises(sd.TypeInferenceError, match="order"):
        sd.taylor(scalar, order, jit=False)


def test_options_are_checked() -> None:
    for transform in TRANSFORMS:
        with pytest.raises(sd.TypeInferenceError, match="no option `jitt`"):
            transform(scalar, jitt=False)
        with pytest.raises(sd.UnknownFunction, match="`parallel` is not built"):
            transform(scalar, parallel=True)
