"""Every mode against differences, and forward against reverse mode."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.products import Argnums
from srcdiff.testing.case import MODES, Case, case_of
from srcdiff.testing.differences import Reference, differences
from srcdiff.testing.space import Vector

TOLERANCES = {4: (1e-2, 1e-2), 8: (1e-6, 1e-8)}
"""`rtol` and `atol` where none are given, by the bytes of a number."""
ROUNDING = {4: 1e-5, 8: 1e-12}
"""How far the two sides of the dot-product test may differ."""

MOST_ELEMENTS, DIRECTIONS = 16, 4
"""Up to how many elements each is checked; beyond, so many directions that mix all of them."""


def check_grads(
    f: Any,
    args: Sequence[Any],
    argnums: Argnums | None = None,
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    rtol: float | None = None,
    atol: float | None = None,
    **options: Any,
) -> None:
    """Check the derivatives of `f` at `args` against finite differences.

    `modes` are "fwd" and "rev". At order 2 each is applied to each: forward over reverse, and so
    on. A number passes if it differs from its reference by `atol + rtol * abs(reference)` or less,
    beyond the rounding of the differences. The tolerances are 1e-6 and 1e-8 by default, both 1e-2
    in single precision. The point must be away from kinks. `argnums` and `options` are those of
    the transforms. Raises `AssertionError`.

    >>> import numpy as np, srcdiff as sd
    >>> sd.testing.check_grads(lambda x, y: np.sin(x) * y, (np.array([1.0, 2.0]), 3.0))
    >>> sd.testing.check_grads(lambda x: x * sd.stop_gradient(x), (3.0,))
    Traceback (most recent call last):
      ...
    AssertionError: Forward mode of `<lambda>` is wrong at output by x: 3, not 6.
    """
    if not modes or not set(modes) <= set(MODES):
        raise ValueError(f"`modes` are among 'fwd' and 'rev', not {modes!r}.")
    if order < 1:
        raise ValueError(f"The order {order!r} is not a positive integer.")
    case = case_of(f, args, argnums, options)
    usual = TOLERANCES[case.itemsize]
    tolerance = Tolerance(usual[0] if rtol is None else rtol, usual[1] if atol is None else atol)
    _check(case, order, tuple(modes), tolerance)


@dataclass(frozen=True)
class Tolerance:
    """What may be between a derivative and its reference."""

    rtol: float
    atol: float

    def wrong(self, found: Vector, reference: Reference) -> int | None:
        """Return the number of the element that is most wrong, None if all are right."""
        allowed = self.atol + self.rtol * abs(reference.values) + reference.rounding
        with np.errstate(invalid="ignore"):
            excess = abs(found - reference.values) / allowed
        excess = np.where(np.isnan(excess), np.inf, excess)
        if np.all(excess <= 1):
            return None
        return int(np.argmax(excess))


def _check(case: Case, order: int, modes: Sequence[str], tolerance: Tolerance) -> None:
    """Check the derivatives of a case, and then those of its derivatives."""
    units = (_named(case, number) for number in range(case.inputs.size))
    if case.inputs.size <= MOST_ELEMENTS:
        _check_along(case, units, modes, tolerance)
    else:
        mixed = (("a random direction", case.direction(number)) for number in range(DIRECTIONS))
        try:
            _check_along(case, mixed, modes, tolerance)
        except AssertionError:
            # The element that is wrong is named, if it can be told.
            _check_along(case, units, modes, tolerance)
            raise
    if order > 1:
        for mode in modes:
            _check(case.derivative(mode), order - 1, modes, tolerance)


def _named(case: Case, number: int) -> tuple[str, Vector]:
    """Return an element of the arguments, and the direction in which only it changes."""
    return case.inputs.element(number), np.eye(1, case.inputs.size, number)[0]


def _check_along(
    case: Case,
    directions: Iterable[tuple[str, Vector]],
    modes: Sequence[str],
    tolerance: Tolerance,
) -> None:
    """Check that the derivatives along directions are those of the differences."""
    bars = case.pull(case.cotangent) if "rev" in modes else None
    for name, direction in directions:
        reference = differences(case, direction)
        if "fwd" in modes:
            found = case.push(direction)
            wrong = tolerance.wrong(found, reference)
            if wrong is not None:
                place = f"at {case.outputs.element(wrong)} by {name}"
                _fail(case, "fwd", place, found[wrong], reference, wrong)
        if bars is not None:
            found = np.array([bars @ direction])
            weighted = reference.weighted(case.cotangent)
            if tolerance.wrong(found, weighted) is not None:
                _check_rows(case, name, direction, reference, tolerance)
                place = f"by {name} with a random cotangent"
                _fail(case, "rev", place, found[0], weighted, 0)


def _check_rows(
    case: Case, name: str, direction: Vector, reference: Reference, tolerance: Tolerance
) -> None:
    """Check that reverse mode is right for each output on its own."""
    rows = (case.pull(unit) for unit in np.eye(case.outputs.size))
    found = np.array([row @ direction for row in rows])
    wrong = tolerance.wrong(found, reference)
    if wrong is not None:
        place = f"at {case.outputs.element(wrong)} by {name}"
        _fail(case, "rev", place, found[wrong], reference, wrong)


def _fail(
    case: Case, mode: str, place: str, found: float, reference: Reference, number: int
) -> None:
    value, error = float(reference.values[number]), float(reference.errors[number])
    text = f"{case.title(mode)} mode of `{case.name}` is wrong {place}: {found + 0.0:.12g}, "
    text += f"not {value:.12g}"
    if not error <= 1e-6 * (1 + abs(value)):
        text += f" (differences do not settle there, to {error:.1g} at best: is it a kink?)"
    raise AssertionError(f"{text}.")


def dot_product_test(
    f: Any,
    args: Sequence[Any],
    argnums: Argnums | None = None,
    rtol: float | None = None,
    **options: Any,
) -> None:
    """Check that forward and reverse mode of `f` at `args` are transposes: `<w, J v> == <J' w, v>`.

    No differences are taken, so that `rtol` is 1e-12 by default, and 1e-5 in single precision. It
    is relative to the sum of the sizes of all products. Raises `AssertionError`.

    >>> import numpy as np, srcdiff as sd
    >>> sd.testing.dot_product_test(lambda x: np.cumsum(x) / x, (np.array([1.0, 2.0]),))
    """
    case = case_of(f, args, argnums, options)
    rtol = ROUNDING[case.itemsize] if rtol is None else rtol
    tangent, cotangent = case.direction(), case.cotangent
    forward, reverse = cotangent * case.push(tangent), case.pull(cotangent) * tangent
    if _agree(forward, reverse, rtol):
        return
    for number in range(case.inputs.size):
        _check_column(case, number, rtol)
    raise AssertionError(
        f"Forward and reverse mode of `{case.name}` differ along a random direction: "
        f"{float(forward.sum())} and {float(reverse.sum())}."
    )


def _check_column(case: Case, number: int, rtol: float) -> None:
    """Hold one column of the Jacobian, from forward mode, against rows from reverse mode."""
    name, unit = _named(case, number)
    column = case.push(unit)
    if _agree(case.cotangent * column, case.pull(case.cotangent)[number], rtol):
        return
    for k, cotangent in enumerate(np.eye(case.outputs.size)):
        element = case.pull(cotangent)[number]
        if not _agree(column[k], element, rtol):
            raise AssertionError(
                f"Forward and reverse mode of `{case.name}` differ at {case.outputs.element(k)} "
                f"by {name}: {float(column[k])} and {float(element)}."
            )


def _agree(forward: Any, reverse: Any, rtol: float) -> bool:
    """Say whether two sums are equal but for rounding."""
    size = np.sum(abs(forward)) + np.sum(abs(reverse))
    return bool(abs(np.sum(forward) - np.sum(reverse)) <= rtol * size)
