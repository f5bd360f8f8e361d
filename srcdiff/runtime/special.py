"""Special functions of real scalars that neither `math` nor NumPy has; compiled or plain Python.

NumPy's scalar functions are used throughout, since those of `math` raise where these give nan.
"""

import math

import numpy as np
from numba.extending import register_jitable

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""B(2), B(4), ..., for both asymptotic series."""


def digamma(x: float) -> float:
    """Return the derivative of log(gamma(x)); nan at 0, -1, -2, ...

    The recurrence up to x >= 10, then DLMF 5.11.2; below 0 the reflection formula 5.5.4.
    Absolute error under 1e-14 times the larger of 1 and the result.
    """
    if x <= 0 and x == np.floor(x):
        return math.nan
    total = 0.0
    if x < 0:
        total = -math.pi * cotangent_pi(x)
        x = 1.0 - x
    while x < 10:
        total -= 1.0 / x
        x += 1.0
    power = 1.0
    for k in range(len(BERNOULLI)):
        power /= x * x
        total -= BERNOULLI[k] / (2 * k + 2) * power
    return float(total + np.log(x) - 0.5 / x)


def hurwitz_zeta(s: int, x: float) -> float:
    """Return the sum of (x + k)**-s over k = 0, 1, ..., for x > 0 and s > 1.

    Euler-Maclaurin summation, DLMF 25.11.5.
    """
    total = 0.0
    while x < 10 + s:
        total += np.power(x, -float(s))
        x += 1.0
    power = np.power(x, -float(s))
    total += power * (x / (s - 1) + 0.5)
    factor = float(s)
    for k in range(len(BERNOULLI)):
        power /= x
        total += BERNOULLI[k] * factor * power / math.gamma(2 * k + 3.0)
        power /= x
        factor *= (s + 2 * k + 1) * (s + 2 * k + 2)
    return float(total)


def cotangent_pi(x: float) -> float:
    """Return cot(pi x), exact to rounding also next to its zeros."""
    rest = x - np.rint(x)
    if abs(rest) <= 0.25:
        return float(1.0 / np.tan(math.pi * rest))
    return float(np.tan(math.pi * (np.copysign(0.5, rest) - rest)))


def cotangent_derivative(n: int, c: float) -> float:
    """Return the n-th derivative of cot from its value c: P(c) becomes -(1 + c*c) P'(c)."""
    coefficients = np.zeros(n + 3)
    coefficients[1] = 1.0
    for _ in range(n):
        slope = np.zeros(n + 3)
        for k in range(1, n + 2):
            slope[k - 1] -= k * coefficients[k]
            slope[k + 1] -= k * coefficients[k]
        coefficients = slope
    total = 0.0
    for k in range(n + 1, -1, -1):
        total = total * c + coefficients[k]
    return float(total)


def polygamma(n: float, x: float) -> float:
    """Return the n-th derivative of digamma(x), n = 0, 1, ...; nan at 0, -1, ... (DLMF 5.15)."""
    order = int(n)
    if order == 0:
        return digamma(x)
    if x <= 0 and x == np.floor(x):
        return math.nan
    factorial = math.gamma(order + 1.0)
    if x > 0:
        sign = -1.0 if order % 2 == 0 else 1.0
        return sign * factorial * hurwitz_zeta(order + 1, x)
    cotangent = cotangent_derivative(order, cotangent_pi(x))
    return float(
        -factorial * hurwitz_zeta(order + 1, 1.0 - x) - np.power(math.pi, order + 1.0) * cotangent
    )


def spherical_bessel(n: float, x: float) -> float:
    """Return the spherical Bessel function j_n(x) of the first kind; 0 for n < 0.

    The power series (DLMF 10.53.1) where it converges fast, else the recurrence upwards, which is
    stable for n < x. The value for n < 0 makes the rule for the derivative hold at n = 0.
    """
    order = int(n)
    if order < 0:
        return 0.0
    if abs(x) >= order + 1:
        return spherical_bessel_upwards(order, x)
    term = 1.0
    for k in range(1, order + 1):
        term *= x / (2 * k + 1)
    total = term
    for k in range(1, 20 + 2 * order):
        term *= -0.5 * x * x / (k * (2 * order + 2 * k + 1))
        total += term
    return float(total)


def spherical_bessel_upwards(n: int, x: float) -> float:
    """Return j_n(x) from j_0 and j_1 by j_(k+1) = (2k + 1) / x * j_k - j_(k-1)."""
    before, here = np.cos(x) / x, np.sin(x) / x
    for k in range(n):
        before, here = here, (2 * k + 1) / x * here - before
    return float(here)


for function in (
    cotangent_pi,
    cotangent_derivative,
    digamma,
    hurwitz_zeta,
    polygamma,
    spherical_bessel,
    spherical_bessel_upwards,
):
    register_jitable(function)
