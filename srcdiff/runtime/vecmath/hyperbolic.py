"""sinh, cosh and tanh."""

from srcdiff.runtime.vecmath.bits import (
    Value,
    absolute,
    copysign,
    divide,
    fast_sum,
    fma,
    horner,
    minimum,
    nearest,
    power_of_two,
    where,
)
from srcdiff.runtime.vecmath.define import vector
from srcdiff.runtime.vecmath.exponential import LN2, LOG2_E, growth, reduce

SINH_DOUBLE = (
    1.608665004457821e-10,
    2.5052071034565116e-08,
    2.7557319247274564e-06,
    0.0001984126984126328,
    0.008333333333333333,
    0.16666666666666666,
)
"""(sinh(r) / r - 1) / r**2 for |r| <= ln 2 / 2, to 2**-59 / r**2."""

SINH_SINGLE = (
    0.0001989103,
    0.0083333105,
    0.16666667,
)
"""The same to 2**-30 / r**2."""

COSH_DOUBLE = (
    2.0918170876658783e-09,
    2.755726318947621e-07,
    2.4801587336526005e-05,
    0.0013888888888879043,
    0.04166666666666668,
    0.5,
)
"""(cosh(r) - 1) / r**2 for |r| <= ln 2 / 2, to 2**-65 / r**2."""

COSH_SINGLE = (
    0.0013933686,
    0.041666463,
    0.5,
)
"""The same to 2**-31 / r**2."""


def parts(x: Value) -> tuple[Value, Value, Value, Value, Value]:
    """Return r, sinh(r) - r, cosh(r) - 1, 2**(k - 3) and 2**(-k - 3) for |x| = k ln 2 + r.

    cosh(k ln 2) may be infinite where cosh(x) is not: hence a fourth of it.
    """
    k, r, rest = reduce(minimum(absolute(x), x.pick(711.0, 90.0)))
    z = r * r
    up = power_of_two(k - 3)
    down = where(k > r.pick(64, 32), 0.0, power_of_two(-k - 3))
    sine = fma(horner(z, z.pick(SINH_DOUBLE, SINH_SINGLE)) * z, r, rest)
    cosine = horner(z, z.pick(COSH_DOUBLE, COSH_SINGLE)) * z
    return r, sine, cosine, up, down


@vector
def sinh(x: Value) -> Value:
    """Return (e**x - e**-x) / 2, to 1.3 ulp."""
    r, sine, cosine, up, down = parts(x)
    u, v = up + down, up - down
    high = fma(u, r, v)
    low = fma(u, r, v - high)
    y = 4.0 * (high + fma(u, sine, fma(v, cosine, low)))
    return where(absolute(x) < x.pick(1e-9, 1e-5), x, copysign(y, x))


@vector
def cosh(x: Value) -> Value:
    """Return (e**x + e**-x) / 2, to 1 ulp."""
    r, sine, cosine, up, down = parts(x)
    v = up - down
    u, u_rest = fast_sum(up, down)
    high = fma(v, r, u)
    low = fma(v, r, u - high) + u_rest
    return 4.0 * (high + fma(u, cosine, fma(v, sine, low)))


@vector
def tanh(x: Value) -> Value:
    """Return sinh(x) / cosh(x), to 1.2 ulp: (e**2a - 1) / (e**2a + 1) for a = |x|."""
    twice = 2.0 * minimum(absolute(x), x.pick(22.0, 12.0))
    k_real, k = nearest(twice, LOG2_E)
    r = fma(k_real, -x.pick(*LN2), twice)  # what it lacks matters for a large k, where y is 1
    s = power_of_two(k)
    high, low = fast_sum(*growth(s, s - 1.0, r))
    below = high + 2.0
    return copysign(divide(high, low, below, low + (high - (below - 2.0))), x)
