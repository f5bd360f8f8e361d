"""Generated text as plain Python: floats follow NumPy, and tools find the text."""

import inspect
import linecache
import math
import traceback
from typing import Any

import numba
import numpy as np
import pytest

from srcdiff import runtime
from srcdiff.backend.python import load, plain
from srcdiff.runtime.sums import radd


def run(expression: str, *args: Any, **namespace: Any) -> Any:
    names = ", ".join("abc"[: len(args)])
    text = f"def f({names}):\n    return {expression}\n"
    return plain(text, "f", {"math": math, "np": np} | namespace, "<test>")(*args)


@pytest.mark.parametrize(
    ("expression", "args", "expected"),
    [
        ("1 / 0.0", (), np.inf),
        ("-1.0 / a", (0,), -np.inf),
        ("a / b", (0, 0), np.nan),
        ("a / 0", (np.int64(1),), np.inf),
        ("0.0 ** -1", (), np.inf),
        ("a ** 0.5", (-8.0,), np.nan),
        ("a ** b", (2, -1), 0.5),
        ("a ** b", (0, -1), np.inf),
        ("a // b", (1.0, 0.0), np.inf),
        ("a % b", (1.0, 0.0), np.nan),
        ("a // b", (7, 0), 0),
        ("a % b", (7, 0), 0),
        ("a // b", (-7, 2), -4),
        ("pow(a, 0.5)", (-1.0,), np.nan),
        ("math.log(a)", (-1.0,), np.nan),
        ("math.log(a)", (0,), -np.inf),
        ("math.log(8.0, 2)", (), 3.0),
        ("math.exp(a)", (1e4,), np.inf),
        ("math.sqrt(-1)", (), np.nan),
        ("math.acos(2.0)", (), np.nan),
        ("math.lgamma(-1.0)", (), np.inf),
        ("math.gamma(200.0)", (), np.inf),
        ("math.gamma(-1.0)", (), np.nan),
        ("float(a) / float('inf')", (3,), 0.0),
        ("sum((a / i for i in range(2)))", (1.0,), np.inf),
    ],
)
def test_floating_point_errors_follow_numpy(expression: str, args: Any, expected: Any) -> None:
    np.testing.assert_array_equal(run(expression, *args), expected)


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (-7.0, 2.0), (7, 0), (-7, 2), (5.0, np.inf)])
@pytest.mark.parametrize("operator", ["/", "//", "%"])
def test_operators_agree_with_compiled_code(operator: str, a: Any, b: Any) -> None:
    text = f"def f(a, b):\n    return a {operator} b\n"
    compiled = numba.njit(error_model="numpy")(load(text, "f", {}, "<test>"))
    np.testing.assert_array_equal(run(f"a {operator} b", a, b), compiled(a, b))


def test_types_of_results() -> None:
    assert type(run("a + 1", 2)) is int
    assert type(run("a // 2", 7)) is int
    assert type(run("a", 2.0)) is np.float64
    assert type(run("a[0]", (2.0,))) is np.float64
    assert type(run("a and True", True)) is bool
    assert type(run("math.sqrt(True)")) is np.float64
    assert run("np.zeros(2, dtype=float)").dtype == np.float64


def test_augmented_assignment_keeps_aliases() -> None:
    text = "def f(x, s):\n    x /= 2\n    x[1:] **= 2\n    s /= 0\n    return s\n"
    x = np.full(3, 4.0)
    assert plain(text, "f", {}, "<test>")(x, 1.0) == np.inf
    np.testing.assert_array_equal(x, [2.0, 4.0, 4.0])


def test_our_functions_run_without_numba() -> None:
    before = list(radd.signatures)
    assert run("radd(a, 1.0)", 2.0, **runtime.NAMES) == 3.0
    assert radd.signatures == before
    assert runtime.NAMES.keys() == runtime.PLAIN_NAMES.keys()


def test_no_warning_leaves_and_the_error_state_is_restored() -> None:
    with np.errstate(all="raise"):
        assert run("a / b", 1.0, 0.0) == np.inf
        with pytest.raises(FloatingPointError):
            np.float64(1.0) / np.float64(0.0)


@pytest.mark.parametrize("make", [load, plain])
def test_tools_find_the_text(make: Any) -> None:
    text = "def f(x):\n    y = x / 2\n    raise ValueError(y)\n"
    function = make(text, "f", {}, "<srcdiff test>")
    linecache.checkcache()
    assert inspect.getsource(function) == text
    with pytest.raises(ValueError, match=r"^0\.5$") as caught:
        function(1)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.lineno, last.line) == (3, "raise ValueError(y)")


def test_namespace_is_copied() -> None:
    namespace: dict[str, object] = {"k": 2}
    function = load("def f():\n    global k\n    k = 3\n", "f", namespace, "<test>")
    function()
    assert namespace == {"k": 2}
