"""What the user gave is taken apart into a function and the arguments bound to it."""

import functools
import math
from types import FunctionType
from typing import Any

import numba
import numpy as np
import pytest

from srcdiff.errors import SrcdiffError, UnknownFunction, UnsupportedSyntax
from srcdiff.frontend.source import find_source
from srcdiff.frontend.target import Target, unwrap


def loss(*args: float, **kwargs: float) -> str:
    return f"{args} {sorted(kwargs.items())}"


class Model:
    def loss(self, *args: float, **kwargs: float) -> str:
        return f"{type(self).__name__} {loss(*args, **kwargs)}"

    @staticmethod
    def static(x: float) -> float:
        return x

    @classmethod
    def made(cls, x: float) -> str:
        return f"{cls.__name__} {x}"

    @numba.njit
    def compiled(self, x: float) -> float:
        return x

    part = functools.partialmethod(loss, 1.0, scale=2.0)


class Callable(Model):
    def __call__(self, x: float) -> str:
        return f"called with {x}"


def same(f: Any, *args: float, **kwargs: float) -> Target:
    """Check that the target does what `f` does, and return it."""
    target = unwrap(f)
    assert target.function(*target.args, *args, **{**target.kwargs, **kwargs}) == f(*args, **kwargs)
    return target


def test_function_and_lambda_and_closure() -> None:
    k = 2.0
    for f in (loss, lambda x: x, lambda x: x * k):
        target = unwrap(f)
        assert (target.function, target.args, target.kwargs) == (f, (), {})
        assert target.fastmath is False


def test_method_binds_its_instance() -> None:
    model = Model()
    target = same(model.loss, 1.0, 2.0)
    assert (target.function, target.args) == (Model.loss, (model,))
    assert same(Model.made, 1.0).args == (Model,)
    assert same(model.static, 1.0).args == ()
    assert unwrap(Model.__dict__["static"]).function is Model.static


def test_partials_bind_from_left_to_right() -> None:
    inner = functools.partial(loss, 1.0, a=1.0, b=1.0)
    # `partial` flattens partials of its own class only.
    between = functools.partial(Callable().loss, 2.0)
    assert same(functools.partial(inner, 2.0, b=2.0), 3.0, c=3.0).kwargs == {"a": 1.0, "b": 2.0}
    assert same(between, 3.0, c=3.0).args[1:] == (2.0,)
    assert same(functools.partial(between, 3.0), 4.0).args[1:] == (2.0, 3.0)
    assert same(Model().part, 3.0).kwargs == {"scale": 2.0}


def test_what_is_bound_is_not_shared_with_the_partial() -> None:
    f = functools.partial(loss, scale=1.0)
    target = unwrap(f)
    f.keywords["scale"] = 2.0
    assert target.kwargs == {"scale": 1.0}


def test_callable_instance() -> None:
    instance = Callable()
    # Python does not look here, and neither do we.
    instance.__dict__["__call__"] = loss
    target = same(instance, 1.0)
    assert (target.function, target.args) == (Callable.__call__, (instance,))
    assert isinstance(target.function, FunctionType)
    assert find_source(target.function).node.lineno == Callable.__call__.__code__.co_firstlineno


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="njit gives back the function itself")
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (False, False),
        (True, True),
        ({"nnan", "contract"}, frozenset({"nnan", "contract"})),
        ({"nnan": True, "ninf": False}, frozenset({"nnan"})),
    ],
)
def test_dispatcher_hands_down_fastmath(option: Any, expected: Any) -> None:
    def f(x: float) -> float:
        return x

    target = unwrap(functools.partial(numba.njit(f, fastmath=option), 1.0))
    assert (target.function, target.args, target.fastmath) == (f, (1.0,), expected)


def test_dispatcher_as_a_method() -> None:
    model = Model()
    target = unwrap(model.compiled)
    assert isinstance(target.function, FunctionType)
    assert target.args == (model,)


@pytest.mark.parametrize(
    "f", [np.sin, np.add, np.sum, np.linalg.det, np.asarray, np.einsum, math.sin, abs]
)
def test_functions_that_need_no_source(f: Any) -> None:
    assert unwrap(f).function is f


@functools.lru_cache
def cached(x: float) -> float:
    return x


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (3.0, UnknownFunction, ["object of type `float` is not a function", "Pass a function"]),
        (None, UnknownFunction, ["object of type `NoneType` is not a function"]),
        (Model, UnknownFunction, ["`Model` is a class", "Pass a function"]),
        (Model(), UnknownFunction, ["object of type `Model` is not a function"]),
        (np.float64, UnknownFunction, ["`float64` is a class"]),
        (np.vectorize(loss), UnknownFunction, ["loop over the elements", "the function inside"]),
        (numba.vectorize(loss), UnknownFunction, ["loop over the elements"]),
        (np.ones(3).sum, UnknownFunction, ["`ndarray.sum` has no Python source", "written in"]),
        (np.add.reduce, UnknownFunction, ["`ufunc.reduce` has no Python source"]),
        (cached, UnsupportedSyntax, ["`cached` is wrapped", "`cached.__wrapped__`"]),
    ],
)
def test_what_is_no_function(f: Any, error: type[SrcdiffError], words: list[str]) -> None:
    with pytest.raises(error) as raised:
        unwrap(f)
    for word in words:
        assert word in str(raised.value)
