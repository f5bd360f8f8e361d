"""Differences of a function, extrapolated until they settle."""

from dataclasses import dataclass

import numpy as np

from srcdiff.testing.case import Case
from srcdiff.testing.space import Vector

FEWEST_LEVELS, MOST_LEVELS = 6, 20
"""How often the step is halved."""
SETTLED = 1e-10
"""The relative error that is small enough to stop at."""
EPS = {4: float(np.finfo(np.float32).eps), 8: float(np.finfo(np.float64).eps)}


@dataclass(frozen=True, eq=False)
class Reference:
    """The derivative of each output along a direction: how exact, and how much is rounding."""

    values: Vector
    errors: Vector
    rounding: Vector

    def weighted(self, weights: Vector) -> "Reference":
        """Return the reference of the sum of the outputs, each times its weight."""
        parts = (self.values @ weights, self.errors @ abs(weights), self.rounding @ abs(weights))
        return Reference(*(np.array([part]) for part in parts))


def differences(case: Case, direction: Vector) -> Reference:
    """Return the derivative along a direction, from central differences.

    Their errors are powers of `step**2`, which are eliminated one by one as the step is halved;
    what the last elimination changed is the error (C. Ridders, Adv. Eng. Software 4, 1982). Steps
    that leave the domain give nan and are not used.
    """
    # 1/16 in double precision, 1/4 in single.
    step = EPS[case.itemsize] ** (1 / 13)
    best, errors = np.full((2, case.outputs.size), [[np.nan], [np.inf]])
    before: list[Vector] = []
    for level in range(1, MOST_LEVELS + 1):
        row = _row(case, direction, step, before)
        for k in range(1, len(row)):
            error = np.maximum(abs(row[k] - row[k - 1]), abs(row[k] - before[k - 1]))
            better = error < errors
            best, errors = np.where(better, row[k], best), np.where(better, error, errors)
        if level >= FEWEST_LEVELS and np.all(errors <= SETTLED * (1 + abs(best))):
            break
        before = row
        step /= 2
    size = abs(case.at(np.zeros(direction.size)))
    return Reference(best, errors, 8 * EPS[case.itemsize] * size / step)


def _row(case: Case, direction: Vector, step: float, before: list[Vector]) -> list[Vector]:
    """Return the difference at a step, and what elimination makes of it and the row before."""
    with np.errstate(invalid="ignore"):
        ahead, behind = case.at(step * direction), case.at(-step * direction)
        row = [(ahead - behind) / (2 * step)]
        for power, coarse in enumerate(before, start=1):
            row.append(row[-1] + (row[-1] - coarse) / (4**power - 1))
    return row
