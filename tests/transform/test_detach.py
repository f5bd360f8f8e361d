"""Increments of elements that a loop passes in the other direction."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.detach import detach
from tests.transform.soundness import check_memory_programs, check_references


def reflected(x: Any, w: Any) -> Any:
    y = x.copy()
    z = np.empty(x.shape[0])
    for k in range(1, x.shape[0]):
        for i in range(k):
            z[i] = y[i] + w[k] * y[k - 1 - i]
        for i in range(k):
            y[i] = z[i]
    return np.sum(y * y)


def turned_once(x: Any, w: Any) -> Any:
    n = x.shape[0]
    z = np.empty(n)
    for i in range(n):
        z[i] = x[i] * x[n - 1 - i] + x[n - 1 - i] ** 2
    return np.sum(z * w)


def read_there(x: Any, w: Any) -> Any:
    """What is added is read in the loop."""
    n = x.shape[0]
    y = x.copy()
    for i in range(n):
        y[i] = y[i] * w[i] + y[n - 1 - i]
    return np.sum(y * y)


def one_direction(x: Any, w: Any) -> Any:
    n = x.shape[0]
    z = np.empty(n)
    for i in range(1, n):
        z[i] = x[i] * x[i - 1]
    return np.sum(z[1:] * w[1:])


def gathered(x: Any, w: Any) -> Any:
    """Which elements are added to is not known."""
    n = x.shape[0]
    z = np.empty(n)
    for i in range(n):
        z[i] = x[i] * x[(i * i) % n]
    return np.sum(z * w)


def arguments(n: int) -> tuple[Any, Any]:
    random = np.random.default_rng(n)
    return random.normal(size=n), random.normal(size=n)


def adjoint(f: Callable[..., Any]) -> str:
    text = str(sd.value_and_grad(f, (0, 1)).source(*arguments(3)))
    return re.sub(r" # (?!----).*", "", text)


def test_what_is_turned_is_added_in_a_loop_of_its_own() -> None:
    assert re.search(
        r" +part\[i\] = .*\n.*radd.*\n +y_bar\[i\] \+= .*\n.*\n"
        r" +for i in range\(k\): *\n +y_bar\[np\.uint64\(\w+ - i\)\] \+= part\[i\]",
        adjoint(reflected),
    )


def test_the_array_of_terms_is_made_once() -> None:
    assert re.search(r"^    part = np\.empty_like\(x\)", adjoint(reflected), flags=re.M)


def test_several_increments_are_turned() -> None:
    text = adjoint(turned_once)
    assert re.search(r"x_bar\[np\.uint64\(.*\)\] \+= part\w*\[i\]", text)


@pytest.mark.parametrize("f", [read_there, one_direction, gathered], ids=lambda f: f.__name__)
def test_what_stays(f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = adjoint(f)
    passes = tuple(p for p in sd.pipeline.FINISH if p is not detach)
    monkeypatch.setattr(sd.pipeline, "FINISH", passes)
    assert with_it == adjoint(f)


FUNCTIONS = (reflected, turned_once, read_there, one_direction, gathered)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_gradients(f: Callable[..., Any], n: int) -> None:
    args = arguments(n)
    value, _ = sd.value_and_grad(f, (0, 1), jit=False)(*args)
    assert value == pytest.approx(f(*args), rel=1e-13)
    sd.testing.check_grads(f, args, (0, 1), order=1, jit=False)


def test_compiled() -> None:
    args = arguments(40)
    value, bars = sd.value_and_grad(reflected, (0, 1))(*args)
    plain, plain_bars = sd.value_and_grad(reflected, (0, 1), jit=False)(*args)
    assert value == pytest.approx(plain, rel=1e-12)
    for bar, plain_bar in zip(bars, plain_bars, strict=True):
        np.testing.assert_allclose(bar, plain_bar, rtol=1e-9, atol=1e-9 * np.abs(plain_bar).max())


def test_what_programs_compute_stays() -> None:
    check_memory_programs(detach, range(20))
    check_references(detach, range(40))
