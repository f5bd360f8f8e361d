"""Time gradients against primals, adjoints by hand and peers: `python -m tests.benchmarks`.

One core, one thread, in turns in one process, CPU time; the values are compared first.
"""

import argparse
import sys
from pathlib import Path

from tests.benchmarks.measure import Measured, measure
from tests.benchmarks.page import write_page
from tests.benchmarks.registry import CASES
from tests.benchmarks.report import (
    read_json,
    rows_of,
    surroundings,
    table,
    write_json,
    write_picture,
)
from tests.benchmarks.timing import use_one_core


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="case", help="which cases; all by default")
    parser.add_argument("--list", action="store_true", help="list the cases and end")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each case (2)")
    parser.add_argument("--no-peers", action="store_true", help="leave other packages out")
    parser.add_argument("--no-starts", action="store_true", help="leave first gradients out")
    parser.add_argument("--limit", type=float, help="status 1 if a gradient/primal is above it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw (needs matplotlib)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a page")
    parser.add_argument(
        "--from", type=Path, metavar="FILE", dest="source", help="measure nothing; read this JSON"
    )
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; --list lists them")
    return given


def run(given: argparse.Namespace) -> tuple[list[Measured], list[str]]:
    """Measure the cases; return also what failed, which is not hidden.

    The numbers are written after each case, so that a run that is stopped leaves those it has.
    """
    results, failed = [], []
    for name in given.names or CASES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            found = measure(
                CASES[name], given.seconds, peers=not given.no_peers, starts=not given.no_starts
            )
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
            print(f"FAILED {failed[-1]}", file=sys.stderr, flush=True)
        else:
            results.append(found)
            ratios = (f"{row.form} {row.of_primal[0]:.2f}" for row in rows_of(found))
            print(f"  gradient/primal: {', '.join(ratios)}", file=sys.stderr, flush=True)
        if given.json:
            write_json(given.json, results)
    return results, failed


def main() -> int:
    """Print the table; return the exit status."""
    given = options()
    if given.list:
        for name, case in CASES.items():
            print(f"{name:16}{', '.join(case.forms()):16}{'by hand' if case.hand else ''}")
        return 0
    if given.source:
        where, results = read_json(given.source)
        results = [m for m in results if not given.names or m.name in given.names]
        failed: list[str] = []
    else:
        use_one_core()
        results, failed = run(given)
        where = surroundings()
    print(table(results))
    print("".join(f"\nFAILED {text}" for text in failed))
    if given.markdown:
        write_page(given.markdown, where, results, failed)
    if given.plot:
        write_picture(given.plot, results)
    rows = [row for m in results for row in rows_of(m)]
    above = given.limit and any(row.of_primal[0] > given.limit for row in rows)
    return int(bool(failed or above))


if __name__ == "__main__":
    raise SystemExit(main())
