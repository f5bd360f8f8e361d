"""exp, exp2, expm1 and the logistic sigmoid.

x = k ln 2 + r with |r| <= ln 2 / 2, and a polynomial for exp(r). Its coefficients interpolate at
Chebyshev nodes, were computed with 250 bits and rounded; their error is stated with each table.
"""

from srcdiff.runtime.vecmath.bits import (
    Value,
    absolute,
    divide,
    fma,
    horner,
    maximum,
    minimum,
    nearest,
    power_of_two,
    scale,
    where,
)
from srcdiff.runtime.vecmath.define import vector

LOG2_E = 1.4426950408889634
LN2 = (0.6931471805599453, 0.6931472)
LN2_REST = (2.3190468138462996e-17, -1.9046542e-09)
"""LN2 + LN2_REST is the logarithm of 2; k * LN2 is exact where FMA subtracts it from x."""

EXP_DOUBLE = (
    2.0914717341716378e-09,
    2.5105259538448494e-08,
    2.755727357010214e-07,
    2.7557255297969643e-06,
    2.4801587325605324e-05,
    0.0001984126987490126,
    0.001388888888888373,
    0.008333333333326112,
    0.04166666666666667,
    0.1666666666666667,
    0.5,
)
"""(exp(r) - 1 - r) / r**2 to 2**-61 / r**2."""

EXP_SINGLE = (
    0.0001989103,
    0.0013933686,
    0.0083333105,
    0.041666463,
    0.16666667,
    0.5,
)
"""The same to 2**-30 / r**2."""

EXP2_DOUBLE = (
    2.5729324177362305e-11,
    4.4558179083360645e-10,
    7.0548973041554995e-09,
    1.0178057087733941e-07,
    1.3215486808705563e-06,
    1.5252733841556773e-05,
    0.00015403530393370734,
    0.001333355814640647,
    0.00961812910762848,
    0.055504108664821625,
    0.24022650695910072,
    0.6931471805599453,
)
"""(2**r - 1) / r to 2**-56 / r."""

EXP2_SINGLE = (
    1.5297324e-05,
    0.00015461445,
    0.0013333502,
    0.009618057,
    0.05550411,
    0.2402265,
    0.6931472,
)
"""The same to 2**-29 / r."""


def reduce(x: Value) -> tuple[Value, Value, Value]:
    """Return k, r and what rounding took from r."""
    k_real, k = nearest(x, LOG2_E)
    exact = fma(k_real, -x.pick(*LN2), x)
    r = fma(k_real, -x.pick(*LN2_REST), exact)
    return k, r, fma(k_real, -x.pick(*LN2_REST), exact - r)


def curvature(r: Value) -> Value:
    """Return exp(r) - 1 - r."""
    return horner(r, r.pick(EXP_DOUBLE, EXP_SINGLE)) * r * r


def growth(s: Value, offset: Value, r: Value) -> tuple[Value, Value]:
    """Return s * (exp(r) - 1) + offset as a sum of two, where offset is 0 or exceeds s * r."""
    high = fma(s, r, offset)
    low = fma(s, r, offset - high)
    return high, fma(s, curvature(r), low)


def scaled_exp(x: Value) -> Value:
    """Return exp(x) for an x within the bounds of `scale`."""
    k, r, _ = reduce(x)
    p = horner(r, r.pick(EXP_DOUBLE, EXP_SINGLE))
    return scale(fma(p * r, r, r) + 1.0, k)


@vector
def exp(x: Value) -> Value:
    """Return e**x, to 1.2 ulp."""
    return scaled_exp(minimum(maximum(x, x.pick(-746.0, -104.0)), x.pick(710.0, 89.0)))


@vector
def exp2(x: Value) -> Value:
    """Return 2**x, to 1 ulp."""
    bounded = minimum(maximum(x, x.pick(-1076.0, -151.0)), x.pick(1025.0, 129.0))
    k_real, k = nearest(bounded, 1.0)
    r = bounded - k_real
    return scale(fma(horner(r, r.pick(EXP2_DOUBLE, EXP2_SINGLE)), r, 1.0), k)


@vector
def expm1(x: Value) -> Value:
    """Return e**x - 1, to 1.2 ulp."""
    k, r, rest = reduce(minimum(maximum(x, x.pick(-40.0, -20.0)), x.pick(710.0, 88.9)))
    half = power_of_two(k - 1)
    high, low = growth(half, half - 0.5, r)
    low = fma(half, rest, low)
    # The sign of 0, and the last bit of a subnormal number, which halving loses.
    return where(absolute(x) < x.pick(1e-17, 1e-8), x, 2.0 * (high + low))


@vector
def sigmoid(x: Value) -> Value:
    """Return 1 / (1 + e**-x), to 1.5 ulp."""
    small = scaled_exp(maximum(-absolute(x), x.pick(-746.0, -104.0)))
    below = small + 1.0
    return divide(where(x < 0.0, small, 1.0), 0.0, below, small - (below - 1.0))
