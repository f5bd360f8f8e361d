"""Hessians and Jacobians against limits: `python -m tests.benchmarks.products`.

Hessian and its products in units of the gradient; Jacobians by 8 inputs in units of those written
by hand. The results are compared first; each function counts by the median of its best round.
Ends with status 1 if a limit is exceeded.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

import srcdiff as sd
from tests.benchmarks import residuals
from tests.benchmarks.case import SEED
from tests.benchmarks.hand import jacobians as hand
from tests.benchmarks.timing import Timing, alternate, table, use_one_core

ROUNDS = 7
HVP_LIMIT = 2.5
JACOBIAN_LIMIT = 1.25
POINTS = 2000
"""So few that the Jacobian stays in the cache, and its memory with the process."""

Calls = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Check:
    """Functions to be timed, and limits of some of them in units of the first."""

    name: str
    functions: Calls
    limits: Mapping[str, float]


def rosenbrock_check(count: int, *, hessian: bool) -> Check:
    """Compare with the formulas; return what is to be timed."""
    random = np.random.default_rng(SEED)
    x, direction = random.normal(size=count), random.normal(size=count)
    gradient, hvp = sd.grad(residuals.rosenbrock), sd.hvp(residuals.rosenbrock)
    functions = {"gradient": lambda: gradient(x), "hvp": lambda: hvp(direction, x)}
    limits = {"hvp": HVP_LIMIT}
    compare("hvp", hvp(direction, x), residuals.rosenbrock_product(x, direction), 1e-12)
    if hessian:
        full = sd.hessian(residuals.rosenbrock)
        compare("hessian", full(x), residuals.rosenbrock_hessian(x), 1e-12)
        functions["hessian"] = lambda: full(x)
        limits["hessian"] = count / 2 + 2
    return Check(f"Rosenbrock, {count:,} variables", functions, limits)


def jacobian_check(name: str, f: Any, by_hand: Any, args: tuple[Any, ...]) -> Check:
    """Compare with the Jacobian by hand; return what is to be timed."""
    df = sd.jacfwd(f)
    compare(name, df(*args), by_hand(*args), 1e-10)
    functions = {"by hand": lambda: by_hand(*args), "jacfwd": lambda: df(*args)}
    return Check(f"{name}, {len(args[0])} inputs", functions, {"jacfwd": JACOBIAN_LIMIT})


def checks() -> list[Check]:
    """Return all checks; what they call is compiled, and its results are right."""
    camera = residuals.camera_args(POINTS)
    pose = residuals.hand_args("complicated_hand5_t26_c800")
    return [
        rosenbrock_check(200, hessian=True),
        rosenbrock_check(20_000, hessian=False),
        jacobian_check("camera", residuals.camera_residuals, hand.camera_jacobian, camera),
        jacobian_check("hand tracking", residuals.hand_residuals, hand.hand_jacobian, pose),
    ]


def compare(what: str, found: Any, expected: Any, rtol: float) -> None:
    """Raise if an element differs by more than `rtol` of the largest one."""
    assert found.shape == expected.shape, f"{what}: {found.shape}, expected {expected.shape}"
    error = np.max(np.abs(found - expected)) / np.max(np.abs(expected))
    if not error <= rtol:
        raise AssertionError(f"{what} differs by {error:.1e}")


@njit
def new(size):
    """Return memory from where compiled code takes it; NumPy keeps small pieces to itself."""
    return np.empty(size)


def in_rounds(functions: Calls, seconds: float) -> dict[str, Timing]:
    """Time in rounds, between which memory is filled differently; return the best round of each.

    Where its arrays happen to lie costs a vector loop up to half of its time again, and that is
    chance: so each function is taken where it is fastest.
    """
    random = np.random.default_rng(SEED)
    rounds = []
    for _ in range(ROUNDS):
        sizes = random.geometric(0.01, size=random.integers(100, 200))
        held = [new(size) for size in sizes]
        rounds.append(alternate(functions, seconds / ROUNDS))
        del held
    return {name: best([timings[name] for timings in rounds]) for name in functions}


def best(rounds: list[Timing]) -> Timing:
    """Return the least median, the least minimum, and the number of all runs."""
    median, minimum = min(t.median for t in rounds), min(t.minimum for t in rounds)
    return Timing(median, minimum, sum(t.runs for t in rounds))


def verdicts(check: Check, timings: Mapping[str, Timing]) -> dict[str, bool]:
    """Say for each limit, in words, whether the medians keep it."""
    reference = next(iter(check.functions))
    found = {}
    for name, limit in check.limits.items():
        ratio = timings[name].median / timings[reference].median
        kept = ratio <= limit
        found[f"{name}: {ratio:.2f}, limit {limit:g}: {'kept' if kept else 'EXCEEDED'}"] = kept
    return found


def main() -> int:
    """Print a table for each check; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each check (3)")
    seconds = parser.parse_args().seconds
    all_kept = True
    for check in checks():
        timings = in_rounds(check.functions, seconds)
        found = verdicts(check, timings)
        print(f"\n{check.name}\n{table(timings, next(iter(check.functions)))}")
        print("\n".join(found))
        all_kept = all_kept and all(found.values())
    return int(not all_kept)


if __name__ == "__main__":
    use_one_core()
    raise SystemExit(main())
