"""NumPy functions written in the language itself: the front end inlines them like a user's.

So they need neither a rule nor a lowering, and their derivatives are those of their loops.
"""

from typing import Any

import numpy as np

from srcdiff.library import algebra, indices, statistics
from srcdiff.library.algebra import integer_matmul, matrix_norm
from srcdiff.library.indices import all_inside
from srcdiff.library.statistics import rows

LIBRARY: dict[Any, Any] = {
    np.matmul: algebra.matmul,
    np.trace: algebra.trace,
    np.diagonal: algebra.diagonal,
    np.diag: algebra.diag,
    np.var: statistics.var,
    np.std: statistics.std,
    np.cumsum: statistics.cumsum,
    np.arange: indices.arange,
    np.linspace: indices.linspace,
    np.eye: indices.eye,
    np.identity: indices.eye,
    np.nonzero: indices.nonzero,
    np.linalg.norm: algebra.norm,
    np.diff: indices.diff,
}

REDUCTIONS: dict[Any, Any] = {
    np.prod: statistics.prod_of,
    np.max: statistics.max_of,
    np.min: statistics.min_of,
    np.argmax: statistics.argmax_of,
    np.argmin: statistics.argmin_of,
    np.any: statistics.any_of,
    np.all: statistics.all_of,
    np.count_nonzero: statistics.count_nonzero_of,
}
"""Reductions of an array of one axis; the front end applies them along the axes asked for."""

RESULTS: dict[Any, Any] = {
    np.argmax: np.int64,
    np.argmin: np.int64,
    np.any: np.bool_,
    np.all: np.bool_,
    np.count_nonzero: np.int64,
}
"""The dtype of a reduction where it is not that of the array."""

__all__ = [
    "LIBRARY",
    "REDUCTIONS",
    "RESULTS",
    "all_inside",
    "integer_matmul",
    "matrix_norm",
    "rows",
]
