"""How the cost of gradients grows: `python -m tests.benchmarks.growth`.

Over trip counts, sizes of arrays and depths of recursion, the time of a gradient is held against
the time of the compiled primal. Ends with status 1 if a log-log slope is above SLOPE, or if a
gradient at depth 800 takes more than DEEP primals.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

import srcdiff as sd
from tests.benchmarks.timing import alternate, use_one_core
from tests.programs.writes.lu import lu

SLOPE = 1.05
DEEP = 4.0
DEPTH = 800


def steps(x: Any, n: Any) -> Any:
    """Iterate a map of one number, with a branch."""
    for i in range(n):
        x = np.sin(x) + 0.1 * i if x > 0.3 else x * x + 0.5
    return x


def rows(x: Any, w: Any) -> Any:
    """Apply a layer to each row, and reduce."""
    total = 0.0
    for i in range(x.shape[0]):
        h = np.tanh(w @ x[i])
        total += np.sum(h * h)
    return total


def until(x: Any, tolerance: Any) -> Any:
    """Iterate until the change is small: `while`, with a buffer that grows."""
    y, change = x, 1.0
    while change > tolerance:
        new = 0.999 * y + 0.001 * np.cos(y)
        change = abs(new - y)
        y = new
    return y


def descend(x: Any, i: Any) -> Any:
    """Go down to element 0, with something to compute at each depth."""
    if i < 0:
        return 1.0
    return np.sin(x[i]) * descend(x, i - 1) + np.log(1.0 + x[i] * x[i])


def nested(x: Any) -> Any:
    """Recursion as deep as the array is long."""
    return descend(x, x.shape[0] - 1)


@dataclass(frozen=True)
class Series:
    """A function, and its arguments by size."""

    function: Callable[..., Any]
    args: Callable[[int, np.random.Generator], tuple[Any, ...]]
    sizes: tuple[int, ...]


SERIES = (
    Series(steps, lambda n, _: (0.7, n), (1_000, 10_000, 100_000, 1_000_000)),
    Series(rows, lambda n, r: (r.normal(size=(n, 16)), r.normal(size=(8, 16))), (64, 512, 4096)),
    Series(lu, lambda n, r: (r.normal(size=(n, n)) + n * np.eye(n),), (16, 32, 64, 128)),
    Series(until, lambda n, _: (0.1, 1e-3 / n), (10, 100, 1000, 10_000)),
    Series(nested, lambda n, r: (r.uniform(0.1, 1.0, size=n),), (200, DEPTH, 3200, 12_800)),
)


def measure(series: Series, seconds: float) -> tuple[list[float], list[float]]:
    """Return the medians of the primal and of the gradient, with value, by size."""
    primal = numba.njit(_compiled(series.function))
    gradient = sd.value_and_grad(series.function)
    times: tuple[list[float], list[float]] = ([], [])
    for size in series.sizes:
        args = series.args(size, np.random.default_rng(0))
        pair = {"primal": lambda a=args: primal(*a), "gradient": lambda a=args: gradient(*a)}
        found = alternate(pair, seconds)
        for name, into in zip(pair, times, strict=True):
            into.append(found[name].median)
    return times


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose helper is compiled, too."""
    if function is nested:
        function.__globals__["descend"] = numba.njit(getattr(descend, "py_func", descend))
    return function


def main() -> int:
    """Print the ratios and slopes; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="measuring time of each size")
    seconds, kept = parser.parse_args().seconds, True
    for series in SERIES:
        primal, gradient = measure(series, seconds)
        slope = float(np.polyfit(np.log(primal), np.log(gradient), 1)[0])
        ratios = [b / a for a, b in zip(primal, gradient, strict=True)]
        parts = [f"{n}: {r:.2f}" for n, r in zip(series.sizes, ratios, strict=True)]
        name = series.function.__name__
        print(f"{name}: slope {slope:.3f}, gradient/primal {', '.join(parts)}")
        kept = kept and slope <= SLOPE
        if series.function is nested:
            deep = ratios[series.sizes.index(DEPTH)]
            print(f"{name}: {deep:.2f} primals at depth {DEPTH}")
            kept = kept and deep <= DEEP
    print(f"limits {SLOPE}, {DEEP} primals: {'kept' if kept else 'EXCEEDED'}")
    return int(not kept)


if __name__ == "__main__":
    use_one_core()
    raise SystemExit(main())
