"""Every case of the benchmarks is right: ours and the adjoints by hand, in all forms, in small."""

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.benchmarks.case import Case
from tests.benchmarks.registry import CASES
from tests.dual import gradients

RTOL = 1e-10
FORMS = [(name, form) for name, case in CASES.items() for form in case.forms()]
BY_HAND = [name for name, case in CASES.items() if case.hand]


def assert_agrees(case: Case, value: Any, gradient: tuple[Any, ...]) -> None:
    """Compare with the oracle, relative to the largest element of each gradient."""
    expected_value, expected = gradients(case.primal, case.tiny_args(), case.argnums)
    assert value == pytest.approx(expected_value, rel=RTOL)
    for position, found, part in zip(case.argnums, gradient, expected, strict=True):
        assert np.shape(found) == np.shape(part)
        scale = np.max(np.abs(part))
        assert scale > 0.0, "the argument does not matter"
        np.testing.assert_allclose(
            found, part, rtol=0.0, atol=RTOL * scale, err_msg=f"argument {position}"
        )


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy that runs as Python, with the compiled functions that it calls."""
    function = getattr(function, "py_func", function)
    names = dict(function.__globals__)
    for name in set(function.__code__.co_names) & names.keys():
        if hasattr(names[name], "py_func"):
            names[name] = plain(names[name])
    return types.FunctionType(function.__code__, names, function.__name__)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_gradient(name: str, form: str) -> None:
    case = CASES[name]
    df = srcdiff.value_and_grad(case.forms()[form], argnums=case.argnums, jit=False)
    if form in case.refused:
        with pytest.raises(srcdiff.SrcdiffError, match=case.refused[form]):
            df(*case.tiny_args())
        return
    assert_agrees(case, *df(*case.tiny_args()))


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_arguments_stay(name: str, form: str) -> None:
    case = CASES[name]
    args = case.tiny_args()
    plain(case.forms()[form])(*args)
    for found, expected in zip(args, case.tiny_args(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", BY_HAND)
def test_adjoint_by_hand(name: str) -> None:
    case = CASES[name]
    assert case.hand is not None
    value, *gradient = plain(case.hand)(*case.tiny_args())
    assert_agrees(case, value, tuple(gradient))


def test_enough_is_written_by_hand() -> None:
    assert len(BY_HAND) >= 20
