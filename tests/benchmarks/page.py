"""The page of a run, in Markdown: `python -m tests.benchmarks --markdown FILE`.

Every number is measured, and whether a limit holds is computed from them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import HAND, RTOL, Measured
from tests.benchmarks.peers import PEERS
from tests.benchmarks.report import (
    Row,
    geometric_mean,
    means,
    of_fastest_primal,
    of_gradient,
    rows_of,
)

WRITTEN = {"jax": "JAX", "torch": "PyTorch", "autograd": "autograd"}
FACTORISED = "its form calls a routine of LAPACK, the primal here is the algorithm in loops"
SAME_FORM = "the same form by hand: runs differ by so much"
STARTS = ("first gradient, s", "from the cache, s", "njit of the primal, s", "peak memory, MiB")
REASONS = {
    ("symm", HAND): "by hand a triangle becomes a symmetric matrix, and two products one",
    ("durbin", HAND): "by hand the older vector is the newer one reflected back, and not kept",
    ("spmv", HAND): "by hand the adjoints of the values are assigned, not added to zeros",
    ("azimint", HAND): "by hand the rings are kept as int32, half of the bytes",
    ("correlation", HAND): "by hand the data are multiplied by reciprocals, in one pass fewer",
    ("gramschmidt", HAND): SAME_FORM,
    ("cholesky", HAND): SAME_FORM,
    ("doitgen", HAND): SAME_FORM,
    ("floyd_warshall", HAND): "by hand row and column k are known not to change in step k",
    ("floyd_warshall", "jax"): "its step k reads row and column k before it writes, and vectorises",
    ("cholesky", "jax"): FACTORISED,
    ("ludcmp", "jax"): FACTORISED,
    ("trisolv", "jax"): FACTORISED,
    ("gramschmidt", "jax"): f"{FACTORISED}; QR by reflections",
    ("cholesky", "torch"): FACTORISED,
    ("ludcmp", "torch"): FACTORISED,
    ("trisolv", "torch"): FACTORISED,
}
"""Why a peer may win a case."""

PAGE = """\
# Benchmarks

<!-- Written by `python -m tests.benchmarks --markdown FILE`; do not edit. -->

What a gradient, with its value, costs: against the primal compiled by Numba as a user writes it,
against an adjoint written by hand for Numba, and against other packages in the form that an expert
writes there. The cases are in `tests/benchmarks/cases/`, the adjoints by hand in
`tests/benchmarks/hand/`, the peers in `tests/benchmarks/peers/`.

## How it was measured

One core, one thread. The functions of a case run in turns in one process, so that a change in the
speed of the machine falls on all alike; times are CPU time, and medians. Before, values and
gradients are compared: they agree to {rtol:.0e} of the largest element. First gradients run in new
processes, with an empty cache and then with the one that this filled; they begin before
`import srcdiff` and after `import numba`, and are CPU time, too. The modules have been compiled to
bytecode, as by an installation. Peak memory is what a call takes beside its arguments.

{machine}

## Times

Milliseconds, ratios of medians, and seconds. Above 1, `JAX / gradient` says that srcdiff is faster.

{table}

{means}

## Limits

{limits}

## Where others win

