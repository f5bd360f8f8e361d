"""erf and erfc.

Up to 1, erf is a polynomial. erfc(a) = exp(-a**2) g(t) / (1 + 2 a) with a polynomial in
t = (a - c) / (a + c), the form of Shepherd and Laframboise (1981). All coefficients interpolate at
Chebyshev nodes.
"""

from srcdiff.runtime.vecmath.bits import (
    Value,
    absolute,
    copysign,
    fast_sum,
    fma,
    horner,
    minimum,
    nearest,
    scale,
    where,
)
from srcdiff.runtime.vecmath.define import vector
from srcdiff.runtime.vecmath.exponential import LN2, LN2_REST, LOG2_E, curvature

ERF_DOUBLE = (
    5.957176147748911e-11,
    -1.1372848856791674e-09,
    1.4659775274047436e-08,
    -1.6350312701054695e-07,
    1.6461000484121368e-06,
    -1.4925595266831182e-05,
    0.0001205533111164271,
    -0.000854832698083379,
    0.0052239776248180145,
    -0.026866170645076792,
    0.11283791670954879,
    -0.3761263890318375,
    0.1283791670955126,
)
"""erf(x) / x - 1 for |x| <= 1, a polynomial in x**2, to 2**-55."""

ERF_SINGLE = (
    7.875875e-05,
    -0.00080168643,
    0.0051890872,
    -0.026854211,
    0.11283594,
    -0.37612626,
    0.12837917,
)
"""The same to 2**-27."""

CENTRE = (4.0, 3.0)

ERFC_DOUBLE = (
    -1.8206098680308682e-09,
    -1.3670989863347383e-08,
    -7.71541861441783e-09,
    1.1534943745754157e-07,
    6.270727157198311e-08,
    -8.351619688696847e-07,
    3.0135049944875397e-07,
    5.7178872846321855e-06,
    -1.1224789135154701e-05,
    -2.4403169244974074e-05,
    0.000150622243948303,
    -0.00019925550755614952,
    -0.00075777334141333,
    0.005031969755895426,
    -0.016197734059115006,
    0.03716751556249286,
    -0.06633036581152939,
    0.09373283499679412,
    -0.10103906603635213,
    0.06809705425473732,
    0.01537965210262074,
    -0.1396211168405629,
    0.2329951186255525,
)
"""(1 + 2 a) exp(a**2) erfc(a) - 1 for 0 <= a <= 28, a polynomial in t, to 2**-55."""

ERFC_SINGLE = (
    -0.000273596,
    -0.0007881207,
    0.0020017712,
    0.0025768564,
    -0.023794664,
    0.06829303,
    -0.11927192,
    0.12964672,
    -0.04756232,
    -0.13562115,
    0.25300807,
)
"""The same for 0 <= a <= 10.5, to 2**-26."""


def positive_erfc(a: Value) -> Value:
    """Return erfc(a) for a >= 0 within the bounds of the polynomial."""
    centre = a.pick(*CENTRE)
    p = horner((a - centre) / (a + centre), a.pick(ERFC_DOUBLE, ERFC_SINGLE))
    g = p + 1.0
    d = fma(a, 2.0, 1.0)
    d_rest = fma(a, 2.0, 1.0 - d)
    inverse = 1.0 / d
    q = g * inverse
    q_rest = (fma(-q, d, g) - q * d_rest + ((1.0 - g) + p)) * inverse
    square = a * a
    k_real, k = nearest(-square, LOG2_E)
    exact = fma(k_real, -a.pick(*LN2), -square)
    rest = fma(k_real, -a.pick(*LN2_REST), -fma(a, a, -square))
    r = exact + rest
    rest = (exact - r) + rest
    high = fma(q, r, q)
    low = fma(q, r, q - high) + fma(q, curvature(r) + rest, fma(q_rest, r, q_rest))
    return scale(high + low, k)


@vector
def erf(x: Value) -> Value:
    """Return the error function, to 1.1 ulp."""
    a = absolute(x)
    far = 1.0 - positive_erfc(minimum(a, x.pick(6.5, 4.5)))
    near = fma(x, horner(x * x, x.pick(ERF_DOUBLE, ERF_SINGLE)), x)
    return where(a < 1.0, near, copysign(far, x))


@vector
def erfc(x: Value) -> Value:
    """Return 1 - erf(x), to 1.5 ulp of itself."""
    a = absolute(x)
    y = positive_erfc(minimum(a, x.pick(28.0, 10.5)))
    high, low = fast_sum(x.constant(1.0), -x)
    near = high + (low - x * horner(x * x, x.pick(ERF_DOUBLE, ERF_SINGLE)))
    return where(a < 0.5, near, where(x < 0.0, 2.0 - y, y))
