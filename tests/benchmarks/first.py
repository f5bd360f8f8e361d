"""Time to the first gradient, in a process with an empty cache and in the next one; peak memory."""

import compileall
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Seconds of CPU time, as everywhere; the case is imported before srcdiff, since it is not ours.
CODE = """
import json, sys, time
clock = time.process_time
name, form, compile_primal = sys.argv[1:]
import numba
imported_numba = clock()
from tests.benchmarks.registry import CASES
case = CASES[name]
args, primal = case.args(), case.forms()[form]
start = clock()
import srcdiff
result = srcdiff.value_and_grad(primal, argnums=case.argnums)(*args)
first = clock() - start
start = clock()
if compile_primal == "yes":
    numba.njit(primal)(*args)
print(json.dumps([imported_numba, first, clock() - start]))
"""
# What a call needs beside its arguments: Linux tells the peak since it was asked to forget.
PEAK = """
import sys
from pathlib import Path
import srcdiff
from tests.benchmarks.registry import CASES
name, form = sys.argv[1:]
process = Path("/", "proc", "self")
status = process / "status"
def mebibytes(what):
    line, = (line for line in status.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024
case = CASES[name]
args = case.args()
gradient = srcdiff.value_and_grad(case.forms()[form], argnums=case.argnums)
gradient(*case.tiny_args())
(process / "clear_refs").write_text("5")
before = mebibytes("VmRSS")
gradient(*args)
print(mebibytes("VmHWM") - before)
"""


@dataclass(frozen=True)
class First:
    """Seconds from `import srcdiff` to the first result; what njit takes for the primal.

    `peak` is what a call takes of memory beside its arguments, in MiB, where the system tells.
    """

    import_numba: float
    cold: float
    cached: float
    njit: float
    peak: float | None = None


def first_gradient(name: str, form: str) -> First:
    """Measure a form of a case in two new processes that share a cache."""
    _write_bytecode()
    with tempfile.TemporaryDirectory() as folder:
        import_numba, cold, njit = run(name, form, folder, "yes")
        _, cached, _ = run(name, form, folder, "no")
        told = Path("/", "proc", "self", "clear_refs").exists()
        peak = float(printed(PEAK, folder, name, form)) if told else None
    return First(import_numba, cold, cached, njit, peak)


@cache
def _write_bytecode() -> None:
    """Compile srcdiff's modules, as an installation does."""
    compileall.compile_dir(ROOT / "srcdiff", quiet=1)


def run(name: str, form: str, folder: str, compile_primal: str) -> list[float]:
    return list(map(float, json.loads(printed(CODE, folder, name, form, compile_primal))))


def printed(code: str, folder: str, *arguments: str) -> str:
    """Return what a new process prints, with a cache in `folder`."""
    settings = os.environ | {"SRCDIFF_CACHE_DIR": folder, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, env=settings, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout
