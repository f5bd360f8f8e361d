"""Derivatives called from compiled code: as globals and arguments, cached, and never stale.

The derivative of these tests multiplies by ten what the function's source returns.
"""

import os
import pickle
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from srcdiff.backend import callers
from srcdiff.backend.callers import register_callable
from srcdiff.backend.numba import compile_function
from srcdiff.errors import NotDifferentiable

TENFOLD = """
import inspect
from srcdiff.backend.callers import register_callable
from srcdiff.backend.numba import compile_function

class Tenfold:
    def __init__(self, f, factor=10):
        self.f = f
        self.factor = factor

    def __reduce__(self):
        return Tenfold, (self.f, self.factor)

def resolve(instance, args):
    value = inspect.getsource(instance.f).partition("return ")[2].strip()
    text = f"def df(x):\\n    return {instance.factor} * ({value})\\n"
    return compile_function(text, "df", {}, "<srcdiff df>")

register_callable(Tenfold, resolve)
"""

CALLERS = """
import functions, tenfold, third
from numba import njit, prange, vectorize

df = tenfold.Tenfold(functions.f)

@njit(cache=True)
def direct(x): return df(x)

@njit(cache=True)
def nested(x): return direct(x)

@njit(cache=True)
def attribute(x): return third.df(x)

@njit(cache=True)
def argument(d, x): return d(x)

def closure(d):
    @njit(cache=True)
    def call(x): return d(x)
    return call

closed = closure(tenfold.Tenfold(functions.f))

@njit(cache=True, parallel=True)
def parallel(x):
    total = 0.0
    for i in prange(2): total += nested(x)
    return total / 2

@vectorize(["float64(float64)"], cache=True)
def elementwise(x): return df(x)
"""

RUN = """
import sys, callers, third
for name in sys.argv[1:]:
    function = callers.closed if name == "closure" else getattr(callers, name)
    args = (third.df, 1.0) if name == "argument" else (1.0,)
    value = function(*args)
    misses = getattr(getattr(function, "stats", None), "cache_misses", {})
    print(name, float(value), "compiled" if sum(misses.values()) else "loaded")
"""

NAMED = "import functions, tenfold\ndf = tenfold.Tenfold(functions.f)\n"

EVERY_WAY = ["direct", "nested", "attribute", "argument", "closure", "parallel", "elementwise"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRCDIFF_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    write(tmp_path, "tenfold", TENFOLD)
    write(tmp_path, "callers", CALLERS)
    write(tmp_path, "run", RUN)
    write(tmp_path, "functions", "def f(x):\n    return x + 1\ndef g(x):\n    return x + 5\n")
    write(tmp_path, "third", NAMED)
    return tmp_path


def write(project: Path, module: str, text: str) -> None:
    (project / f"{module}.py").write_text(textwrap.dedent(text))


def run(project: Path, *names: str) -> dict[str, tuple[float, str]]:
    path = os.pathsep.join([str(Path(callers.__file__).parents[2]), str(project)])
    done = subprocess.run(
        [sys.executable, "-B", "run.py", *names],
        cwd=project,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: (float(value), how) for name, value, how in lines}


def values(results: dict[str, tuple[float, str]]) -> set[float]:
    return {value for value, _ in results.values()}


def test_cached_callers_are_loaded_and_follow_the_differentiated_function(project: Path) -> None:
    assert values(run(project, *EVERY_WAY)) == {20.0}
    again = run(project, *EVERY_WAY)
    assert {name: how for name, (_, how) in again.items()} == dict.fromkeys(EVERY_WAY, "loaded")
    write(project, "functions", "def f(x):\n    return x + 2\ndef g(x):\n    return x + 5\n")
    assert values(run(project, *EVERY_WAY)) == {30.0}
    assert set(run(project, *EVERY_WAY).values()) == {(30.0, "loaded")}


def test_caller_of_a_loaded_caller_is_guarded(project: Path) -> None:
    assert run(project, "direct") == {"direct": (20.0, "compiled")}
    assert run(project, "nested") == {"nested": (20.0, "compiled")}
    write(project, "functions", "def f(x):\n    return x + 2\ndef g(x):\n    return x + 5\n")
    assert run(project, "nested") == {"nested": (30.0, "compiled")}


@pytest.mark.parametrize(
    ("third", "expected"),
    [("functions.g", 60.0), ("functions.f, 100", 200.0), ("functions.h", 70.0)],
)
def test_cached_callers_follow_the_derivative(project: Path, third: str, expected: float) -> None:
    names = ["attribute", "argument", "direct"]
    assert values(run(project, *names)) == {20.0}
    with (project / "functions.py").open("a") as file:
        file.write("def h(x):\n    return x + 6\n")
    write(project, "third", f"import functions, tenfold\ndf = tenfold.Tenfold({third})\n")
    found = run(project, *names)
    assert found["attribute"] == (expected, "compiled")
    assert found["argument"] == (expected, "compiled")
    assert found["direct"] == (20.0, "loaded")


LOCAL = """
import tenfold
def make(k):
    if k:
        def f(x):
            return x + {}
    else:
        def f(x):
            return x + 2
    return f
df = tenfold.Tenfold(make({}))
other = tenfold.Tenfold(make(0))
"""


def test_what_has_no_name_is_cached_where_a_variable_holds_it(project: Path) -> None:
    write(project, "third", LOCAL.format(1, 1))
    assert values(run(project, "attribute", "argument")) == {20.0}
    again = {"attribute": (20.0, "loaded"), "argument": (20.0, "compiled")}
    assert run(project, "attribute", "argument") == again
    write(project, "third", LOCAL.format(3, 1))
    assert values(run(project, "attribute", "argument")) == {40.0}
    write(project, "third", LOCAL.format(3, 0))
    assert values(run(project, "attribute", "argument")) == {30.0}


def test_one_argument_without_a_name_is_not_taken_for_another(project: Path) -> None:
    write(project, "third", LOCAL.format(1, 1))
    assert run(project, "argument") == {"argument": (20.0, "compiled")}
    write(project, "run", RUN.replace("third.df", "third.other"))
    assert run(project, "argument") == {"argument": (30.0, "compiled")}


@pytest.mark.parametrize("third", [NAMED, LOCAL.format(1, 1)], ids=["named", "local"])
def test_the_index_of_a_caller_does_not_grow(project: Path, third: str) -> None:
    write(project, "third", third)
    for k in range(4):
        write(project, "functions", f"def f(x):\n    return x + {k}\n")
        run(project, "argument")
    assert len(list(project.rglob("*argument*.nbc"))) <= 2


class Times:
    """A derivative in this process: `factor * x`."""

    def __init__(self, factor: float, parameters: str = "x") -> None:
        self.factor = factor
        self.parameters = parameters
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, x: Any, y: Any = 1) -> Any:
        return self.factor * x


