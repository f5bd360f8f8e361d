"""Buffers that grow: kept values of loops whose number of iterations is not known beforehand."""

from typing import Any

import numpy as np
from numba.extending import overload

from srcdiff import words

grow = words.grow


@overload(words.grow)
def _grow(tape: Any, size: Any) -> Any:
    """Copy element by element: for a slice that is assigned, Numba compiles 2 s of error texts."""
    if tape.ndim == 1:

        def grow(tape: Any, size: Any) -> Any:
            if size <= tape.shape[0]:
                return tape
            longer = np.empty(max(size, 2 * tape.shape[0]), dtype=tape.dtype)
            for k in range(tape.shape[0]):
                longer[k] = tape[k]
            return longer

    else:

        def grow(tape: Any, size: Any) -> Any:
            if size <= tape.shape[0]:
                return tape
            shape = (max(size, 2 * tape.shape[0]),) + tape.shape[1:]
            longer = np.empty(shape, dtype=tape.dtype)
            for k in range(tape.size):
                longer.flat[k] = tape.flat[k]
            return longer

    return grow
