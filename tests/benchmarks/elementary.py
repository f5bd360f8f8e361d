"""Elementary functions against other packages: `python -m tests.benchmarks.elementary`.

Each of ours runs in the loop that srcdiff generates for `f(x)`, with the memory of the result
given, as the others have it; for the same arrays, on one core. A rival counts where its error is
at most 2 ulp (pow: 4) on a sample of these arrays. With `--limit`, status 1 if one of exp, log,
sin, cos and tanh takes more than that many times what the fastest of them takes.
"""

import argparse
import importlib
import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.lending import lent_recipe
from srcdiff.products import PRIMAL
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from tests.benchmarks.case import SEED
from tests.benchmarks.timing import Timing, alternate, use_one_core
from tests.runtime.exact import EXACT, mp, ulps

OURS = "srcdiff"
LIMITED = ("exp", "log", "sin", "cos", "tanh")
SIZES = (10_000, 100_000)
SAMPLE = 1000
"""So many elements are compared with the exact values."""
ELEMENTS = 200_000
"""So many are computed between two looks at the clock."""

Arrays = tuple[Any, ...]
Calls = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Trial:
    """A function, the intervals of its arguments, and what others call it.

    `logarithmic` says that the logarithms of the first argument are uniform.
    """

    function: Any
    intervals: tuple[tuple[float, float], ...]
    logarithmic: bool = False
    torch: str = ""
    jax: str = ""

    def arrays(self, count: int) -> Arrays:
        """Return arguments at the start of a line of the cache, so that none is favoured."""
        random = np.random.default_rng(SEED)
        drawn = [random.uniform(*interval, count) for interval in self.intervals]
        if self.logarithmic:
            (low, high), *_ = self.intervals
            drawn[0] = np.exp(random.uniform(math.log(low), math.log(high), count))
        return tuple(map(aligned, drawn))


TRIALS: dict[str, Trial] = {
    "exp": Trial(np.exp, ((-30.0, 30.0),)),
    "log": Trial(np.log, ((1e-6, 1e6),), logarithmic=True),
    "sin": Trial(np.sin, ((-100.0, 100.0),)),
    "cos": Trial(np.cos, ((-100.0, 100.0),)),
    "tanh": Trial(np.tanh, ((-5.0, 5.0),)),
    "exp2": Trial(np.exp2, ((-30.0, 30.0),)),
    "expm1": Trial(np.expm1, ((-5.0, 5.0),)),
    "log1p": Trial(np.log1p, ((1e-6, 1e6),), logarithmic=True),
    "log2": Trial(np.log2, ((1e-6, 1e6),), logarithmic=True),
    "log10": Trial(np.log10, ((1e-6, 1e6),), logarithmic=True),
    "tan": Trial(np.tan, ((-100.0, 100.0),)),
    "sinh": Trial(np.sinh, ((-10.0, 10.0),)),
    "cosh": Trial(np.cosh, ((-10.0, 10.0),)),
    "arctan": Trial(np.arctan, ((-10.0, 10.0),)),
    "arctan2": Trial(np.arctan2, ((-10.0, 10.0), (-10.0, 10.0))),
    "arcsin": Trial(np.arcsin, ((-1.0, 1.0),)),
    "arccos": Trial(np.arccos, ((-1.0, 1.0),)),
    "pow": Trial(np.power, ((1e-3, 1e3), (-10.0, 10.0)), logarithmic=True, torch="pow"),
    "cbrt": Trial(np.cbrt, ((1e-6, 1e6),), logarithmic=True),
    "erf": Trial(special.erf, ((-4.0, 4.0),), jax="scipy.special.erf"),
    "erfc": Trial(special.erfc, ((-4.0, 6.0),), jax="scipy.special.erfc"),
}