def resolve_times(instance: Times, args: tuple[Any, ...]) -> Any:
    instance.asked.append(args)
    if len(args) > 2:
        raise NotDifferentiable("three arguments")
    text = f"def df(x, y=1):\n    return {instance.factor} * x * y\n"
    return compile_function(text, "df", {}, "<srcdiff df>")


register_callable(Times, resolve_times)

GLOBAL = Times(3.0)


@numba.njit
def call_global(x: Any) -> Any:
    return GLOBAL(x)


@numba.njit
def call_argument(d: Any, x: Any) -> Any:
    return d(x)


def test_global_and_argument_for_several_types() -> None:
    assert call_global(2.0) == 6.0
    np.testing.assert_array_equal(call_global(np.ones(2)), [3.0, 3.0])
    assert call_argument(GLOBAL, 2.0) == 6.0
    assert call_argument(Times(4.0), 2.0) == 8.0


def test_equal_instances_are_not_taken_for_each_other() -> None:
    first, second = Times(5.0), Times(5.0)
    assert call_argument(first, 1.0) == 5.0
    second.factor = 6.0
    assert call_argument(second, 1.0) == 6.0


def test_literals_are_numbers_and_keywords_find_their_place() -> None:
    d = Times(2.0)
    f = numba.njit(lambda x: d(3) + d(y=x, x=2.0) + d(x=x))
    assert f(5.0) == 6.0 + 20.0 + 10.0
    kinds = {tuple(map(str, args)) for args in d.asked}
    assert ("int64",) in kinds
    assert ("float64", "float64") in kinds
    assert not any("Literal" in kind for args in kinds for kind in args)


def test_our_errors_come_out_of_numba_as_they_are() -> None:
    d: Any = Times(2.0)
    with pytest.raises(NotDifferentiable, match="three arguments"):
        numba.njit(lambda x, y: d(x, x, x))(1.0, 1.0)


def test_threads_call_one_caller() -> None:
    d = Times(7.0)
    f = numba.njit(lambda x: d(x))
    barrier = threading.Barrier(8)

    def work(x: float) -> float:
        barrier.wait()
        result: float = f(x)
        return result

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [7.0 * x for x in range(8)]


def test_a_stored_type_is_that_of_an_equal_instance_or_of_none() -> None:
    instance = Times(123.0)
    kind = numba.typeof(instance)
    assert pickle.loads(pickle.dumps(kind)) is kind
    instance.factor = 124.0
    assert pickle.loads(pickle.dumps(kind)) != kind
    assert callers.stored_type("") != numba.typeof(Times(lambda: 0))  # type: ignore[arg-type]


def test_without_guards_a_caller_is_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "_CAN_GUARD", False)
    d = Times(9.0)
    f = numba.njit(lambda x: d(x))
    assert f(1.0) == 9.0
    [result] = f.overloads.values()
    assert result.library.has_dynamic_globals


def test_guard_without_anything_to_compare_is_stale() -> None:
    with pytest.raises(callers.StaleCode):
        callers.check_guard((), None, (numba.float64,), "identity")
    with pytest.raises(callers.StaleCode):
        callers.check_guard(((__name__, "GLOBAL"),), None, (numba.float64,), "")
    identity = resolve_times(GLOBAL, (numba.float64,)).srcdiff_identity
    assert callers.check_guard(((__name__, "GLOBAL"),), None, (numba.float64,), identity)
