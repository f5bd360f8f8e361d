"""log, log1p, log2 and log10.

x = 2**k (1 + f) with 1 + f between the square roots of 1/2 and 2, and s = f / (2 + f), so that
log(1 + f) = 2 atanh(s) = f - f**2 / 2 + s (f**2 / 2 + R(s**2)), as in FreeBSD's msun.
"""

from srcdiff.runtime.vecmath.bits import Value, fma, horner, integer, power_of_two, where
from srcdiff.runtime.vecmath.define import vector
from srcdiff.runtime.vecmath.exponential import LN2, LN2_REST

LOG_DOUBLE = (
    0.14616878919029822,
    0.15331686868638428,
    0.1818289017031397,
    0.22222211120449298,
    0.2857142862606338,
    0.3999999999989931,
    0.666666666666667,
)
"""R(z) / z; R to 2**-57.6. Interpolates at Chebyshev nodes, as in `exponential`."""

LOG_SINGLE = (
    0.29580277,
    0.39988774,
    0.66666687,
)
"""The same to 2**-28."""

SQRT_HALF_BITS = (0x3FE6A09E667F3BCD, 0x3F3504F3)

LOG2_E = (1.4426950408889634, 1.442695)
LOG10_E = (0.4342944819032518, 0.4342945)
LOG10_2_HIGH = (3.01029995663611771306e-01, 3.0102920532e-01)
LOG10_2_LOW = (3.69423907715893078616e-13, 7.9034151668e-07)
"""The logarithm of 2 in two parts; LOG10_2_HIGH * k is exact for every exponent k."""


def split(x: Value) -> tuple[Value, Value]:
    """Return k, as a real, and 1 + f, for a positive x."""
    form = x.format
    subnormal = x < form.tiny
    shift = float(form.fraction + 2)
    k, m = split_normal(where(subnormal, x * 2.0**shift, x))
    real = integer(k)
    return where(subnormal, real - shift, real), m


def split_normal(x: Value) -> tuple[Value, Value]:
    """Return k, as a whole number, and 1 + f, for a positive, normal x."""
    bits = x.bits()
    k = (bits - x.pick(*SQRT_HALF_BITS)) >> x.format.fraction
    return k, (bits - (k << x.format.fraction)).real()


def series(f: Value) -> tuple[Value, Value]:
    """Return f**2 / 2, and what is added to f less it."""
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    return half, s * fma(horner(z, z.pick(LOG_DOUBLE, LOG_SINGLE)), z, half)


def ends(x: Value, y: Value, infinite: Value) -> Value:
    """Return y, but what a logarithm gives at 0, where x is 0, infinity and below 0."""
    y = where(infinite.equals(float("inf")), infinite, y)
    y = where(x.equals(0.0), float("-inf"), y)
    return where(x >= 0.0, y, float("nan"))


@vector
def log(x: Value) -> Value:
    """Return the natural logarithm, to 1 ulp."""
    k, m = split(x)
    f = m - 1.0
    half, rest = series(f)
    low = fma(k, x.pick(*LN2_REST), rest)
    return ends(x, fma(k, x.pick(*LN2), f - (half - low)), x)


@vector
def log1p(x: Value) -> Value:
    """Return log(1 + x), to 1.5 ulp."""
    u = 1.0 + x
    taken = u - 1.0
    rest = (1.0 - (u - taken)) + (x - taken)
    k, m = split_normal(u)
    # Where the power would overflow, the rest is 0.
    f = (m - 1.0) + rest * where(u > x.pick(2.0**100, 2.0**60), 0.0, power_of_two(-k))
    half, low = series(f)
    real = integer(k)
    low = fma(real, x.pick(*LN2_REST), low)
    y = ends(u, fma(real, x.pick(*LN2), f - (half - low)), x)
    return where(x.equals(0.0), x, y)


@vector
def log2(x: Value) -> Value:
    """Return the logarithm to base 2, to 1.2 ulp."""
    k, m = split(x)
    f = m - 1.0
    half, rest = series(f)
    part = fma(f, x.pick(*LOG2_E), (rest - half) * x.pick(*LOG2_E))
    return ends(x, k + part, x)


@vector
def log10(x: Value) -> Value:
    """Return the logarithm to base 10, to 1.2 ulp."""
    k, m = split(x)
    f = m - 1.0
    half, rest = series(f)
    low = fma(k, x.pick(*LOG10_2_LOW), (rest - half) * x.pick(*LOG10_E))
    return ends(x, fma(k, x.pick(*LOG10_2_HIGH), fma(f, x.pick(*LOG10_E), low)), x)
