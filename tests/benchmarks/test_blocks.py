"""The Jacobians in blocks are those of the residuals."""

from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.benchmarks.blocks import CHECKS
from tests.benchmarks.test_cases import plain
from tests.benchmarks.test_products import expected_products


def arguments(name: str) -> Any:
    return CHECKS[name].tiny_args(np.random.default_rng(0))


@pytest.mark.parametrize("name", CHECKS)
def test_without_a_shift_they_are_the_residuals(name: str) -> None:
    check, args = CHECKS[name], arguments(name)
    expected = plain(check.shifted)(*args)
    for primal in check.primals:
        np.testing.assert_allclose(plain(primal)(*args[1:]), expected, rtol=1e-10)


@pytest.mark.parametrize("name", CHECKS)
def test_blocks_are_those_of_the_oracle(name: str) -> None:
    check, args = CHECKS[name], arguments(name)
    found = srcdiff.jacfwd(check.shifted, jit=False)(*args)
    random = np.random.default_rng(1)
    for _ in range(2):
        weights = random.normal(size=found.shape[:-1])
        expected = expected_products(check.shifted, weights, args)
        product = np.tensordot(weights, found, axes=2)
        np.testing.assert_allclose(product, expected, rtol=1e-10, atol=1e-9 * np.max(np.abs(found)))


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_timed_finds_the_same_blocks(name: str) -> None:
    check, args = CHECKS[name], arguments(name)
    expected = srcdiff.jacfwd(check.shifted, jit=False)(*args)
    found = check.blocks(check.found(args, jit=False)())
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * np.max(np.abs(expected)))


def test_a_block_of_bundle_adjustment_is_the_derivative_by_what_it_depends_on() -> None:
    """By one camera, one point and one weight: no other observation depends on the weight."""
    check, args = CHECKS["bundle"], arguments("bundle")
    found = srcdiff.jacfwd(check.shifted, jit=False)(*args)
    by_weights = srcdiff.jacfwd(check.primals[0], argnums=2, jit=False)(*args[1:])
    own = np.arange(len(found))
    np.testing.assert_allclose(found[..., 14], by_weights[own, :, own], rtol=1e-12)
