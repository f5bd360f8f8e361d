"""Indices of innermost loops: unsigned ones, and those of which LLVM shall know nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import float64

import srcdiff as sd
from srcdiff import pipeline
from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.products import VALUE_AND_GRAD
from srcdiff.runtime import PLAIN_NAMES, vecmath
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from srcdiff.transform.expose import expose
from srcdiff.transform.jam import jam
from srcdiff.transform.swap import swap
from tests.transform.soundness import check_memory_programs, check_references


def triangle(a: Any, x: Any) -> Any:
    b = a.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1, a.shape[0]):
            b[i, j] = a[i, j] * x[j]
    return np.sum(b * b)


def weighed_triangle(a: Any, x: Any) -> Any:
    """Nothing else is multiplied that could be vector code."""
    b = np.zeros((a.shape[0], a.shape[0]))
    for i in range(a.shape[0]):
        for j in range(i + 1, a.shape[0]):
            b[i, j] = a[i, j] * x[j]
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[0]):
            total += b[i, j]
    return total


def turned(a: Any, x: Any) -> Any:
    z = np.zeros(x.shape[0])
    for k in range(1, x.shape[0]):
        for i in range(k):
            z[i] = x[i] * x[k - 1 - i]
    return np.sum(z * a[0])


def from_the_end(a: Any, x: Any) -> Any:
    b = a.copy()
    for i in range(a.shape[0]):
        for j in range(i - a.shape[0], 0):
            b[i, j] = a[i, j] * x[j]
    return np.sum(b * b)


def unknown_start(a: Any, x: Any) -> Any:
    b = a.copy()
    first = int(np.floor(x[0]))
    for j in range(first, a.shape[1]):
        b[0, j] = a[0, j] * x[j]
    return np.sum(b * b)


def columns(a: Any, x: Any) -> Any:
    b = a.copy()
    for i in range(a.shape[0]):
        for j in range(i + 1, a.shape[0]):
            b[j, i] = a[j, i] * x[j]
    return np.sum(b * b)


def rows(a: Any, x: Any) -> Any:
    """Row k changes while it is added to the others."""
    b = a.copy()
    for k in range(a.shape[0]):
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] = np.sqrt(1.0 + b[i, j] * b[i, j]) + 0.1 * x[j] * b[k, j]
    return np.sum(b * b)


def rows_behind(a: Any, x: Any) -> Any:
    """Row k is none of those that change."""
    b = a.copy()
    for k in range(a.shape[0]):
        for i in range(k + 1, a.shape[0]):
            for j in range(a.shape[1]):
                b[i, j] += b[k, j] * x[j]
    return np.sum(b * b)


def short(a: Any, x: Any) -> Any:
    b = a.copy()
    for i in range(a.shape[0]):
        for j in range(3):
            b[i, j] = np.sqrt(1.0 + b[i, j] * b[i, j]) + x[j] * b[1, j]
    return np.sum(b * b)


def arguments(n: int) -> tuple[Any, Any]:
    random = np.random.default_rng(n)
    return random.normal(size=(n, n)), random.uniform(0.0, 0.5, size=n)


def source(f: Callable[..., Any]) -> str:
    return str(sd.value_and_grad(f, (0, 1)).source(*arguments(3)))


def test_what_the_compiler_sees_stays_as_it_is() -> None:
    assert re.search(
        r"for j in range\(i \+ 1, a\.shape\[0\]\):.*\n +b\[i, j\] = a\[i, j\] \* x\[j\]",
        source(triangle),
    )


def test_what_is_counted_down_is_unsigned() -> None:
    assert "z[i] = x[i] * x[np.uint64(k - 1 - i)]" in source(turned)


@pytest.mark.parametrize("f", [from_the_end, unknown_start, columns], ids=lambda f: f.__name__)
def test_what_stays_signed(f: Callable[..., Any]) -> None:
    """Indices that may count from the end, and elements that do not follow each other."""
    assert "uint64" not in source(f)


def test_rows_that_a_loop_crosses_are_told_apart_one_by_one() -> None:
    pattern = r"for (i\w*) in range\(%s\):.*\n +i\w* = opaque\(\1\)\n"
    primal, adjoint = source(rows).split("# ---- adjoint sweep ----")
    assert re.search(pattern % r"a\.shape\[0\]", primal)
    assert re.search(pattern % r"\w+, -1, -1", adjoint)


def test_rows_behind_each_other_need_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as their loops are not turned around or run four iterations at once."""
    passes = tuple(each for each in pipeline.FINISH if each not in (swap, jam))
    monkeypatch.setattr(pipeline, "FINISH", passes)
    primal, adjoint = source(rows_behind).split("# ---- adjoint sweep ----")
    assert "opaque" not in primal
    assert re.search(r"for (k\w*) in range\(.*, -1, -1\):.*\n +for i", adjoint)


