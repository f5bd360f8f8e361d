"""Sums whose order of addition is free."""

from typing import Any

from numba import njit


def plain_radd(a: Any, b: Any) -> Any:
    """Add, where the compiled form may reassociate.

    Only accumulations that we introduce use it. The flag survives inlining and touches that one
    addition, so that a sum vectorises without a fast-math flag on the user's own arithmetic, and
    nothing is contracted to FMA (a recomputed condition would flip).
    """
    return a + b


radd: Any = njit(fastmath={"reassoc"}, error_model="numpy", nogil=True)(plain_radd)
