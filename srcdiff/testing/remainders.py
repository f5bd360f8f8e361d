"""Taylor polynomials against the function that they belong to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.products import Argnums
from srcdiff.testing.case import Case, case_of
from srcdiff.testing.differences import EPS
from srcdiff.testing.space import Vector

STEPS = 0.25 * 0.5 ** np.arange(8)
NOISE = 1000
"""How many roundings of the value a remainder must exceed to be looked at."""


def taylor_test(
    f: Any,
    args: Sequence[Any],
    argnums: Argnums | None = None,
    order: int = 2,
    **options: Any,
) -> None:
    """Check that what a Taylor polynomial of `f` leaves at `args` falls as fast as it should.

    With the gradient, from reverse mode, remainder 1 falls as `step**2`; at order 2, with the
    Hessian, from forward over reverse, remainder 2 falls as `step**3`. Each argument
    is moved on its own. An output that is no number is multiplied by random numbers and summed. The
    power is read off at steps from 1/4 to 1/512. Raises `AssertionError`.

    >>> import numpy as np, srcdiff as sd
    >>> sd.testing.taylor_test(lambda x, y: np.sum(np.sin(x)) * y, (np.array([1.0, 2.0]), 3.0))
    >>> sd.testing.taylor_test(lambda x: x * sd.stop_gradient(x), (3.0,))
    Traceback (most recent call last):
      ...
    AssertionError: Taylor test of `<lambda>` by x: remainder 1 falls as step**1.00, not step**2.
    """
    if order not in (1, 2):
        raise ValueError(f"The order is 1 or 2, not {order!r}.")
    case = case_of(f, args, argnums, options)
    for position in case.argnums:
        one = replace(case, argnums=(position,))
        failure = _failure(one, one.direction(), order)
        if failure is not None:
            _fail(one, order, failure)


def _failure(case: Case, direction: Vector, order: int) -> tuple[int, float] | None:
    """Return the order of the first remainder that falls too slowly, and its power."""
    weights = case.cotangent
    value = case.at(0.0 * direction) @ weights
    moved = np.array([case.at(step * direction) @ weights for step in STEPS])
    bars = case.pull(weights)
    remainder = moved - value - STEPS * (bars @ direction)
    noise = NOISE * EPS[case.itemsize] * float(abs(case.at(0.0 * direction)) @ weights)
    power = _power(remainder, noise)
    if power < 1.5:
        return 1, power
    if order == 2:
        curvature = _curvature(case, direction)
        power = _power(remainder - 0.5 * STEPS**2 * curvature, noise)
        if power < 2.5:
            return 2, power
    return None


def _curvature(case: Case, direction: Vector) -> float:
    """Return the second derivative along a direction, from forward over reverse mode."""
    adjoint = case.derivative("rev")
    return float(adjoint.push(direction)[-direction.size :] @ direction)


def _power(remainder: Vector, noise: float) -> float:
    """Return the power of the step that a remainder falls with, infinity if it is only noise."""
    sizes = abs(remainder)
    loud = sizes > noise
    powers = [
        float(np.log2(sizes[k] / sizes[k + 1]))
        for k in range(len(STEPS) - 1)
        if loud[k] and loud[k + 1]
    ]
    # One may come out small by a zero of the remainder.
    return max(powers[-2:], default=np.inf)


def _fail(case: Case, order: int, failure: tuple[int, float]) -> None:
    """Raise, naming an element that is wrong on its own if there is one."""
    name = f"a random direction of {case.parameters[case.argnums[0]]}"
    for number, unit in enumerate(np.eye(case.inputs.size)):
        found = _failure(case, unit, order)
        if found is not None:
            name, failure = case.inputs.element(number), found
            break
    wrong, power = failure
    raise AssertionError(
        f"Taylor test of `{case.name}` by {name}: remainder {wrong} falls as step**{power:.2f}, "
        f"not step**{wrong + 1}."
    )
