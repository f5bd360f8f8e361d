"""arctan, arctan2, arcsin and arccos."""

from srcdiff.runtime.vecmath.bits import (
    Value,
    absolute,
    copysign,
    fast_sum,
    fma,
    horner,
    minimum,
    sqrt,
    where,
)
from srcdiff.runtime.vecmath.define import vector

QUARTER_PI = (0.7853981633974483, 0.7853982)
QUARTER_PI_REST = (3.061616997868383e-17, -2.1855694e-08)
HALF_PI = (1.5707963267948966, 1.5707964)
HALF_PI_REST = (6.123233995736766e-17, -4.371139e-08)
MOST_PI = (2.356194490192345, 2.3561945)
MOST_PI_REST = (9.184850993605148e-17, -5.9624403e-09)
PI = (3.141592653589793, 3.1415927)
PI_REST = (1.2246467991473532e-16, -8.742278e-08)
"""1, 2, 3 and 4 quarters of pi, and what rounding left of each."""

ATAN_DOUBLE = (
    -0.009211063504627926,
    0.024999689507521367,
    -0.03806224794996687,
    0.04627870086418654,
    -0.052400641544110685,
    0.05879573107799684,
    -0.06666435144143137,
    0.07692294677482635,
    -0.09090908618865388,
    0.11111111100881761,
    -0.1428571428559874,
    0.19999999999999485,
    -0.3333333333333333,
)
"""(atan(t) / t - 1) / t**2 for |t| <= 1/2, to 2**-57 / t**2; interpolates at Chebyshev nodes."""

ATAN_SINGLE = (
    0.0422475,
    -0.08234976,
    0.11006777,
    -0.14279793,
    0.19999875,
    -0.33333334,
)
"""The same to 2**-27 / t**2."""

ASIN_DOUBLE = (
    0.028757851367421566,
    -0.014851887071247204,
    0.01740087944269402,
    0.005457506718640358,
    0.01032281435018578,
    0.011479177415184906,
    0.013971212973552933,
    0.017352392720869973,
    0.02237217294214989,
    0.030381944138531247,
    0.04464285714635543,
    0.07499999999998433,
    0.16666666666666669,
)
"""(asin(t) / t - 1) / t**2 for |t| <= 1/2, to 2**-57 / t**2; interpolates at Chebyshev nodes."""

ASIN_SINGLE = (
    0.033690847,
    0.017149238,
    0.031100662,
    0.044599403,
    0.07500094,
    0.16666666,
)
"""The same to 2**-28 / t**2."""


def atan_rest(t: Value) -> Value:
    """Return atan(t) - t."""
    z = t * t
    return horner(z, z.pick(ATAN_DOUBLE, ATAN_SINGLE)) * z * t


def asin_rest(t: Value, z: Value) -> Value:
    """Return asin(t) - t for t**2 = z."""
    return horner(z, z.pick(ASIN_DOUBLE, ASIN_SINGLE)) * z * t


@vector
def arctan(x: Value) -> Value:
    """Return the angle whose tangent is x, to 1.5 ulp."""
    a = absolute(x)
    steep, middle = a > 2.0, a > 0.5
    above = where(steep, -1.0, where(middle, a - 1.0, a))
    t = above / where(steep, a, where(middle, a + 1.0, 1.0))
    base = where(steep, a.pick(*HALF_PI), where(middle, a.pick(*QUARTER_PI), 0.0))
    rest = where(steep, a.pick(*HALF_PI_REST), where(middle, a.pick(*QUARTER_PI_REST), 0.0))
    return copysign(base + (t + (atan_rest(t) + rest)), x)


@vector(arity=2)
def arctan2(y: Value, x: Value) -> Value:
    """Return the angle of the point (x, y), to 1.6 ulp, with the special cases of C."""
    a, b = absolute(y), absolute(x)
    infinite = float("inf")
    both = a.equals(infinite) & b.equals(infinite)
    a, b = where(both, 1.0, a), where(both, 1.0, b)
    steep, middle = a > minimum(b + b, x.format.largest), a > 0.5 * b
    # Halved where the sum could overflow, and never where a bit could be lost.
    halved = where(b > 1.0, 0.5, 1.0)
    above = where(steep, -b, where(middle, a * halved - b * halved, a))
    below = where(steep, a, where(middle, a * halved + b * halved, b))
    t = above / where(below.equals(0.0), 1.0, below)
    base = where(steep, x.pick(*HALF_PI), where(middle, x.pick(*QUARTER_PI), 0.0))
    rest = where(steep, x.pick(*HALF_PI_REST), where(middle, x.pick(*QUARTER_PI_REST), 0.0))
    left = x.bits() < 0
    far = where(steep, x.pick(*HALF_PI), where(middle, x.pick(*MOST_PI), x.pick(*PI)))
    far_rest = where(
        steep, x.pick(*HALF_PI_REST), where(middle, x.pick(*MOST_PI_REST), x.pick(*PI_REST))
    )
    t = where(left, -t, t)
    base, rest = where(left, far, base), where(left, far_rest, rest)
    return copysign(base + (t + (atan_rest(t) + rest)), y)


@vector
def arcsin(x: Value) -> Value:
    """Return the angle whose sine is x, to 1.5 ulp: beyond 1/2 from that of sqrt((1 - |x|) / 2)."""
    a = absolute(x)
    near = a <= 0.5
    z = where(near, a * a, 0.5 * (1.0 - a))
    t = where(near, a, sqrt(z))
    rest = asin_rest(t, z)
    high, low = fast_sum(x.constant(x.pick(*HALF_PI)), -2.0 * t)
    beyond = high + (low + fma(rest, -2.0, x.pick(*HALF_PI_REST)))
    return copysign(where(near, t + rest, beyond), x)


@vector
def arccos(x: Value) -> Value:
    """Return the angle whose cosine is x, to 1.5 ulp: beyond 1/2 from sqrt((1 - |x|) / 2)."""
    a = absolute(x)
    near, left = a <= 0.5, x < 0.0
    z = where(near, a * a, 0.5 * (1.0 - a))
    t = where(near, a, sqrt(z))
    rest = asin_rest(t, z)
    turn = where(near, -1.0, 2.0)
    turn = where(left, -turn, turn)
    base = where(near, x.pick(*HALF_PI), where(left, x.pick(*PI), 0.0))
    base_rest = where(near, x.pick(*HALF_PI_REST), where(left, x.pick(*PI_REST), 0.0))
    return base + (turn * t + fma(turn, rest, base_rest))