def aligned(values: Any) -> Any:
    """Return a copy that begins at a multiple of 64 bytes."""
    memory = np.empty(len(values) + 8)
    first = -(memory.ctypes.data // 8) % 8
    memory[first : first + len(values)] = values
    return memory[first : first + len(values)]


def generated(trial: Trial) -> tuple[str, Callable[..., Any]]:
    """Return the text that srcdiff makes of `f(x)`, and the compiled function of it."""
    f = trial.function

    def one(x: Any) -> Any:
        return f(x)

    def two(x: Any, y: Any) -> Any:
        return f(x, y)

    subject = subject_of(one if len(trial.intervals) == 1 else two)
    args = trial.arrays(8)
    form, _ = form_of(args, {}, subject.parameters(len(args)))
    lent = lent_recipe(make(subject, form, PRIMAL, None, has_aux=False).scheme)
    compiled = compile_function(lent.text, lent.name, lent.globals, f"<{lent.name}>", cache=False)
    return lent.text, compiled


# ---- what is timed: each returns a call that returns the array ----


def ours(trial: Trial, args: Arrays) -> Callable[[], Any]:
    _, compiled = generated(trial)
    out = aligned(args[0])
    return lambda: (compiled(*args, out), out)[1]


def in_numpy(trial: Trial, args: Arrays) -> Callable[[], Any]:
    """NumPy's function; SciPy's, where NumPy has none."""
    out = aligned(args[0])
    return lambda: trial.function(*args, out=out)


def in_torch(trial: Trial, args: Arrays) -> Callable[[], Any] | None:
    torch: Any = importlib.import_module("tests.benchmarks.peers.in_torch").torch
    f = getattr(torch, trial.torch or trial.function.__name__, None)
    if f is None:
        return None
    held, out = [torch.from_numpy(x) for x in args], torch.from_numpy(aligned(args[0]))
    return lambda: f(*held, out=out)


def in_jax(trial: Trial, args: Arrays) -> Callable[[], Any]:
    peer: Any = importlib.import_module("tests.benchmarks.peers.in_jax")
    f: Any = peer.jax if trial.jax else peer.jnp
    for name in (trial.jax or trial.function.__name__).split("."):
        f = getattr(f, name)
    compiled, held = peer.jax.jit(f), [peer.jnp.asarray(x) for x in args]
    return lambda: compiled(*held).block_until_ready()


RIVALS: dict[str, Callable[[Trial, Arrays], Callable[[], Any] | None]] = {
    "numpy": in_numpy,
    "jax": in_jax,
    "torch": in_torch,
}


def calls(trial: Trial, args: Arrays) -> dict[str, Callable[[], Any]]:
    """Return ours, and the rivals that are installed and have this function."""
    found = {OURS: ours(trial, args)}
    for name, prepare in RIVALS.items():
        if importlib.util.find_spec(name) is not None:
            call = prepare(trial, args)
            if call is not None:
                found[name] = call
    return found


def worst(name: str, args: Arrays, found: Any) -> float:
    """Return the largest error of a sample, in ulp."""
    places = np.linspace(0, len(args[0]) - 1, min(SAMPLE, len(args[0]))).astype(int)
    found = np.asarray(found)
    with mp.workprec(200):
        return max(
            ulps(found[k], EXACT[name](*[mp.mpf(float(x[k])) for x in args])) for k in places
        )


# ---- what is printed ----


@dataclass(frozen=True)
class Result:
    """Times for one array, and the errors, by who computed it."""

    name: str
    count: int
    timings: Mapping[str, Timing]
    errors: Mapping[str, float]

    def nanoseconds(self, who: str) -> float:
        """Return the median for one element."""
        return self.timings[who].median / self.count * 1e9

    def best(self) -> str:
        """Return the fastest rival that is accurate, an empty string if there is none."""
        most = 4.0 if self.name == "pow" else 2.0
        fit = [who for who in self.timings if who != OURS and self.errors[who] <= most]
        return min(fit, key=self.nanoseconds, default="")

    def ratios(self) -> tuple[float, float]:
        """Return our median and minimum in units of the best rival's."""
        if not self.best():
            return math.nan, math.nan
        mine, other = self.timings[OURS], self.timings[self.best()]
        return mine.median / other.median, mine.minimum / other.minimum


def measure(name: str, count: int, seconds: float) -> Result:
    trial = TRIALS[name]
    args = trial.arrays(count)
    functions = calls(trial, args)
    errors = {who: worst(name, args, f()) for who, f in functions.items()}
    times = max(1, ELEMENTS // count)

    def repeated(f: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(times):
                f()

        return run

    found = alternate({who: repeated(f) for who, f in functions.items()}, seconds)
    timings = {who: Timing(t.median / times, t.minimum / times, t.runs) for who, t in found.items()}
    return Result(name, count, timings, errors)


def heading() -> str:
    who = (OURS, *RIVALS)
    columns = "".join(f"{name:>9}" for name in who)
    errors = "".join(f"{name:>9}" for name in who)
    return f"{'ns an element':9}{'':>8}{columns}{'best':>8}{'ratio':>7}{'minima':>8}   ulp:{errors}"


def line(result: Result) -> str:
    def cells(numbers: Mapping[str, float]) -> str:
        return "".join(
            f"{numbers[who]:9.2f}" if who in numbers else f"{'-':>9}" for who in (OURS, *RIVALS)
        )

    times = cells({who: result.nanoseconds(who) for who in result.timings})
    ratio, ratio_of_minima = result.ratios()
    left = f"{result.name:10}{result.count:>11,}{times}{result.best() or '-':>8}"
    return f"{left}{ratio:7.2f}{ratio_of_minima:8.2f}       {cells(result.errors)}"


def above(results: Sequence[Result], limit: float) -> list[str]:
    """Say, in words, which functions that have a limit exceed it."""
    return [
        f"{r.name}, {r.count:,} elements: {r.ratios()[0]:.2f}, limit {limit:g}: EXCEEDED"
        for r in results
        if r.name in LIMITED and r.ratios()[0] > limit
    ]


def main() -> int:
    """Print a line for each function and size; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="function", help="which; all by default")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each line (1)")
    parser.add_argument("--limit", type=float, help="status 1 if a ratio is above it")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in TRIALS]
    if unknown:
        parser.error(f"no function {', '.join(unknown)}; there are {', '.join(TRIALS)}")
    print(heading())
    results = []
    for name in given.names or TRIALS:
        for count in SIZES:
            results.append(measure(name, count, given.seconds))
            print(line(results[-1]), flush=True)
    exceeded = above(results, given.limit) if given.limit else []
    print("\n".join(exceeded))
    return int(bool(exceeded))


if __name__ == "__main__":
    use_one_core()
    raise SystemExit(main())
