"""The elementwise functions of NumPy, `math`, `operator` and the builtins.

One rule a line: `elementwise(function, lambda result, *arguments: partials)`. Partials are written
in the form that keeps the most digits: `sqrt((1 - x) * (1 + x))`, not `sqrt(1 - x**2)`.
"""

import builtins
import math
import operator
from collections.abc import Callable
from math import inf, pi

import numpy as np

from srcdiff.rules.expression import (
    Apply,
    Expression,
    copysign,
    cos,
    cosh,
    either,
    equal,
    exp,
    exp2,
    isfinite,
    isnan,
    log,
    maximum,
    negation,
    rint,
    sign,
    sin,
    sinh,
    spherical_bessel,
    sqrt,
    where,
)
from srcdiff.rules.registry import REALS, alias, choice, elementwise
from srcdiff.words import guarded

LOG_2, LOG_10 = math.log(2.0), math.log(10.0)
TIES = "ties go to x"
LEAK = "0 at 0 times infinity"


def ratio(x: Expression, z: Expression) -> Apply:
    """Return x / z, or 0 where z is 0."""
    return where(equal(z, 0), 0, x / z)


def share(power: Callable[..., Apply], x: Expression, z: Expression) -> Apply:
    """Return the share of z that comes from x, both logarithms; 1 where both are infinite."""
    return where(equal(x, z), 1, power(x - z))


def number(x: Expression) -> Apply:
    """Return 1, or 0 where x is nan."""
    return where(isnan(x), 0, 1)


# fmt: off

