"""Elementary functions without a branch, so that LLVM vectorises the loops that call them.

Each takes float64 or float32, in compiled code and in plain Python, and gives the same type. They
agree with NumPy at infinities, nan, signed zeros and subnormal numbers; how many ulp they may be
off stands in the docstring of each. In scalar code libm is faster.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.runtime.vecmath.error import erf, erfc
from srcdiff.runtime.vecmath.exponential import exp, exp2, expm1, sigmoid
from srcdiff.runtime.vecmath.hyperbolic import cosh, sinh, tanh
from srcdiff.runtime.vecmath.inverse import arccos, arcsin, arctan, arctan2
from srcdiff.runtime.vecmath.logarithm import log, log1p, log2, log10
from srcdiff.runtime.vecmath.machine import available
from srcdiff.runtime.vecmath.power import cbrt, pow
from srcdiff.runtime.vecmath.trigonometric import cos, sin, sincos, tan

__all__ = ["NAMED", "SCALAR", "VECTOR", "available"]

VECTOR: dict[Callable[..., Any], Callable[..., Any]] = {
    np.exp: exp,
    np.exp2: exp2,
    np.expm1: expm1,
    np.log: log,
    np.log1p: log1p,
    np.log2: log2,
    np.log10: log10,
    np.sin: sin,
    np.cos: cos,
    np.tan: tan,
    np.sinh: sinh,
    np.cosh: cosh,
    np.tanh: tanh,
    np.arctan: arctan,
    np.arctan2: arctan2,
    np.arcsin: arcsin,
    np.arccos: arccos,
    np.power: pow,
    np.cbrt: cbrt,
    math.erf: erf,
    math.erfc: erfc,
}
"""The function of NumPy, or of `math`, to ours."""

SCALAR: dict[Callable[..., Any], Callable[..., Any]] = {
    ours: plain for plain, ours in VECTOR.items()
}
"""The other way round."""

NAMED: dict[str, Callable[..., Any]] = {
    "sigmoid": sigmoid,
    "sincos": sincos,
}
"""Those that neither has."""
