"""pow and cbrt."""

from srcdiff.runtime.vecmath.bits import (
    Value,
    absolute,
    copysign,
    fast_sum,
    fma,
    horner,
    integer,
    intrinsic,
    maximum,
    minimum,
    nearest,
    power_of_two,
    scale,
    where,
)
from srcdiff.runtime.vecmath.define import vector
from srcdiff.runtime.vecmath.exponential import (
    EXP_DOUBLE,
    EXP_SINGLE,
    LN2,
    LN2_REST,
    LOG2_E,
)
from srcdiff.runtime.vecmath.logarithm import split

TWO_THIRDS = (0.6666666666666666, 0.6666667)
TWO_THIRDS_REST = (3.700743415417188e-17, -1.9868216e-08)
LN2_HIGH = (6.93147180369123816490e-01, 0.6931381)
LN2_LOW = (1.90821492927058770002e-10, 9.0580015e-06)
"""LN2_HIGH * k is exact for every exponent k."""

LOG_DOUBLE = (
    0.11723454509771844,
    0.11706209953550312,
    0.13334805679298412,
    0.1538459494439715,
    0.18181818335562422,
    0.22222222221655138,
    0.2857142857142937,
    0.4,
)
"""Q(s**2), where 2 atanh(s) = 2 s + s**3 (2/3 + s**2 Q(s**2)); 2 atanh(s) / s to 2**-66."""

LOG_SINGLE = (
    0.19120665,
    0.22204754,
    0.2857153,
    0.4,
)
"""The same to 2**-38. Both interpolate at Chebyshev nodes, as in `exponential`."""

CBRT_DOUBLE = (
    0.02778280101858424,
    -0.21636185469244387,
    0.6846527077322325,
    -1.1623973573078166,
    1.6662787377309156,
)
"""m**(-1/3) for m from 1 to 2, to 2**-14."""

CBRT_SINGLE = (
    0.09126117,
    -0.47684205,
    1.383506,
)
"""The same to 2**-9."""

INFINITY = float("inf")


def product(x: Value, x_rest: Value, y: Value, y_rest: Value) -> tuple[Value, Value]:
    """Return (x + x_rest) * (y + y_rest) as a sum of two."""
    high = x * y
    return high, fma(x, y, -high) + fma(x, y_rest, x_rest * y)


def log_twofold(x: Value) -> tuple[Value, Value]:
    """Return log(x) as a sum of two, to 2**-63 of itself (2**-31 in single precision)."""
    k, m = split(x)
    f = m - 1.0
    g = 2.0 + f
    inverse = 1.0 / g
    s = f * inverse
    s_rest = (fma(-s, g, f) - s * (f - (g - 2.0))) * inverse
    z, z_rest = product(s, s_rest, s, s_rest)
    q = z * horner(z, z.pick(LOG_DOUBLE, LOG_SINGLE))
    p = x.pick(*TWO_THIRDS) + q
    p_rest = (x.pick(*TWO_THIRDS) - p) + q + x.pick(*TWO_THIRDS_REST)
    cubic, cubic_rest = product(*product(z, z_rest, p, p_rest), s, s_rest)
    part, part_rest = fast_sum(s + s, cubic)
    rest = part_rest + (s_rest + s_rest + cubic_rest)
    total, total_rest = fast_sum(k * x.pick(*LN2_HIGH), part)
    return total, total_rest + fma(k, x.pick(*LN2_LOW), rest)


def exp_twofold(x: Value, rest: Value) -> Value:
    """Return exp(x + rest) for a bounded x."""
    k_real, k = nearest(x, LOG2_E)
    r = fma(k_real, -x.pick(*LN2), x)
    r = r + fma(k_real, -x.pick(*LN2_REST), rest)
    p = horner(r, r.pick(EXP_DOUBLE, EXP_SINGLE))
    return scale(fma(p * r, r, r) + 1.0, k)


@vector(arity=2)
def pow(x: Value, y: Value) -> Value:
    """Return x**y, to 1.5 ulp, with the special cases of C."""
    size = absolute(x)
    log, log_rest = log_twofold(size)
    finite = size < INFINITY
    log = where(finite, log, size)
    log = where(size.equals(0.0), -INFINITY, log)
    z = log * y
    bound = x.pick(800.0, 110.0)
    bounded = minimum(maximum(z, -bound), bound)
    rest = where(bounded.equals(z), fma(log, y, -z) + log_rest * y, 0.0)
    power = where(size.equals(1.0), 1.0, exp_twofold(bounded, rest))
    half = 0.5 * y
    whole = intrinsic("trunc", y).equals(y)
    odd = whole & intrinsic("trunc", half).differs(half)
    power = where(odd, copysign(power, x), power)
    power = where((x < 0.0) & finite & (whole ^ 1), float("nan"), power)
    return where(x.equals(1.0) | y.equals(0.0), 1.0, power)


@vector
def cbrt(x: Value) -> Value:
    """Return the cube root, to 1 ulp.

    A polynomial and a step of Halley for m**(-1/3), then one of Newton for m**(1/3).
    """
    form = x.format
    size = absolute(x)
    subnormal = size < form.tiny
    shift = x.pick(54.0, 24.0)
    bits = where(subnormal, size * 2.0**shift, size).bits()
    exponent = integer((bits >> form.fraction) - form.bias) - where(subnormal, shift, 0.0)
    third_real, third = nearest(exponent - 1.0, 1 / 3)
    rest = fma(third_real, -3.0, exponent)
    fraction = (bits & ((1 << form.fraction) - 1)) | (form.bias << form.fraction)
    m = fraction.real()
    start = horner(m, m.pick(CBRT_DOUBLE, CBRT_SINGLE))
    start = start * where(rest > 1.0, 4 ** (-1 / 3), where(rest > 0.0, 2 ** (-1 / 3), 1.0))
    m = m * where(rest > 1.0, 4.0, where(rest > 0.0, 2.0, 1.0))
    error = 1.0 - m * start * start * start
    inverse = fma(start * error, fma(error, 2 / 9, 1 / 3), start)
    root = m * inverse * inverse
    square = root * root
    error = fma(-square, root, m) - fma(root, root, -square) * root
    root = fma(error, inverse * inverse * (1 / 3), root)
    y = copysign(root * power_of_two(third), x)
    return where((size > 0.0) & (size < INFINITY), y, x)
