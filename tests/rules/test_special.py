"""The special functions of the runtime against mpmath, as plain Python and compiled."""

import math

import mpmath
import numba
import numpy as np
import pytest

from srcdiff.runtime import special

RANDOM = np.random.default_rng(3)
POSITIVE = [1e-8, 0.1, 0.5, 1.0, 1.4616321449683623, 2.0, 9.999, 10.0, 57.3, 1e5, 1e15]
NEGATIVE = [-1e-8, -0.3, -0.9999, -1.5, -3.25, -10.1, -57.4]
POINTS = POSITIVE + NEGATIVE + list(RANDOM.uniform(-8, 12, 40))


def agree(actual: float, expected: mpmath.mpf, tolerance: float) -> bool:
    return abs(actual - expected) <= tolerance * max(1, abs(expected))


@pytest.mark.parametrize("x", POINTS)
def test_digamma(x: float) -> None:
    assert agree(special.digamma(x), mpmath.digamma(x), 2e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_polygamma(n: int) -> None:
    for x in POINTS:
        assert agree(special.polygamma(n, x), mpmath.polygamma(n, x), 1e-14), x


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_spherical_bessel(n: int) -> None:
    for x in [0.0, 1e-8, 0.3, 1.0, n + 0.999, n + 1.0, 7.7, 12.5, 100.0, 1e6]:
        expected = spherical_bessel(n, x)
        assert abs(special.spherical_bessel(n, x) - expected) <= 5e-16, x
        assert special.spherical_bessel(n, -x) == (-1) ** n * special.spherical_bessel(n, x)


def spherical_bessel(n: int, x: float) -> mpmath.mpf:
    """Return j_n(x) by DLMF 10.47.3."""
    if x == 0:
        return mpmath.mpf(n == 0)
    return mpmath.sqrt(mpmath.pi / (2 * mpmath.mpf(x))) * mpmath.besselj(n + mpmath.mpf(0.5), x)


def test_poles_give_nan_and_no_exception() -> None:
    for x in (0.0, -0.0, -1.0, -7.0):
        assert math.isnan(special.digamma(x))
        assert math.isnan(special.polygamma(2, x))
    assert special.polygamma(0, 2.5) == special.digamma(2.5)
    assert special.spherical_bessel(-1, 2.5) == 0.0


def test_compiled_functions_give_the_same_numbers() -> None:
    @numba.njit
    def compiled(n: int, x: float) -> tuple[float, float, float]:
        return special.digamma(x), special.polygamma(n, x), special.spherical_bessel(n, x)

    for x in (-3.3, -0.2, 0.4, 2.5, 31.0):
        plain = (special.digamma(x), special.polygamma(2, x), special.spherical_bessel(2, x))
        np.testing.assert_allclose(compiled(2, x), plain, rtol=1e-14)
