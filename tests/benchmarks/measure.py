"""One case measured: its forms, ours, the adjoint by hand and the peers, in turns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

import srcdiff as sd
from tests.benchmarks.case import Case
from tests.benchmarks.first import First, first_gradient
from tests.benchmarks.peers import peers_of
from tests.benchmarks.timing import Timing, alternate

RTOL = 1e-8
HAND = "hand"
Result = tuple[Any, tuple[Any, ...]]


@dataclass(frozen=True)
class Measured:
    """What was measured of a case; the forms are keys of `primal`, `gradient` and `first`."""

    name: str
    primal: dict[str, Timing]
    gradient: dict[str, Timing]
    others: dict[str, Timing]
    refused: dict[str, str]
    first: dict[str, First] = field(default_factory=dict)


def measure(case: Case, seconds: float, *, peers: bool, starts: bool) -> Measured:
    """Compare the values, then time; `seconds` for each case."""
    args = case.args()
    forms = {form: f for form, f in case.forms().items() if form not in case.refused}
    primals = {form: njit(f) for form, f in case.forms().items()}
    gradients = {form: sd.value_and_grad(f, argnums=case.argnums) for form, f in forms.items()}
    others: dict[str, Callable[[], Result]] = {}
    if case.hand:
        others[HAND] = lambda: split(case.hand(*args))
    if peers:
        others |= peers_of(case, args)
    expected = gradients[next(iter(forms))](*args) if forms else None
    for form, gradient in gradients.items():
        compare(f"{case.name}, {form}", gradient(*args), expected)
    for name, function in others.items():
        compare(f"{case.name}, {name}", function(), expected)
    calls: dict[str, Callable[[], object]] = {}
    for form, f in primals.items():
        calls[f"primal {form}"] = lambda f=f: f(*args)
    for form, f in gradients.items():
        calls[f"gradient {form}"] = lambda f=f: f(*args)
    timings = alternate(calls | others, seconds)
    return Measured(
        case.name,
        {form: timings[f"primal {form}"] for form in primals},
        {form: timings[f"gradient {form}"] for form in gradients},
        {name: timings[name] for name in others},
        dict(case.refused),
        {form: first_gradient(case.name, form) for form in forms} if starts else {},
    )


def split(results: tuple[Any, ...]) -> Result:
    return results[0], results[1:]


def compare(what: str, found: Result, expected: Result) -> None:
    """Raise if value or gradients differ by more than 1e-8 of the largest element."""
    pairs = [(found[0], expected[0]), *zip(found[1], expected[1], strict=True)]
    for k, (part, wanted) in enumerate(pairs):
        part, wanted = np.asarray(part), np.asarray(wanted)
        scale = max(float(np.max(np.abs(wanted))), 1e-300)
        where = f"{what}: " + ("value" if k == 0 else f"gradient {k - 1}")
        if part.shape != wanted.shape:
            raise AssertionError(f"{where}: shape {part.shape}, expected {wanted.shape}")
        error = float(np.max(np.abs(part - wanted))) / scale
        if not error <= RTOL:
            raise AssertionError(f"{where} differs by {error:.1e}")
