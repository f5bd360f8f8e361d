"""The gradient of ADBench's mixture objective against its reference values."""

import numpy as np
import pytest
from numba import njit

import srcdiff as sd
from tests.benchmarks.hand.gmm import gmm_objective_hand
from tests.data.adbench import GMM_NAMES, Array, read_gmm, read_gradient
from tests.programs.gmm import gmm_objective

RTOL = 1e-9
SMALL_NAMES = ("gmm_test", "gmm_d2_K5")


def assert_agrees(value: float, gradient: tuple[Array, ...], name: str) -> None:
    """Compare with the reference, by norm and by element, relative to the largest element."""
    expected_value, expected = read_gradient(name)
    assert value == pytest.approx(expected_value, rel=RTOL, abs=0.0)
    for got, wanted in zip(gradient, expected, strict=True):
        assert got.shape == wanted.shape
        assert got.dtype == wanted.dtype
        assert np.linalg.norm(got - wanted) <= RTOL * np.linalg.norm(wanted)
        np.testing.assert_allclose(got, wanted, rtol=0.0, atol=RTOL * np.abs(wanted).max())


@pytest.mark.parametrize("name", GMM_NAMES)
def test_primal(name: str) -> None:
    expected_value, _ = read_gradient(name)
    value = njit(gmm_objective)(*read_gmm(name))
    assert value == pytest.approx(expected_value, rel=RTOL, abs=0.0)


@pytest.mark.parametrize("name", GMM_NAMES)
def test_hand_written_adjoint(name: str) -> None:
    value, *gradient = gmm_objective_hand(*read_gmm(name))
    assert_agrees(value, tuple(gradient), name)


@pytest.mark.parametrize("name", GMM_NAMES)
def test_srcdiff(name: str) -> None:
    value, gradient = sd.value_and_grad(gmm_objective, argnums=(0, 1, 2))(*read_gmm(name))
    assert_agrees(value, gradient, name)


@pytest.mark.parametrize("name", SMALL_NAMES)
def test_srcdiff_as_plain_python(name: str) -> None:
    df = sd.value_and_grad(gmm_objective, argnums=(0, 1, 2), jit=False)
    value, gradient = df(*read_gmm(name))
    assert_agrees(value, gradient, name)
