"""Partial derivatives of the elementwise functions, as the dual numbers of the tests use them.

A table entry maps the result and the arguments, all of them floats, to the partial derivatives.
Written apart from the rules of srcdiff, so that a wrong rule cannot be right in both.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import digamma

Function = Callable[..., Any]

ONE_ARGUMENT: dict[Function, Function] = {
    np.sin: lambda y, x: math.cos(x),
    np.cos: lambda y, x: -math.sin(x),
    np.tan: lambda y, x: 1 + y * y,
    np.arcsin: lambda y, x: 1 / math.sqrt(1 - x * x),
    np.arccos: lambda y, x: -1 / math.sqrt(1 - x * x),
    np.arctan: lambda y, x: 1 / (1 + x * x),
    np.sinh: lambda y, x: math.cosh(x),
    np.cosh: lambda y, x: math.sinh(x),
    np.tanh: lambda y, x: 1 / math.cosh(x) ** 2 if abs(x) < 300 else 0.0,
    np.arcsinh: lambda y, x: 1 / math.sqrt(x * x + 1),
    np.arccosh: lambda y, x: 1 / math.sqrt(x * x - 1),
    np.arctanh: lambda y, x: 1 / (1 - x * x),
    np.exp: lambda y, x: y,
    np.exp2: lambda y, x: y * math.log(2),
    np.expm1: lambda y, x: math.exp(x),
    np.log: lambda y, x: 1 / x,
    np.log2: lambda y, x: 1 / (x * math.log(2)),
    np.log10: lambda y, x: 1 / (x * math.log(10)),
    np.log1p: lambda y, x: 1 / (1 + x),
    np.sqrt: lambda y, x: 0.5 / y if y else math.inf,
    np.cbrt: lambda y, x: 1 / (3 * y * y) if y else math.inf,
    np.square: lambda y, x: 2 * x,
    np.reciprocal: lambda y, x: -1 / (x * x),
    np.deg2rad: lambda y, x: math.pi / 180,
    np.radians: lambda y, x: math.pi / 180,
    np.rad2deg: lambda y, x: 180 / math.pi,
    np.degrees: lambda y, x: 180 / math.pi,
    np.conjugate: lambda y, x: 1.0,
    math.erf: lambda y, x: 2 / math.sqrt(math.pi) * math.exp(-x * x),
    math.erfc: lambda y, x: -2 / math.sqrt(math.pi) * math.exp(-x * x),
    math.gamma: lambda y, x: y * float(digamma(x)),
    math.lgamma: lambda y, x: float(digamma(x)),
}
TWO_ARGUMENTS: dict[Function, Function] = {
    np.power: lambda z, x, n: (n * x ** (n - 1) if n else 0.0, z * math.log(x) if x > 0 else 0.0),
    np.remainder: lambda z, x, y: (1.0, -math.floor(x / y)),
    np.fmod: lambda z, x, y: (1.0, -math.trunc(x / y)),
    np.arctan2: lambda z, y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
    np.hypot: lambda z, x, y: (x / z, y / z) if z else (0.0, 0.0),
    np.logaddexp: lambda z, x, y: (math.exp(x - z), math.exp(y - z)),
    np.logaddexp2: lambda z, x, y: (2 ** (x - z), 2 ** (y - z)),
    np.copysign: lambda z, x, y: (math.copysign(1.0, x) * math.copysign(1.0, y), 0.0),
}
COMPARISONS: dict[Function, Function] = {
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.logical_and: lambda x, y: bool(x) and bool(y),
    np.logical_or: lambda x, y: bool(x) or bool(y),
}
OPERATORS: dict[Function, Function] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.absolute: abs,
    np.fabs: abs,
    np.float_power: operator.pow,
    np.maximum: lambda x, y: x if x >= y else y,
    np.minimum: lambda x, y: x if x <= y else y,
    np.fmax: lambda x, y: x if x >= y else y,
    np.fmin: lambda x, y: x if x <= y else y,
    **COMPARISONS,
}
STEPS = frozenset((np.floor, np.ceil, np.trunc, np.rint, np.sign, np.floor_divide))
TESTS = frozenset((np.isnan, np.isfinite, np.isinf, np.signbit, np.logical_not))
BOOLEAN = TESTS | frozenset(COMPARISONS)