{lost}
{left_out}"""


@dataclass(frozen=True)
class Verdict:
    """What is asked for, what was found, and whether that is enough."""

    limit: str
    found: str
    holds: bool

    def line(self) -> str:
        return f"| {self.limit} | {self.found} | {'holds' if self.holds else '**does not hold**'} |"


def write_page(
    path: Path, where: Mapping[str, Any], results: Sequence[Measured], failed: Sequence[str] = ()
) -> None:
    path.write_text(page(where, results, failed), encoding="utf-8")


def page(where: Mapping[str, Any], results: Sequence[Measured], failed: Sequence[str] = ()) -> str:
    """Return the text of the page."""
    peers = [name for name in PEERS if any(name in m.others for m in results)]
    head = ["| limit | found | |", "| --- | --- | --- |"]
    return PAGE.format(
        rtol=RTOL,
        machine="\n".join(machine(where)),
        table="\n".join(rows(results, peers)),
        means="\n".join(f"- {text}" for text in means(results, peers)),
        limits="\n".join([*head, *(verdict.line() for verdict in verdicts(results))]),
        lost="\n".join(lost(results, peers)) or "Nowhere in this run.",
        left_out="".join(f"\n{text}" for text in left_out(results, failed)),
    )


def machine(where: Mapping[str, Any]) -> Iterator[str]:
    """Iterate over lines of a table: where and when it ran."""
    cores = where.get("cores")
    yield "| | |"
    yield "| --- | --- |"
    yield f"| date | {where.get('date', 'not recorded')} |"
    yield f"| processor | {where['processor']}{f', {cores} cores' if cores else ''} |"
    yield f"| system | {where['system']} |"
    if where.get("load"):
        yield f"| load at the end, of 1, 5, 15 minutes | {', '.join(map(short, where['load']))} |"
    versions = {"Python": where["python"], **where["versions"]}
    yield f"| versions | {', '.join(f'{name} {v}' for name, v in versions.items())} |"


def rows(results: Sequence[Measured], peers: Sequence[str]) -> Iterator[str]:
    """Iterate over the lines of the large table."""
    starts = any(m.first for m in results)
    heads = ["case", "form", "primal, ms", "gradient, ms", "gradient / primal", "gradient / hand"]
    heads += [f"{WRITTEN[peer]} / gradient" for peer in peers]
    heads += [*STARTS] if starts else []
    yield f"| {' | '.join(heads)} |"
    yield f"| --- | --- |{' ---: |' * (len(heads) - 2)}"
    for m in results:
        for row in rows_of(m):
            cells = [*of_row(row, peers), *(of_start(m, row.form) if starts else ())]
            yield f"| {' | '.join(cells)} |"


def of_row(row: Row, peers: Sequence[str]) -> Iterator[str]:
    yield from (row.name, row.form, f"{row.primal_ms:.3f}", f"{row.gradient_ms:.3f}")
    yield short(row.of_primal[0])
    yield short(1 / row.others[HAND]) if HAND in row.others else ""
    for peer in peers:
        yield short(row.others[peer]) if peer in row.others else ""


def of_start(m: Measured, form: str) -> tuple[str, ...]:
    if form not in m.first:
        return ("",) * len(STARTS)
    first = m.first[form]
    peak = "" if first.peak is None else f"{first.peak:.1f}"
    return short(first.cold), short(first.cached), short(first.njit), peak


def short(number: float) -> str:
    return f"{number:.2f}"


# ---- limits ----

ADBENCH = {"gmm": 0.7, "lstm": 1.4, "bundle": 1.0, "hand_tracking": 1.8}
"""Gradient / primal, both in their fastest forms."""
MOST_PRIMALS, MOST_HANDS, MOST_OF_ONE_HAND = 1.4, 0.8, 1.2
FASTER = {"jax": 2.5, "torch": 4.0}
MOST_LOST = 4
COLD, COMPILATIONS, CACHED = 2.0, 2.0, 0.4


def verdicts(results: Sequence[Measured]) -> Iterator[Verdict]:
    """Iterate over the limits that this run says something about."""
    ratios = of_fastest_primal(results)
    by_hand = {name: 1 / number for name, number in of_gradient(results, HAND).items()}
    if ratios:
        yield mean_at_most("gradient / primal", ratios, MOST_PRIMALS)
    if by_hand:
        yield mean_at_most("gradient / hand", by_hand, MOST_HANDS)
        above = {name: r for name, r in by_hand.items() if r > MOST_OF_ONE_HAND}
        yield none_of(f"gradient / hand at most {MOST_OF_ONE_HAND} on every case", above)
    for peer, least in FASTER.items():
        others = of_gradient(results, peer)
        if others:
            mean = geometric_mean(others.values())
            limit = f"{WRITTEN[peer]} / gradient at least {least}, geometric mean"
            yield Verdict(limit, f"{short(mean)}, of {len(others)} cases", mean >= least)
    slower = {name: r for name, r in of_gradient(results, "jax").items() if r < 1}
    if of_gradient(results, "jax"):
        limit = f"slower than JAX on at most {MOST_LOST} cases"
        yield Verdict(limit, named(slower), len(slower) <= MOST_LOST)
    for name, most in ADBENCH.items():
        if name in ratios:
            limit = f"gradient / primal of {name} at most {most}"
            yield Verdict(limit, short(ratios[name]), ratios[name] <= most)
    yield from starts(results)


def starts(results: Sequence[Measured]) -> Iterator[Verdict]:
    """Iterate over the limits of first gradients."""
    first = {f"{m.name} ({form})": one for m in results for form, one in m.first.items()}
    if not first:
        return
    slow = {k: f.cold for k, f in first.items() if f.cold > max(COLD, COMPILATIONS * f.njit)}
    limit = f"first gradient at most the larger of {COLD:g} s and {COMPILATIONS:g} times njit"
    yield none_of(limit, slow)
    late = {name: f.cached for name, f in first.items() if f.cached > CACHED}
    yield none_of(f"first gradient from the cache at most {CACHED} s", late)


def mean_at_most(what: str, numbers: Mapping[str, float], most: float) -> Verdict:
    mean = geometric_mean(numbers.values())
    limit = f"{what} at most {most}, geometric mean"
    return Verdict(limit, f"{short(mean)}, of {len(numbers)} cases", mean <= most)


def none_of(limit: str, exceptions: Mapping[str, float]) -> Verdict:
    return Verdict(limit, f"but: {named(exceptions)}" if exceptions else "all", not exceptions)


def named(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {short(number)}" for name, number in numbers.items()) or "none"


def lost(results: Sequence[Measured], peers: Sequence[str]) -> Iterator[str]:
    """Iterate over the cases that another wins, with the reason where one is known."""
    for peer in (HAND, *peers):
        for name, number in of_gradient(results, peer).items():
            if number < 1:
                who = "By hand" if peer == HAND else WRITTEN[peer]
                reason = REASONS.get((name, peer), "no reason is recorded")
                yield f"- {who}, {name}: {short(number)} of our time ({reason})."


def left_out(results: Sequence[Measured], failed: Sequence[str]) -> Iterator[str]:
    """Iterate over lines about what has no number."""
    refused = [f"- {m.name}, {form}: {why}" for m in results for form, why in m.refused.items()]
    if refused:
        yield "\n".join(["## What is refused", "", *refused, ""])
    if failed:
        yield "\n".join(["## What failed", "", *(f"- {text}" for text in failed), ""])
