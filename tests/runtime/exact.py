"""The elementary functions in many digits, and how far a result is from them."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

mp = mpmath.mp


def log_with_sign(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: mp.ninf if x == 0 else f(x)


EXACT: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "exp2": lambda x: mp.power(2, x),
    "expm1": mp.expm1,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "log": log_with_sign(mp.log),
    "log1p": lambda x: mp.ninf if x == -1 else mp.log1p(x),
    "log2": log_with_sign(lambda x: mp.log(x, 2)),
    "log10": log_with_sign(mp.log10),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "arctan": mp.atan,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "erf": mp.erf,
    "erfc": lambda x: mp.erfc(min(x, mp.mpf(1000))),
    "arctan2": mp.atan2,
    "pow": lambda x, y: mp.power(abs(x), y) * (-1 if x < 0 and y % 2 == 1 else 1),
}


def ulps(y: Any, exact: Any) -> float:
    """Return how far y is from the exact value, in units of the last place of the latter."""
    form = np.finfo(y.dtype)
    if mp.isinf(exact) or mp.isinf(y):
        y = mp.sign(float(y)) * mp.ldexp(1, form.maxexp) if mp.isinf(y) else mp.mpf(float(y))
        if abs(exact) >= mp.ldexp(1, form.maxexp):
            return 0.0 if abs(y) >= mp.ldexp(1, form.maxexp) and y * exact > 0 else math.inf
    elif abs(exact) >= mp.ldexp(1, form.maxexp):
        exact = mp.sign(exact) * mp.ldexp(1, form.maxexp)
    exponent = 0 if exact == 0 else mp.frexp(exact)[1]
    last = max(min(exponent, form.maxexp) - form.nmant - 1, form.minexp - form.nmant)
    error = abs(mp.mpf(float(y)) - exact)
    return float(mp.ldexp(error, -int(last)))
