"""sin, cos, both at once, and tan.

x = k pi / 2 + r with |r| <= pi / 4, in three parts of pi / 2 (Cody and Waite, with FMA). The first
difference is exact, the second rounds once, however close x is to a multiple. Arguments beyond
`LIMIT` are rare; `payne_hanek` reduces them.
"""

from srcdiff.runtime.vecmath.bits import (
    Value,
    absolute,
    copysign,
    fast_sum,
    fma,
    horner,
    nearest,
    where,
)
from srcdiff.runtime.vecmath.define import vector
from srcdiff.runtime.vecmath.payne_hanek import reduce_far
from srcdiff.runtime.vecmath.rare import rarely

TWO_OVER_PI = 0.6366197723675814
HALF_PI = (1.5707963267948966, 1.5707963)
HALF_PI_REST = (6.123233995736765e-17, 7.5497894e-08)
HALF_PI_LEAST = (1.082856673921914e-32, 5.390303e-15)
"""Three parts of pi / 2, all positive, so that -0.0 keeps its sign."""

LIMIT = (2.0**38, 2.0**17)

SIN_DOUBLE = (
    1.58969099521155010221e-10,
    -2.50507602534068634195e-08,
    2.75573137070700676789e-06,
    -1.98412698298579493134e-04,
    8.33333333332248946124e-03,
    -1.66666666666666324348e-01,
)
"""(sin(r) / r - 1) / r**2 to 2**-58 / r**2; the coefficients of FreeBSD's msun."""

COS_DOUBLE = (
    -1.13596475577881948265e-11,
    2.08757232129817482790e-09,
    -2.75573143513906633035e-07,
    2.48015872894767294178e-05,
    -1.38888888888741095749e-03,
    4.16666666666666019037e-02,
)
"""(cos(r) - 1 + r**2 / 2) / r**4 to 2**-58 / r**4; the coefficients of FreeBSD's msun."""

SIN_SINGLE = (
    2.7242545e-06,
    -0.00019840029,
    0.008333332,
    -0.16666667,
)
"""To 2**-28 / r**2; interpolates at Chebyshev nodes, as in `exponential`."""

COS_SINGLE = (
    2.454185e-05,
    -0.0013888275,
    0.041666664,
)
"""To 2**-30 / r**4; likewise."""


def reduce(x: Value) -> tuple[Value, Value]:
    """Return k and r."""
    k_real, k = nearest(x, TWO_OVER_PI)
    r = fma(k_real, -x.pick(*HALF_PI), x)
    r = fma(k_real, -x.pick(*HALF_PI_REST), r)
    return k, fma(k_real, -x.pick(*HALF_PI_LEAST), r)


def reduce_twofold(x: Value) -> tuple[Value, Value, Value]:
    """Return k, r and what rounding took from r, which may be more than half an ulp of it."""
    k_real, k = nearest(x, TWO_OVER_PI)
    a = fma(k_real, -x.pick(*HALF_PI), x)
    b = k_real * x.pick(*HALF_PI_REST)
    b_rest = fma(k_real, x.pick(*HALF_PI_REST), -b)
    # Where b is more than twice a, the rest is off by half an ulp of r at most; a is coarser than b
    # there, so that nothing worse happens. Elsewhere it is exact.
    r, rest = fast_sum(a, -b)
    return k, r, fma(k_real, -x.pick(*HALF_PI_LEAST), rest - b_rest)


def sine(r: Value, z: Value) -> Value:
    y = fma(horner(z, r.pick(SIN_DOUBLE, SIN_SINGLE)) * z, r, r)
    return copysign(y, r)  # for -0.0


def cosine(r: Value, z: Value) -> Value:
    return fma(horner(z, r.pick(COS_DOUBLE, COS_SINGLE)), z * z, 1.0 - 0.5 * z)


def turned(y: Value, k: Value) -> Value:
    """Return y, negative in the third and fourth quadrant."""
    return (y.bits() ^ ((k & 2) << (y.format.width - 2))).real()


def sine_of(k: Value, r: Value) -> Value:
    """Return sin(k pi / 2 + r)."""
    z = r * r
    return turned(where((k & 1).equals(0), sine(r, z), cosine(r, z)), k)


def tangent_of(k: Value, r: Value, rest: Value) -> Value:
    """Return tan(k pi / 2 + r + rest)."""
    z = r * r
    half = 0.5 * z
    bend = fma(horner(z, r.pick(SIN_DOUBLE, SIN_SINGLE)) * z, r, fma(-half, rest, rest))
    s, s_rest = fast_sum(r, bend)
    near, near_rest = fast_sum(r.constant(1.0), -half)
    bend = fma(-r, rest, near_rest)
    c = near + fma(horner(z, r.pick(COS_DOUBLE, COS_SINGLE)), z * z, bend)
    even = (k & 1).equals(0)
    above, below = where(even, s, -c), where(even, c, s)
    inverse = 1.0 / below
    y = above * inverse
    error = fma(s_rest, where(even, 1.0, -y), fma(-y, below, above))
    return fma(error, inverse, y)


def far_sine(x: Value) -> Value:
    k, r, _ = reduce_far(x)
    return sine_of(k, r)


def far_cosine(x: Value) -> Value:
    k, r, _ = reduce_far(x)
    return sine_of(k + 1, r)


def far_tangent(x: Value) -> Value:
    return tangent_of(*reduce_far(x))


def is_far(x: Value) -> Value:
    limit: float = x.pick(*LIMIT)
    return absolute(x) > limit


@vector
def sin(x: Value) -> Value:
    """Return the sine, to 1.6 ulp."""
    far = is_far(x)
    beyond = rarely("sin", far_sine, x, far)
    return where(far, beyond, sine_of(*reduce(x)))


@vector
def cos(x: Value) -> Value:
    """Return the cosine, to 1.6 ulp."""
    far = is_far(x)
    beyond = rarely("cos", far_cosine, x, far)
    k, r = reduce(x)
    return where(far, beyond, sine_of(k + 1, r))


@vector(results=2)
def sincos(x: Value) -> tuple[Value, Value]:
    """Return the sine and the cosine, the same as `sin` and `cos` give."""
    far = is_far(x)
    beyond = rarely("sin", far_sine, x, far), rarely("cos", far_cosine, x, far)
    k, r = reduce(x)
    y, z = sine_of(k, r), sine_of(k + 1, r)  # LLVM computes once what they share
    return where(far, beyond[0], y), where(far, beyond[1], z)


@vector
def tan(x: Value) -> Value:
    """Return the tangent, to 1.6 ulp."""
    far = is_far(x)
    beyond = rarely("tan", far_tangent, x, far)
    y = tangent_of(*reduce_twofold(x))
    return where(far, beyond, where(x.equals(0.0), x, y))
