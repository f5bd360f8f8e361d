"""pow and cbrt."""

from typing import TypeAlias

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
    paired,
    scale,
    where,
)
from srcdiff.runtime.vecmath.define import vector
from srcdiff.runtime.vecmath.exponential import (
    EXP2_DOUBLE,
    EXP2_SINGLE,
)
from srcdiff.runtime.vecmath.logarithm import split

INFINITY = float("inf")
Pair: TypeAlias = tuple[float, float]

BELOW, ABOVE = 2 ** (-1 / 6), 2 ** (1 / 6)
CENTRE_BELOW: Pair = (0.7937005254776524, 0.7905615568161011)
CENTRE_ABOVE: Pair = (1.2599210517293755, 1.2672804594039917)
LOG2_BELOW: Pair = (-0.33333333425389355, -0.33905029296875)
LOG2_ABOVE: Pair = (0.33333333543396293, 0.34173583984375)
"""Numbers with short logarithms, to 2**-66 (2**-34): the sum with an exponent is exact."""

TWO_OVER_LN2 = (2.8853900817779268, 2.885390043258667)
TWO_OVER_LN2_REST = (4.0710547481862066e-17, 3.851925982253235e-08)

LOG2_DOUBLE = (
    0.22388873303758888,
    0.2623009123578488,
    0.3205989105722622,
    0.41219858310127966,
    0.5770780163555882,
    0.9617966939259756,
)
"""Q(s**2), where log2((1 + s) / (1 - s)) = s (2 / ln 2 + s**2 Q(s**2)).

For |s| <= 0.058, to 2**-63."""

LOG2_SINGLE = (
    0.4138076603412628,
    0.5770760178565979,
    0.9617967009544373,
)
"""The same to 2**-36. Both interpolate at Chebyshev nodes, as in `exponential`."""

CBRT_DOUBLE = (
    0.1124413501338033,
    0.12644567367154783,
    0.14402699417713355,
    0.17283304120224305,
    0.2222222257246084,
    0.33333333715317387,
)
"""((1 - e)**(-1/3) - 1) / e for |e| <= 0.103, to 2**-31 / e; likewise."""

CBRT_SINGLE = (
    0.17384113371372223,
    0.22337763011455536,
    0.3333333432674408,
)
"""The same to 2**-17 / e."""

CBRT_START = (1499659093495775.0, 2773243.0)
"""4/3 of the bias less 0.068, in units of the last bit that `cbrt` keeps."""


def log2_twofold(x: Value) -> tuple[Value, Value]:
    """Return log2(x) as a sum of two.

    x = 2**k m, and m is close to one of three centres c: with s = (m - c) / (m + c),
    log2(x) = k + log2(c) + log2((1 + s) / (1 - s)).
    """
    k, m = split(x)
    below, above = m < BELOW, m > ABOVE
    centre = where(below, m.pick(*CENTRE_BELOW), where(above, m.pick(*CENTRE_ABOVE), 1.0))
    base = where(below, m.pick(*LOG2_BELOW), where(above, m.pick(*LOG2_ABOVE), 0.0))
    f, g = m - centre, m + centre
    g_rest = m - (g - centre)
    inverse = 1.0 / g
    s = f * inverse
    s_rest = fma(-s, g_rest, fma(-s, g, f)) * inverse
    z = s * s
    s_rest = fma(s_rest, z, s_rest)  # times the derivative, 2 / (1 - s**2)
    first = x.pick(*TWO_OVER_LN2)
    t = s * first
    rest = fma(s_rest, first, fma(s, x.pick(*TWO_OVER_LN2_REST), fma(s, first, -t)))
    high, low = fast_sum(k + base, t)
    low = fma(s * z, horner(z, z.pick(LOG2_DOUBLE, LOG2_SINGLE)), rest + low)
    return fast_sum(high, low)


@vector(arity=2)
def pow(x: Value, y: Value) -> Value:
    """Return x**y, to 1.5 ulp, with the special cases of C."""
    size = absolute(x)
    log, log_rest = log2_twofold(size)
    finite = size < INFINITY
    log = where(finite, log, size)
    log = where(size.equals(0.0), -INFINITY, log)
    z = log * y
    bound = x.pick(1100.0, 160.0)
    bounded = minimum(maximum(z, -bound), bound)
    rest = where(bounded.equals(z), fma(log, y, -z) + log_rest * y, 0.0)
    k_real, k = nearest(bounded, 1.0)
    r = (bounded - k_real) + rest
    power = scale(fma(paired(r, r.pick(EXP2_DOUBLE, EXP2_SINGLE)), r, 1.0), k)
    power = where(size.equals(1.0) | y.equals(0.0), 1.0, power)
    whole = intrinsic("trunc", y).equals(y)
    half = 0.5 * y
    odd = whole & intrinsic("trunc", half).differs(half)
    power = where(odd, copysign(power, x), power)
    return where((x < 0.0) & finite & (whole ^ 1), float("nan"), power)


@vector
def cbrt(x: Value) -> Value:
    """Return the cube root, to 1 ulp.

    The bits of a number are nearly its logarithm: a third of them, negative, begins x**(-1/3), to
    3 %. One step of high order, then one of Newton for x**(1/3), which rounds.
    """
    form = x.format
    size = absolute(x)
    tiny = size < x.pick(2.0**-900, 2.0**-90)
    scaled = where(tiny, size * x.pick(2.0**54, 2.0**24), size)
    kept = form.fraction - x.pick(40, 14)
    bits = fma(integer(scaled.bits() >> kept), -1 / 3, x.pick(*CBRT_START) + 2.0**form.fraction)
    start = (bits.bits() << kept).real()
    error = 1.0 - scaled * start * start * start
    inverse = fma(start * error, horner(error, x.pick(CBRT_DOUBLE, CBRT_SINGLE)), start)
    square = inverse * inverse
    root = scaled * square
    root = fma(fma(-(root * root), root, scaled), square * (1 / 3), root)
    root = where(tiny, root * x.pick(2.0**-18, 2.0**-8), root)
    return where(size < INFINITY, copysign(root, x), x)
