"""Functions whose derivative is zero wherever they have one."""

import builtins
import math
import operator

import numpy as np

from srcdiff import words
from srcdiff.rules.registry import alias, zero

# ---- piecewise constant ----
zero(np.floor, np.ceil, np.rint, np.trunc, np.fix, np.round, np.around)
zero(np.sign, np.signbit, np.spacing, np.floor_divide)
zero(math.floor, math.ceil, math.trunc, math.ulp, builtins.round, builtins.int, builtins.bool)

# ---- comparisons and tests ----
zero(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
zero(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
zero(np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf)
zero(np.isclose, np.allclose, np.array_equal, np.array_equiv, math.isclose)
zero(np.any, np.all, builtins.any, builtins.all, operator.is_, operator.is_not)

# ---- integers and bits ----
zero(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift)
zero(np.bitwise_count, np.gcd, np.lcm)
zero(math.gcd, math.lcm, math.isqrt, math.comb, math.perm, math.factorial)

# ---- positions and counts ----
zero(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort)
zero(np.searchsorted, np.digitize, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero)

# ---- shapes, and arrays that depend on nothing but a shape ----
zero(words.stop_gradient)
zero(np.shape, np.ndim, np.size, builtins.len)
zero(np.zeros, np.ones, np.empty, np.zeros_like, np.ones_like, np.empty_like)
zero(np.eye, np.identity, np.indices, np.tri)

# ---- other names of the same functions ----
alias(np.isnan, math.isnan)
alias(np.isinf, math.isinf)
alias(np.isfinite, math.isfinite)
alias(np.equal, operator.eq)
alias(np.not_equal, operator.ne)
alias(np.less, operator.lt)
alias(np.less_equal, operator.le)
alias(np.greater, operator.gt)
alias(np.greater_equal, operator.ge)
alias(np.logical_not, operator.not_)
alias(np.floor_divide, operator.floordiv)
alias(np.bitwise_and, operator.and_)
alias(np.bitwise_or, operator.or_)
alias(np.bitwise_xor, operator.xor)
alias(np.invert, operator.invert, operator.inv)
alias(np.left_shift, operator.lshift)
alias(np.right_shift, operator.rshift)
