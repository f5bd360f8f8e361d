"""Hold the gradients of ADBench to their limits: `python -m tests.benchmarks.adbench`.

On the files of the benchmark and on instances of ten times their size. The primal is the fastest of
its forms under plain `njit`; the gradient of bundle adjustment is that of the small-array form.
`--jacobians`: those of the residuals, in blocks, on the files (`tests/benchmarks/blocks.py`).
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numba import njit

import srcdiff as sd
from tests.benchmarks import blocks
from tests.benchmarks.case import SEED
from tests.benchmarks.registry import CASES
from tests.benchmarks.timing import alternate, use_one_core
from tests.data.adbench import read_gmm, read_hand

TIMES = 10
LIMITS = {"gmm": 0.7, "lstm": 1.4, "bundle": 1.0, "hand_tracking": 1.8}
FORM = {"lstm": "loops"}
"""The form that is differentiated, where it is not the first one."""

Arguments = tuple[Any, ...]
Lines = Iterator[tuple[str, bool]]
"""Lines of a table, and whether each limit holds."""


def repeated(*arrays: Any) -> list[Any]:
    """Return arrays with their rows ten times over."""
    return [np.concatenate([array] * TIMES) for array in arrays]


def ten_bundles(args: Arguments) -> Arguments:
    cameras, points, *rest = args
    return (cameras, points, *repeated(*rest))


def ten_sequences(args: Arguments) -> Arguments:
    *parameters, sequence = args
    return (*parameters, *repeated(sequence))


LARGE: Mapping[str, Callable[[Arguments], Arguments]] = {
    "gmm": lambda args: read_gmm("gmm_d10_K25", tiles=TIMES),
    "lstm": ten_sequences,
    "bundle": ten_bundles,
    "hand_tracking": lambda args: read_hand("complicated_hand5_t26_c800", tiles=300 * TIMES),
}


def ratios(name: str, args: Arguments, seconds: float) -> tuple[float, float, float]:
    """Return gradient / primal, of medians and of minima, and the primal in milliseconds."""
    case = CASES[name]
    forms = case.forms()
    gradient = sd.value_and_grad(forms[FORM.get(name, "loops")], case.argnums)
    functions: dict[str, Callable[..., Any]] = {form: njit(f) for form, f in forms.items()}
    calls = {key: (lambda f=f: f(*args)) for key, f in (functions | {"": gradient}).items()}
    times = alternate(calls, seconds)
    found = times.pop("")
    primal = min(times.values(), key=lambda timing: timing.median)
    return found.median / primal.median, found.minimum / primal.minimum, primal.median * 1e3


def gradients(seconds: float) -> Lines:
    for name, limit in LIMITS.items():
        small = CASES[name].args()
        for size, args in (("as published", small), ("ten times", LARGE[name](small))):
            median, minimum, primal = ratios(name, args, seconds)
            yield line(name, size, (primal, median, minimum), limit)


def jacobian_ratios(check: blocks.Check, args: Arguments, seconds: float) -> tuple[float, ...]:
    """Return the primal in milliseconds, and Jacobian / primal, of medians and of minima."""
    functions = {f.__name__: njit(f) for f in check.primals}
    calls = {name: (lambda f=f: f(*args[1:])) for name, f in functions.items()}
    times = alternate({**calls, "": check.found(args)}, seconds)
    found = times.pop("")
    primal = min(times.values(), key=lambda timing: timing.median)
    return primal.median * 1e3, found.median / primal.median, found.minimum / primal.minimum


def jacobians(seconds: float) -> Lines:
    random = np.random.default_rng(SEED)
    for name, check in blocks.CHECKS.items():
        found = jacobian_ratios(check, check.args(random), seconds)
        yield line(name, "as published", found, check.limit)


def line(name: str, size: str, numbers: tuple[float, ...], limit: float) -> tuple[str, bool]:
    """Return a line of a table from milliseconds and ratios, and whether the limit holds."""
    holds = numbers[1] <= limit
    primal, median, minimum = numbers
    text = f"{primal:10.3f}{median:10.2f}{minimum:10.2f}{limit:8.1f}"
    return f"{name:16}{size:14}{text}  {'' if holds else 'above'}", holds


def main() -> int:
    """Print a table; return 1 if a derivative is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.adbench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each line (3)")
    parser.add_argument("--jacobians", action="store_true", help="Jacobians, not gradients")
    given = parser.parse_args()
    use_one_core()
    what, lines = ("Jacobian", jacobians) if given.jacobians else ("gradient", gradients)
    print(f"{'':30}{'primal ms':>10}{what:>10}{'minima':>10}{'limit':>8}")
    found = []
    for text, holds in lines(given.seconds):
        print(text, flush=True)
        found.append(holds)
    return int(not all(found))


if __name__ == "__main__":
    raise SystemExit(main())
