"""Time and memory with and without checkpoints: `python -m tests.benchmarks.checkpoint`.

A pendulum of a million steps: all states kept, and 100 of them. Ends with status 1 if checkpoints
take more than LIMIT times the time, or MOST_BYTES, or give another gradient.
"""

import argparse
import tracemalloc
from typing import Any

import numpy as np

import srcdiff as sd
from tests.benchmarks.timing import alternate, table, use_one_core

LIMIT = 2.5
MOST_BYTES = 1_000_000
ARGUMENTS = (1.0, 0.0, 0.1, 1_000_000)


def pendulum(angle: Any, speed: Any, friction: Any, steps: Any) -> Any:
    """Return what the energy of a pendulum with friction is after many small steps."""
    for _ in range(steps):
        speed += 0.001 * (-np.sin(angle) - friction * speed)
        angle += 0.001 * speed
    return 0.5 * speed**2 - np.cos(angle)


def peak(df: Any) -> int:
    """Return how many bytes a call allocates at most."""
    tracemalloc.start()
    df(*ARGUMENTS)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def main() -> int:
    """Print times and bytes; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="measuring time")
    derivatives = {
        "all states": sd.grad(pendulum, (0, 1, 2)),
        "checkpoint=100": sd.grad(pendulum, (0, 1, 2), checkpoint=100),
    }
    functions = {name: lambda df=df: df(*ARGUMENTS) for name, df in derivatives.items()}
    same = len({function() for function in functions.values()}) == 1
    timings = alternate(functions, parser.parse_args().seconds)
    print(table(timings, "all states"))
    for name, df in derivatives.items():
        print(f"{name}: {peak(df):,} bytes, explained as {df.explain(*ARGUMENTS).bytes():,}")
    ratio = timings["checkpoint=100"].median / timings["all states"].median
    kept = ratio <= LIMIT and peak(derivatives["checkpoint=100"]) <= MOST_BYTES and same
    print(f"the same gradient: {same}")
    print(f"limits {LIMIT}, {MOST_BYTES:,} bytes: {'kept' if kept else 'EXCEEDED'}")
    return int(not kept)


if __name__ == "__main__":
    use_one_core()
    raise SystemExit(main())