# ---- arithmetic ----
elementwise(np.positive,   lambda y, x: 1)
elementwise(np.negative,   lambda y, x: -1)
elementwise(np.add,        lambda z, x, y: (1, 1))
elementwise(np.subtract,   lambda z, x, y: (1, -1))
elementwise(np.multiply,   lambda z, x, y: (y, x))
elementwise(np.divide,     lambda z, x, y: (1 / y, -z / y),         singular=True)
elementwise(np.reciprocal, lambda y, x: -y**2,                      singular=True)
elementwise(np.square,     lambda y, x: 2 * x)
elementwise(np.sqrt,       lambda y, x: 0.5 / y,                    domain=(0, inf), singular=True)
elementwise(np.cbrt,       lambda y, x: 1 / (3 * y**2),             singular=True)
# (z - x) / y is an integer but for rounding, and the one that made z; x / y rounded might not be
elementwise(np.remainder,  lambda z, x, y: (1, -(x // y)),          singular=True)
elementwise(np.fmod,       lambda z, x, y: (1, rint((z - x) / y)),  singular=True)
elementwise(np.ldexp,      lambda z, x, i: (exp2(i), None),        singular=True)
elementwise(np.nextafter,  lambda z, x, y: (1, None))

# ---- exponentials and logarithms ----
elementwise(np.exp,        lambda y, x: y,                          singular=True)
elementwise(np.exp2,       lambda y, x: LOG_2 * y,                  singular=True)
elementwise(np.expm1,      lambda y, x: exp(x),                     singular=True)
elementwise(np.log,        lambda y, x: 1 / x,                      domain=(0, inf), singular=True)
elementwise(np.log2,       lambda y, x: 1 / (LOG_2 * x),            domain=(0, inf), singular=True)
elementwise(np.log10,      lambda y, x: 1 / (LOG_10 * x),           domain=(0, inf), singular=True)
elementwise(np.log1p,      lambda y, x: 1 / (1 + x),                domain=(-1, inf), singular=True)
elementwise(np.logaddexp,  lambda z, x, y: (share(exp, x, z), share(exp, y, z)))
elementwise(np.logaddexp2, lambda z, x, y: (share(exp2, x, z), share(exp2, y, z)))

# ---- trigonometric and hyperbolic functions ----
elementwise(np.sin,        lambda y, x: cos(x))
elementwise(np.cos,        lambda y, x: -sin(x))
elementwise(np.tan,        lambda y, x: 1 + y**2)
elementwise(np.arcsin,     lambda y, x: 1 / sqrt((1 - x) * (1 + x)), domain=(-1, 1), singular=True)
elementwise(np.arccos,     lambda y, x: -1 / sqrt((1 - x) * (1 + x)), domain=(-1, 1), singular=True)
elementwise(np.arctan,     lambda y, x: 1 / (1 + x**2))
elementwise(np.arctan2,    lambda z, y, x: (x / (x**2 + y**2), -y / (x**2 + y**2)), singular=True)
elementwise(np.hypot,      lambda z, x, y: (ratio(x, z), ratio(y, z)), kink="0 at the origin")
elementwise(np.sinh,       lambda y, x: cosh(x),                    singular=True)
elementwise(np.cosh,       lambda y, x: sinh(x),                    singular=True)
elementwise(np.tanh,       lambda y, x: 1 - y**2)
elementwise(np.arcsinh,    lambda y, x: 1 / sqrt(1 + x**2))
elementwise(np.arccosh,    lambda y, x: 1 / sqrt((x - 1) * (x + 1)), domain=(1, inf), singular=True)
elementwise(np.arctanh,    lambda y, x: 1 / ((1 - x) * (1 + x)),    domain=(-1, 1), singular=True)
elementwise(np.sinc,       lambda y, x: -pi * spherical_bessel(1, pi * x))
elementwise(np.degrees,    lambda y, x: 180 / pi)
elementwise(np.radians,    lambda y, x: pi / 180)

# ---- kinks and choices ----
elementwise(np.absolute,   lambda y, x: sign(x),                    kink="0 at 0")
elementwise(np.fabs,       lambda y, x: sign(x),                    kink="0 at 0")
elementwise(np.copysign,   lambda z, x, y: (sign(x) * copysign(1, y), None), kink="0 at x == 0")
elementwise(np.heaviside,  lambda y, x, h: (None, where(equal(x, 0), 1, 0)), kink="0 at x == 0")
elementwise(np.nan_to_num, lambda y, x: where(isfinite(x), 1, 0))
elementwise(np.where,      choice(lambda c, x, y: c))
elementwise(guarded,       lambda z, s, p: (None, where(equal(s, 0), number(p), 1)), kink=LEAK)
elementwise(np.maximum,    choice(lambda x, y: x >= y),             kink=TIES)
elementwise(np.minimum,    choice(lambda x, y: x <= y),             kink=TIES)
# a nan loses
elementwise(np.fmax,       choice(lambda x, y: either(x >= y, isnan(y))), kink=TIES)
elementwise(np.fmin,       choice(lambda x, y: either(x <= y, isnan(y))), kink=TIES)
# Python keeps the first argument unless the second compares greater: max(1.0, nan) is 1.0
elementwise(builtins.max,  choice(lambda x, y: negation(y > x)),    kink=TIES)
elementwise(builtins.min,  choice(lambda x, y: negation(y < x)),    kink=TIES)

elementwise(math.remainder, lambda z, x, y: (1, rint((z - x) / y)), singular=True)

# z = x**y. No partial of y where x < 0; where x == 0 it is 0, the limit for y > 0.
for power in (np.power, np.float_power):
    elementwise(power, lambda z, x, y: (where(equal(y, 0), 0, y * x**(y - 1)),
                                        z * log(where(equal(x, 0), 1, x))),
                domain=((0, inf), REALS), kink="partial of y is 0 at x == 0", singular=True)

# minimum(maximum(x, low), high), also where low > high.
elementwise(np.clip, lambda z, x, low, high: (
    where(x < low, 0, where(x > high, 0, 1)),
    where(x < low, where(low > high, 0, 1), 0),
    where(maximum(x, low) > high, 1, 0)), kink=TIES)

# ---- other names of the same functions ----
for names in ("sin cos tan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p sqrt cbrt fabs fmod",
              "hypot copysign nextafter ldexp degrees radians"):
    for name in names.split():
        if hasattr(math, name):  # Python 3.10 lacks cbrt and exp2
            alias(getattr(np, name), getattr(math, name))
for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2"):
    alias(getattr(np, f"arc{name}"), getattr(math, f"a{name}"))
alias(np.degrees, np.rad2deg)
alias(np.radians, np.deg2rad)
alias(np.float_power, math.pow)  # of integers it is a float, which np.power is not
alias(np.absolute, builtins.abs, operator.abs)
alias(np.power, builtins.pow, operator.pow)
alias(np.add, operator.add)
alias(np.subtract, operator.sub)
alias(np.multiply, operator.mul)
alias(np.divide, operator.truediv)
alias(np.remainder, operator.mod)
alias(np.negative, operator.neg)
alias(np.positive, operator.pos)
