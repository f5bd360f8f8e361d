"""Tables, JSON and a picture of what was measured."""

import dataclasses
import datetime
import json
import math
import os
import platform
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.benchmarks.first import First
from tests.benchmarks.measure import HAND, Measured
from tests.benchmarks.peers import PEERS
from tests.benchmarks.timing import Timing

WIDTH = 10
LIBRARIES = ("srcdiff", "numba", "llvmlite", "numpy", "jax", "torch", "autograd")


@dataclasses.dataclass(frozen=True)
class Row:
    """A form of a case, in ratios of medians (of minima: the second of a pair)."""

    name: str
    form: str
    primal_ms: float
    gradient_ms: float
    of_primal: tuple[float, float]
    others: dict[str, float]


def ratio(a: Timing, b: Timing) -> tuple[float, float]:
    return a.median / b.median, a.minimum / b.minimum


def rows_of(measured: Measured) -> Iterator[Row]:
    """Iterate over the forms with a gradient; `others` hold their times in units of ours."""
    for form, gradient in measured.gradient.items():
        primal = measured.primal[form]
        yield Row(
            measured.name,
            form,
            primal.median * 1e3,
            gradient.median * 1e3,
            ratio(gradient, primal),
            {name: ratio(other, gradient)[0] for name, other in measured.others.items()},
        )


def table(results: Sequence[Measured]) -> str:
    """Return the text that is printed: a line for each form, then means over all of them."""
    peers = [name for name in PEERS if any(name in m.others for m in results)]
    starts = any(m.first for m in results)
    heads = ["primal", "grad", "grad/", "minima", "grad/", "hand/", *(f"{p}/" for p in peers)]
    units = ["ms", "ms", "primal", "", "hand", "primal", *("grad" for _ in peers)]
    heads += ["first", "cached", "njit", "peak"] if starts else []
    units += ["s", "s", "s", "MiB"] if starts else []
    lines = [f"{'':24}" + "".join(f"{word:>{WIDTH}}" for word in words) for words in (heads, units)]
    for m in results:
        lines += [line_of(m, row, peers) for row in rows_of(m)]
        lines += [f"{m.name:16}{form:8}  refused: {why}" for form, why in m.refused.items()]
    return "\n".join([*lines, "", *means(results, peers)])


def line_of(m: Measured, row: Row, peers: Sequence[str]) -> str:
    hand = m.others.get(HAND)
    primal = m.primal[row.form]
    cells = [f"{row.primal_ms:{WIDTH}.3f}{row.gradient_ms:{WIDTH}.3f}"]
    cells += [cell(number) for number in row.of_primal]
    cells += [cell(1 / row.others[HAND] if hand else None)]
    cells += [cell(hand.median / primal.median if hand else None)]
    cells += [cell(row.others.get(peer)) for peer in peers]
    if row.form in m.first:
        first = m.first[row.form]
        cells += map(cell, (first.cold, first.cached, first.njit, first.peak))
    return f"{row.name:16}{row.form:8}" + "".join(cells)


def cell(number: float | None) -> str:
    return f"{'-':>{WIDTH}}" if number is None else f"{number:{WIDTH}.2f}"


def means(results: Sequence[Measured], peers: Sequence[str]) -> Iterator[str]:
    """Iterate over lines with geometric means; a case counts once, but for the first of them."""
    all_rows = [row for m in results for row in rows_of(m)]
    yield summary("gradient/primal, all forms", (row.of_primal[0] for row in all_rows))
    ratios = of_fastest_primal(results).values()
    yield summary("gradient/primal, the fastest forms of each case", ratios)
    for name in (HAND, *peers):
        numbers = of_gradient(results, name).values()
        if name == HAND:
            numbers = [1 / number for number in numbers]
        yield summary("gradient/hand" if name == HAND else f"{name}/gradient", numbers)
    by_hand = [m.others[HAND].median / fastest(m.primal) for m in results if HAND in m.others]
    yield summary("hand/primal, the fastest forms of each case", by_hand)


def fastest(timings: Mapping[str, Timing]) -> float:
    """Return the least median, in seconds."""
    return min(timing.median for timing in timings.values())


def of_fastest_primal(results: Sequence[Measured]) -> dict[str, float]:
    """Return the gradient/primal of each case, both in their fastest forms."""
    return {m.name: fastest(m.gradient) / fastest(m.primal) for m in results if m.gradient}


def of_gradient(results: Sequence[Measured], other: str) -> dict[str, float]:
    """Return another's time in units of our gradient, in its fastest form, for each case."""
    found = (m for m in results if m.gradient and other in m.others)
    return {m.name: m.others[other].median / fastest(m.gradient) for m in found}


def geometric_mean(numbers: Collection[float]) -> float:
    return math.exp(math.fsum(map(math.log, numbers)) / len(numbers))


def summary(what: str, numbers: Iterable[float]) -> str:
    numbers = list(numbers)
    if not numbers:
        return f"{what}: none"
    mean = geometric_mean(numbers)
    extremes = f"{min(numbers):.2f} to {max(numbers):.2f}"
    return f"{what}: geometric mean {mean:.2f} of {len(numbers)}, {extremes}"


def surroundings() -> dict[str, Any]:
    """Return machine and versions."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "date": datetime.date.today().isoformat(),
        "machine": platform.machine(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    path = Path("/", "proc", "cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def write_json(path: Path, results: Sequence[Measured]) -> None:
    cases = [dataclasses.asdict(m) for m in results]
    path.write_text(json.dumps({"where": surroundings(), "cases": cases}, indent=1) + "\n")


def read_json(path: Path) -> tuple[dict[str, Any], list[Measured]]:
    """Return machine and versions, and what was measured, of a file that `write_json` made."""
    read = json.loads(path.read_text())
    return read["where"], [measured_of(case) for case in read["cases"]]


def measured_of(case: Mapping[str, Any]) -> Measured:
    """Return a case as it was before it was written."""

    def timings(part: str) -> dict[str, Timing]:
        return {name: Timing(**numbers) for name, numbers in case[part].items()}

    first = {form: First(**numbers) for form, numbers in case["first"].items()}
    parts = [timings(part) for part in ("primal", "gradient", "others")]
    return Measured(case["name"], *parts, case["refused"], first)


def write_picture(path: Path, results: Sequence[Measured]) -> None:
    """Draw the time of each gradient in units of the primal of its form, on a logarithmic axis."""
    from matplotlib.figure import Figure

    kinds: dict[str, list[tuple[float, str]]] = {k: [] for k in ("srcdiff", HAND, *PEERS)}
    for m in results:
        for form, gradient in m.gradient.items():
            label = m.name if len(m.gradient) == 1 else f"{m.name} ({form})"
            primal = m.primal[form].median
            kinds["srcdiff"].append((gradient.median / primal, label))
            for other, timing in m.others.items():
                kinds[other].append((timing.median / primal, label))
    labels = [label for _, label in kinds["srcdiff"]]
    figure = Figure(figsize=(8, 2 + 0.2 * len(labels)), layout="constrained")
    axes = figure.add_subplot()
    for marker, (kind, points) in zip("oxs^v", kinds.items(), strict=True):
        heights = [labels.index(label) for _, label in points]
        axes.scatter([number for number, _ in points], heights, marker=marker, label=kind)
    axes.axvline(1.0, color="grey", linewidth=0.8)
    axes.set(xscale="log", yticks=range(len(labels)), yticklabels=labels)
    axes.set_xlabel("time of value and gradient / time of the compiled primal")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    figure.savefig(path)
