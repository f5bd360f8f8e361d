"""What a second process finds on disk: nothing stale, and no pass to run."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HELPERS = """
import numpy as np
from numba import njit

SCALE = 2.0
WEIGHTS = np.arange(3.0)

@njit
def square(x, factor=1.0):
    return factor * x * x
"""

FUNCTIONS = """
import numpy as np
import helpers
from helpers import square

def f(x):
    return helpers.SCALE * np.sum(helpers.WEIGHTS * square(x))
"""

RUN = """
import numpy as np
import srcdiff as sd
from srcdiff import derivative
from functions import f

made = []
make = derivative.make
derivative.make = lambda *args, **kwargs: made.append(1) or make(*args, **kwargs)
df = sd.grad(f)
first = df(np.ones(3))
again = df(np.ones(3))
assert (first == again).all()
[(found,)] = df._variants.values()
how = "loaded" if found.function.stats.cache_hits else "compiled"
print(*first, "made" if made else "kept", how)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, "helpers", HELPERS)
    write(tmp_path, "functions", FUNCTIONS)
    write(tmp_path, "run", RUN)
    return tmp_path


def write(project: Path, module: str, text: str) -> None:
    (project / f"{module}.py").write_text(textwrap.dedent(text))


def run(project: Path) -> list[str]:
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(project)])
    cache = {"PYTHONPATH": path, "SRCDIFF_CACHE_DIR": str(project / "cache")}
    done = subprocess.run(
        [sys.executable, "-B", "run.py"],
        cwd=project,
        env=os.environ | cache,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_second_process_runs_no_pass(project: Path) -> None:
    assert run(project) == ["0.0", "4.0", "8.0", "made", "compiled"]
    assert run(project) == ["0.0", "4.0", "8.0", "kept", "loaded"]


def test_functions_that_are_written_out_are_kept_too(project: Path) -> None:
    body = "np.add.at(x, [0, 0], np.var(x))\n    return np.sum(x[x > 1.0]) + np.linalg.norm(x)"
    write(project, "functions", f"import numpy as np\n\ndef f(x):\n    {body}\n")
    assert run(project)[-2:] == ["made", "compiled"]
    assert run(project)[-2:] == ["kept", "loaded"]


@pytest.mark.parametrize(
    ("module", "old", "new", "expected"),
    [
        ("helpers", "SCALE = 2.0", "SCALE = 3.0", ["0.0", "6.0", "12.0", "made", "compiled"]),
        ("helpers", "x * x", "x * x * x", ["0.0", "6.0", "12.0", "made", "compiled"]),
        ("helpers", "factor=1.0", "factor=0.5", ["0.0", "2.0", "4.0", "made", "compiled"]),
        ("helpers", "arange(3.0)", "ones(3)", ["4.0", "4.0", "4.0", "kept", "loaded"]),
        ("helpers", "arange(3.0)", "ones(1)", ["4.0", "4.0", "4.0", "made", "compiled"]),
        ("functions", "np.sum(", "3.0 * np.sum(", ["0.0", "12.0", "24.0", "made", "compiled"]),
        ("functions", "import square", "import square\nsquare = np.sin", None),
        ("functions", "def f", "# a comment\ndef f", ["0.0", "4.0", "8.0", "made", "compiled"]),
    ],
)
def test_nothing_stale_is_taken(
    project: Path, module: str, old: str, new: str, expected: list[str] | None
) -> None:
    assert run(project)[-2] == "made"
    text = (project / f"{module}.py").read_text()
    assert old in text
    write(project, module, text.replace(old, new, 1))
    found = run(project)
    if expected is None:
        assert found[-2] == "made"
        assert float(found[1]) == pytest.approx(2.0 * 0.5403023058681398)
    else:
        assert found == expected


def test_a_damaged_file_is_a_miss(project: Path) -> None:
    run(project)
    for path in (project / "cache" / "front").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert run(project) == ["0.0", "4.0", "8.0", "made", "loaded"]
