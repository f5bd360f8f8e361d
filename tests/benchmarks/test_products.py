"""The Jacobians by hand are right, and so are ours of the same functions; limits are limits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.benchmarks import residuals
from tests.benchmarks.hand import jacobians as hand
from tests.benchmarks.products import Check, best, verdicts
from tests.benchmarks.test_cases import plain
from tests.benchmarks.timing import Timing
from tests.dual import gradients

CASES = {
    "camera": (residuals.camera_residuals, hand.camera_jacobian, residuals.camera_args(4)),
    "hand": (
        residuals.hand_residuals,
        hand.hand_jacobian,
        residuals.hand_args("complicated_hand1_t26_c100", points=5, vertices=15),
    ),
}


def expected_products(f: Callable[..., Any], weights: Any, args: tuple[Any, ...]) -> Any:
    """Return `weights` times the Jacobian by the first argument, from the oracle."""

    def weighted(*args: Any) -> Any:
        return np.sum(weights * f(*args))

    return gradients(weighted, args, (0,))[1][0]


@pytest.mark.parametrize("name", CASES)
def test_jacobian(name: str) -> None:
    f, by_hand, args = CASES[name]
    found = plain(by_hand)(*args)
    assert found.shape[-1] == residuals.INPUTS
    assert np.all(np.any(found != 0.0, axis=(0, 1))), "an input does not matter"
    random = np.random.default_rng(0)
    for _ in range(3):
        weights = random.normal(size=found.shape[:-1])
        product = np.tensordot(weights, found, axes=2)
        expected = expected_products(f, weights, args)
        np.testing.assert_allclose(product, expected, rtol=1e-10, atol=1e-10)
    ours = srcdiff.jacfwd(f, jit=False)(*args)
    np.testing.assert_allclose(ours, found, rtol=1e-10, atol=1e-12 * np.max(np.abs(found)))


def test_rosenbrock() -> None:
    random = np.random.default_rng(0)
    x, direction = random.normal(size=9), random.normal(size=9)
    expected = residuals.rosenbrock_hessian(x)
    found = srcdiff.hessian(residuals.rosenbrock, jit=False)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
    product = srcdiff.hvp(residuals.rosenbrock, jit=False)(direction, x)
    np.testing.assert_allclose(product, expected @ direction, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(residuals.rosenbrock_product(x, direction), product, rtol=1e-12)


def test_limits() -> None:
    check = Check("made up", {"one": int, "two": int, "six": int}, {"two": 2.5, "six": 5.0})
    timings = {"one": Timing(1.0, 1.0, 5), "two": Timing(2.0, 2.0, 5), "six": Timing(6.0, 1.0, 5)}
    assert verdicts(check, timings) == {
        "two: 2.00, limit 2.5: kept": True,
        "six: 6.00, limit 5: EXCEEDED": False,
    }
    assert best(list(timings.values())) == Timing(1.0, 1.0, 15)
