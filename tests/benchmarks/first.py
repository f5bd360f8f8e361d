"""Time to the first gradient: in a process with an empty cache, and in the next one."""

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


@dataclass(frozen=True)
class First:
    """Seconds from `import srcdiff` to the first result; what njit takes for the primal."""

    import_numba: float
    cold: float
    cached: float
    njit: float


def first_gradient(name: str, form: str) -> First:
    """Measure a form of a case in two new processes that share a cache."""
    _write_bytecode()
    with tempfile.TemporaryDirectory() as folder:
        import_numba, cold, njit = run(name, form, folder, "yes")
        _, cached, _ = run(name, form, folder, "no")
    return First(import_numba, cold, cached, njit)


@cache
def _write_bytecode() -> None:
    """Compile srcdiff's modules, as an installation does."""
    compileall.compile_dir(ROOT / "srcdiff", quiet=1)


def run(name: str, form: str, folder: str, compile_primal: str) -> list[float]:
    settings = os.environ | {"SRCDIFF_CACHE_DIR": folder, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CODE, name, form, compile_primal]
    done = subprocess.run(
        command, env=settings, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return list(map(float, json.loads(done.stdout)))
