"""Buffers that grow: kept values of loops whose number of iterations is not known beforehand."""

from typing import Any

import numpy as np
from numba.extending import register_jitable


@register_jitable  # type: ignore[untyped-decorator]
def grow(tape: Any, size: int) -> Any:
    """Return `tape`, or a copy of at least twice its length, so that `size` elements fit."""
    if size <= tape.shape[0]:
        return tape
    longer = np.empty(max(size, 2 * tape.shape[0]), dtype=tape.dtype)
    longer[: tape.shape[0]] = tape
    return longer
