"""Gradients of the corpus that are known in closed form, or from mpmath, and not from a run.

An iteration that is stopped by a tolerance has the derivative of the limit up to about that
tolerance.
"""

from typing import Any

import mpmath
import numpy as np
import pytest

from tests.corpus import corpus

Gradients = tuple[Any, ...]


def lu(A: Any) -> Gradients:
    """The logarithm of a determinant."""
    return (np.linalg.inv(A).T,)


def conjugate_gradient(A: Any, b: Any) -> Gradients:
    """`x @ x` of the solution; for matrices that are not symmetric the method solves nothing."""
    return None, np.linalg.solve(A, 2.0 * np.linalg.solve(A, b))


def givens(A: Any, b: Any) -> Gradients:
    """The square of what least squares leave, and the logarithm of |det R|."""
    x = np.linalg.solve(A.T @ A, A.T @ b)
    rest = b - A @ x
    return -2.0 * np.outer(rest, x) + A @ np.linalg.inv(A.T @ A), 2.0 * rest


def butterflies(signal: Any) -> Gradients:
    """Powers of a spectrum, weighted by the frequency."""
    n = len(signal)
    k = np.arange(n // 2)
    waves = np.exp(-2j * np.pi * np.outer(k, np.arange(n)) / n)
    return (2.0 * np.real((k * np.conj(waves @ signal)) @ waves),)


def rotations(A: Any) -> Gradients:
    """The largest eigenvalue."""
    _, vectors = np.linalg.eigh(0.5 * (A + A.T))
    return (np.outer(vectors[:, -1], vectors[:, -1]),)


def newton(mean: float, eccentricity: float) -> Gradients:
    """The implicit function of Kepler's equation."""
    E = mpmath.findroot(lambda E: E - eccentricity * mpmath.sin(E) - mean, mean)
    slope = 1 - eccentricity * mpmath.cos(E)
    return float(1 / slope), float(mpmath.sin(E) / slope)


def bessel_series(x: float) -> Gradients:
    return (float(-mpmath.besselj(1, x)),)


def mean_by_swaps(length: float, amplitude: float) -> Gradients:
    """The period of a pendulum by the complete elliptic integral."""

    def period(length: Any, amplitude: Any) -> Any:
        return 4 * mpmath.sqrt(length / 9.81) * mpmath.ellipk(mpmath.sin(amplitude / 2) ** 2)

    orders = ((1, 0), (0, 1))
    return tuple(float(mpmath.diff(period, (length, amplitude), order)) for order in orders)


def romberg(a: float, end: float) -> Gradients:
    """An integral, by its parameter and by its upper bound."""
    inner = mpmath.quad(lambda x: -x * mpmath.exp(-a * x) / (1 + x * x), [0, end])
    return float(inner), float(mpmath.exp(-a * end) / (1 + end * end))


@pytest.mark.parametrize(
    ("known", "rtol"),
    [
        (lu, 1e-12),
        (conjugate_gradient, 1e-10),
        (givens, 1e-11),
        (butterflies, 1e-12),
        (rotations, 1e-6),
        (newton, 1e-4),
        (bessel_series, 1e-7),
        (mean_by_swaps, 1e-6),
        (romberg, 1e-5),
    ],
)
def test_gradient_is_the_known_one(known: Any, rtol: float) -> None:
    program = corpus()[known.__name__]
    _, found = program.value_and_grad(jit=False)(*program.args())
    parts = (found,) if isinstance(program.argnums, int) else found
    for part, exact in zip(parts, known(*program.args()), strict=True):
        if exact is not None:
            np.testing.assert_allclose(part, exact, rtol=rtol, atol=rtol)
