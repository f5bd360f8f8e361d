"""Fair timing of a few functions against each other: one core, one thread, alternating runs."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

THREAD_VARIABLES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)
FEWEST_TURNS = 5
SEED = 20261127


@dataclass(frozen=True)
class Timing:
    """Seconds of CPU time per call: median and minimum over `runs` runs."""

    median: float
    minimum: float
    runs: int


def use_one_core() -> None:
    """Run the present command again on one core with one thread, and end with its status.

    A new process, because NumPy and Numba read the number of threads when they are imported.
    Returns at once where the command already runs so.
    """
    if all(os.environ.get(name) == "1" for name in THREAD_VARIABLES):
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        return
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, "1")
    command = [sys.executable, *sys.orig_argv[1:]]
    raise SystemExit(subprocess.run(command, env=environment, check=False).returncode)


def alternate(functions: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, Timing]:
    """Time the functions in turns for `seconds` in all, at least 5 turns, after a run to warm up.

    Turns let a change in the machine's speed fall on all of them alike, and each has an order of
    its own, so that none always finds in the cache, or in the heap, what the same one has left
    there. CPU time leaves out what other processes take.
    """
    for function in functions.values():
        function()
    times: dict[str, list[float]] = {name: [] for name in functions}
    turns, order, random = 0, list(functions.items()), Random(SEED)
    end = time.perf_counter() + seconds
    while turns < FEWEST_TURNS or time.perf_counter() < end:
        random.shuffle(order)
        for name, function in order:
            start = time.process_time()
            function()
            times[name].append(time.process_time() - start)
        turns += 1
    return {
        name: Timing(statistics.median(runs), min(runs), len(runs)) for name, runs in times.items()
    }


def table(timings: Mapping[str, Timing], reference: str) -> str:
    """Return a text table of milliseconds and of ratios to the function named `reference`."""
    base = timings[reference]
    lines = [f"{'':24}{'median ms':>12}{'minimum ms':>12}{'ratio':>9}{'ratio (min)':>13}"]
    for name, timing in timings.items():
        milliseconds = f"{timing.median * 1e3:12.4f}{timing.minimum * 1e3:12.4f}"
        ratio, ratio_min = timing.median / base.median, timing.minimum / base.minimum
        lines.append(f"{name:24}{milliseconds}{ratio:9.2f}{ratio_min:13.2f}")
    return "\n".join(lines)
