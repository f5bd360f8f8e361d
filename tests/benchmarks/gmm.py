"""Time per gradient against time per objective: `python -m tests.benchmarks.gmm`.

The mixture objective of ADBench on 1000 and on 10,000 points: plain njit, srcdiff, and an adjoint
written by hand. Ends with status 1 if srcdiff takes more than LIMIT times the objective.
"""

import argparse

import numpy as np
from numba import njit

import srcdiff as sd
from tests.benchmarks.hand.gmm import gmm_objective_hand
from tests.benchmarks.timing import Timing, alternate, table, use_one_core
from tests.data.adbench import read_gmm
from tests.programs.gmm import gmm_objective

LIMIT = 3.0
NAME = "gmm_d10_K25"


def measure(tiles: int, seconds: float) -> dict[str, Timing]:
    """Time the three functions on the points repeated `tiles` times, after checking the results."""
    arguments = read_gmm(NAME, tiles=tiles)
    primal = njit(gmm_objective)
    gradient = sd.value_and_grad(gmm_objective, argnums=(0, 1, 2))
    value, *expected = gmm_objective_hand(*arguments)
    srcdiff_value, actual = gradient(*arguments)
    np.testing.assert_allclose(primal(*arguments), value, rtol=1e-8)
    np.testing.assert_allclose(srcdiff_value, value, rtol=1e-8)
    for got, wanted in zip(actual, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-8 * np.abs(wanted).max())
    functions = {
        "njit primal": lambda: primal(*arguments),
        "sd.value_and_grad": lambda: gradient(*arguments),
        "hand-written adjoint": lambda: gmm_objective_hand(*arguments),
    }
    return alternate(functions, seconds)


def main() -> int:
    """Print a table for each size; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="measuring time for each size")
    seconds = parser.parse_args().seconds
    status = 0
    for tiles in (1, 10):
        timings = measure(tiles, seconds)
        ratio = timings["sd.value_and_grad"].median / timings["njit primal"].median
        print(f"{NAME}, {1000 * tiles} points, {timings['njit primal'].runs} runs each")
        print(table(timings, "njit primal"))
        print(f"limit {LIMIT}: {'kept' if ratio <= LIMIT else 'EXCEEDED'}\n")
        status |= ratio > LIMIT
    return int(status)


if __name__ == "__main__":
    use_one_core()
    raise SystemExit(main())
