"""What a call costs, and how soon a second process has its first gradient."""

import os
import subprocess
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest

import srcdiff as sd

MOST_OVERHEAD = 1e-6
MOST_BEYOND_NUMBA = 0.4

START = """
import time
start = time.perf_counter()
import numba
imported = time.perf_counter()
import srcdiff as sd
from tests.data.adbench import read_gmm
from tests.programs.gmm import gmm_objective
sd.value_and_grad(gmm_objective, argnums=(0, 1, 2))(*read_gmm("gmm_d10_K25"))
print(time.perf_counter() - imported)
"""


def best(call: Callable[[], Any]) -> float:
    """Return the seconds of one call, the least of many."""
    call()
    count = 20_000
    return min(timeit.repeat(call, number=count, repeat=15)) / count


@pytest.mark.slow
def test_overhead_of_a_call() -> None:
    def f(x, y):
        return x * y

    primal, gradient, both = numba.njit(f), sd.grad(f), sd.value_and_grad(f, (0, 1))
    base = best(lambda: primal(2.0, 3.0))
    assert best(lambda: gradient(2.0, 3.0)) - base <= MOST_OVERHEAD
    assert best(lambda: both(2.0, 3.0)) - base <= MOST_OVERHEAD


@pytest.mark.slow
def test_second_process_starts_fast(tmp_path: Path) -> None:
    environment = os.environ | {"SRCDIFF_CACHE_DIR": str(tmp_path)}
    times = []
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, "-c", START],
            cwd=Path(__file__).parents[2],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        times.append(float(done.stdout))
    assert min(times[1:]) <= MOST_BEYOND_NUMBA


def test_scipy_is_not_imported() -> None:
    code = "import sys, srcdiff; print('scipy.special' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