def test_a_loop_of_few_iterations_is_no_vector_code() -> None:
    assert "opaque" not in source(short)


FUNCTIONS = (
    *(triangle, turned, from_the_end, unknown_start, columns),
    *(rows, rows_behind, short),
)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [3, 20])
def test_values_and_gradients(f: Callable[..., Any], n: int) -> None:
    a, x = arguments(n)
    value, bars = sd.value_and_grad(f, (0, 1))(a, x)
    plain, plain_bars = sd.value_and_grad(f, (0, 1), jit=False)(a, x)
    assert value == pytest.approx(f(a, x), rel=1e-13)
    assert plain == pytest.approx(f(a, x), rel=1e-13)
    for bar, plain_bar in zip(bars, plain_bars, strict=True):
        np.testing.assert_allclose(bar, plain_bar, rtol=1e-11, atol=1e-12)
    if n == 3:
        sd.testing.check_grads(f, (a, x), (0, 1), order=1, jit=False)


def test_what_programs_compute_stays() -> None:
    check_memory_programs(expose, range(20))
    check_references(expose, range(40))


def test_opaque_is_the_integer_itself() -> None:
    opaque: Any = PLAIN_NAMES["opaque"]
    assert opaque(-3) == -3


def test_an_exported_file_defines_opaque(tmp_path: Path) -> None:
    a, x = arguments(20)
    df = sd.value_and_grad(rows, (0, 1))
    path = tmp_path / "exported.py"
    df.export(path, "float64[:, ::1], float64[::1]")
    assert "builder.asm" in path.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    value, *bars = names["rows_value_and_grad"](a, x)
    expected, expected_bars = df(a, x)
    assert value == expected
    for bar, expected_bar in zip(bars, expected_bars, strict=True):
        np.testing.assert_array_equal(bar, expected_bar)


def packed(f: Callable[..., Any]) -> int:
    """Return how many instructions of the gradient add or multiply several numbers."""
    subject = subject_of(f)
    form, _ = form_of(arguments(3), {}, subject.parameters(2))
    found = make(subject, form, VALUE_AND_GRAD, (0, 1), has_aux=False).recipe
    compiled = compile_function(found.text, found.name, found.globals, "<packed>", cache=False)
    compiled.compile((float64[:, ::1], float64[::1]))
    (assembly,) = compiled.inspect_asm().values()
    return len(re.findall(r"v(?:add|mul)pd\s+.*%[yz]mm", assembly))


@pytest.mark.skipif(not vecmath.available(), reason="there may be no vectors of four numbers")
def test_the_machine_code_of_a_triangle_is_packed() -> None:
    assert packed(weighed_triangle) > 0


@pytest.mark.skipif(not vecmath.available(), reason="there may be no vectors of four numbers")
def test_the_machine_code_of_what_is_counted_down_is_packed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_it = packed(turned)
    monkeypatch.setattr(pipeline, "FINISH", tuple(p for p in pipeline.FINISH if p is not expose))
    assert with_it > packed(turned)
