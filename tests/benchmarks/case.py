"""What a benchmark case is, and the sums that make one number of what a kernel computes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

Function = Callable[..., Any]
SEED = 20240229
reordered = njit(fastmath={"reassoc"})
"""Compiles adjoints by hand whose sums may be reordered, so that they use the vector units."""


@dataclass(frozen=True, eq=False)
class Case:
    """A primal, how its arguments are made, and what it is compared with.

    `primal` is written in loops, `arrays` is the same in whole arrays (or, where the primal is that
    already, in another natural form). Neither changes its arguments. `make(random, **size)` makes
    the arguments. `hand` is the adjoint written by hand: it returns the value and the gradients.
    `refused` says, for a form, with which words srcdiff refuses it.
    """

    name: str
    primal: Function
    make: Callable[..., tuple[Any, ...]]
    size: Mapping[str, int]
    tiny: Mapping[str, int]
    argnums: tuple[int, ...]
    arrays: Function | None = None
    hand: Function | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    def forms(self) -> dict[str, Function]:
        """Return the forms of the primal by name."""
        return {"loops": self.primal} | ({"arrays": self.arrays} if self.arrays else {})

    def args(self) -> tuple[Any, ...]:
        """Return the arguments at the size that is timed, always the same."""
        return self.make(np.random.default_rng(SEED), **self.size)

    def tiny_args(self) -> tuple[Any, ...]:
        """Return arguments that are small enough for tests."""
        return self.make(np.random.default_rng(SEED), **self.tiny)


@njit
def weigh_vector(a, w):
    total = 0.0
    for i in range(a.shape[0]):
        total += w[i] * a[i]
    return total


@njit
def weigh_matrix(a, w):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += w[i, j] * a[i, j]
    return total


@njit
def weigh_box(a, w):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                total += w[i, j, k] * a[i, j, k]
    return total
