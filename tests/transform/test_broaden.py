"""Short loops over rows here and there are vectors, and only where that is right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import float64, int64

import srcdiff as sd
from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.products import VALUE_AND_GRAD
from srcdiff.runtime import PLAIN_NAMES, vecmath
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from srcdiff.transform.broaden import broaden
from tests.transform.soundness import check_memory_programs, check_references

needs_vectors = pytest.mark.skipif(not vecmath.available(), reason="no vectors on this machine")


def springs(x, w, ends, goal):
    """Forces between points that move: sums in the user's order, a minus, and a sum for each."""
    y = np.empty((x.shape[0], 3))
    for i in range(x.shape[0]):
        for a in range(3):
            y[i, a] = x[i, a] * (1.0 + 0.1 * x[i, 0])
    total = 0.0
    for i in range(ends.shape[0]):
        p, q = ends[i, 0], ends[i, 1]
        for a in range(3):
            off = w[i, 0] * y[p, a] - w[i, 1] * y[q, a] - goal[i, a]
            total += off * off
            total -= 0.5 * y[p, a]
    return 0.5 * total


def four(x, w, ends, goal):
    """Rows of four elements need no more; what one loop adds, the next one reads."""
    y = np.zeros((x.shape[0], 4))
    for i in range(x.shape[0]):
        for a in range(4):
            y[i, a] = x[i, 0] * x[i, a % 3]
    total = 0.0
    for i in range(ends.shape[0]):
        p, q = ends[i, 0], ends[i, 1]
        for a in range(4):
            off = w[i, 0] * y[p, a] + w[i, 1] * y[q, a] * y[q, a] - w[i, 2]
            y[q, a] += 0.25 * off
            total += off * off / (2.0 + off * off)
    return total


def seen(x, w, ends, goal):
    """As `springs`, but the rows are seen as a whole."""
    y = x * (1.0 + 0.1 * x[0, 0])
    total = np.sum(y[1:] * y[:-1])
    for i in range(ends.shape[0]):
        p, q = ends[i, 0], ends[i, 1]
        for a in range(3):
            off = w[i, 0] * y[p, a] - w[i, 1] * y[q, a] - goal[i, a]
            total += off * off - 0.5 * y[p, a]
    return 0.5 * total


def own(x, w, ends, goal):
    """As `springs`, but `goal` is differentiated: a result has rows of three."""
    return springs(x, w, ends, goal)


def longer(x, w, ends, goal):
    """As `springs`, but there is a fourth element, which is another thing."""
    y = np.empty((x.shape[0], 4))
    for i in range(x.shape[0]):
        y[i, 3] = x[i, 0]
        for a in range(3):
            y[i, a] = x[i, a] * (1.0 + 0.1 * x[i, 0])
    total = 0.0
    for i in range(ends.shape[0]):
        p, q = ends[i, 0], ends[i, 1]
        for a in range(3):
            off = w[i, 0] * y[p, a] - w[i, 1] * y[q, a] - goal[i, a]
            total += off * off - 0.5 * y[p, a]
        total += y[p, 3] * y[q, 3]
    return 0.5 * total


def chain(x, w, ends, goal):
    """As `springs`, but the rows follow each other."""
    y = np.empty((x.shape[0], 3))
    for i in range(x.shape[0]):
        for a in range(3):
            y[i, a] = x[i, a] * (1.0 + 0.1 * x[i, 0])
    total = 0.0
    for i in range(x.shape[0] - 1):
        for a in range(3):
            off = w[i, 0] * y[i, a] - w[i, 1] * y[i + 1, a] - goal[i, a]
            total += off * off - 0.5 * y[i, a]
    return 0.5 * total


def filled(x, w, ends, goal):
    """As `springs`, but the fourth elements of rows are not 0."""
    y = np.ones((x.shape[0], 3))
    for i in range(x.shape[0]):
        for a in range(3):
            y[i, a] += x[i, a] * (1.0 + 0.1 * x[i, 0])
    total = 0.0
    for i in range(ends.shape[0]):
        p, q = ends[i, 0], ends[i, 1]
        for a in range(3):
            off = w[i, 0] * y[p, a] - w[i, 1] * y[q, a] - goal[i, a]
            total += off * off - 0.5 * y[p, a]
    return 0.5 * total


FUNCTIONS = (springs, four, seen, own, longer, chain, filled)
VECTORS = (springs, four, filled)
SIGNATURE = "float64[:, ::1], float64[:, ::1], int64[:, ::1], float64[:, ::1]"


def arguments(count: int = 40) -> tuple[Any, ...]:
    """Some ends are the same point, and some count from the last one."""
    random = np.random.default_rng(0)
    x, w = random.normal(size=(7, 3)), random.normal(size=(count, 3))
    ends = random.integers(-7, 7, size=(count, 2))
    ends[3], ends[5] = (2, 2), (4, -3)
    return x, w, ends, random.normal(size=(count, 3))


def argnums(f: Callable[..., Any]) -> tuple[int, ...]:
    return (0, 3) if f is own else (0, 1)


def source(f: Callable[..., Any]) -> str:
    return sd.value_and_grad(f, argnums(f)).source(SIGNATURE)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_values_and_gradients(f: Callable[..., Any]) -> None:
    args = arguments()
    value, bars = sd.value_and_grad(f, argnums(f))(*args)
    plain, plain_bars = sd.value_and_grad(f, argnums(f), jit=False)(*args)
    assert value == pytest.approx(f(*args), rel=1e-13)
    assert plain == pytest.approx(f(*args), rel=1e-13)
    for bar, plain_bar in zip(bars, plain_bars, strict=True):
        np.testing.assert_allclose(bar, plain_bar, rtol=1e-10, atol=1e-11)
    sd.testing.check_grads(f, args, argnums(f), order=1, jit=False)


@needs_vectors
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_which_loops_are_vectors(f: Callable[..., Any]) -> None:
    assert ("abreast(4)" in source(f)) == (f in VECTORS)


@needs_vectors
def test_the_order_of_the_users_sum_stays() -> None:
    args = arguments()
    value, _ = sd.value_and_grad(springs, (0, 1))(*args)
    primal = sd.value_and_grad(springs, (0, 1), jit=False)(*args)[0]
    assert value == primal == springs(*args)


@needs_vectors
def test_rows_get_a_fourth_element_and_are_fetched_ahead() -> None:
    text = source(springs)
    assert "y = np.zeros((x.shape[0], 4))" in text
    assert "y_bar = np.zeros((x.shape[0], 4))" in text
    assert "fetch(ends, i, 3072)" in text
    assert "fetch(y" not in text


@needs_vectors
def test_terms_of_sums_are_zero_in_the_fourth_iteration() -> None:
    """All of them since one value is, where the rows have zeros there."""
    assert source(springs).count("if inside else 0.0") == 1
    assert source(filled).count("if inside else 0.0") == 2
    assert "if inside" not in source(four)


@needs_vectors
@pytest.mark.parametrize("f", VECTORS, ids=lambda f: f.__name__)
def test_machine_code_adds_rows_at_once(f: Callable[..., Any]) -> None:
    subject = subject_of(f)
    form, _ = form_of(arguments(), {}, subject.parameters(4))
    found = make(subject, form, VALUE_AND_GRAD, (0, 1), has_aux=False).recipe
    compiled = compile_function(found.text, found.name, found.globals, "<packed>", cache=False)
    compiled.compile((float64[:, ::1], float64[:, ::1], int64[:, ::1], float64[:, ::1]))
    (assembly,) = compiled.inspect_asm().values()
    assert "vmulpd" in assembly
    assert any("pd" in line and "ymm" in line for line in assembly.splitlines())


def test_what_programs_compute_stays() -> None:
    check_memory_programs(broaden, range(20))
    check_references(broaden, range(40))


def test_in_plain_python_they_do_nothing() -> None:
    words: dict[str, Any] = dict(PLAIN_NAMES)
    assert words["abreast"](4) == 4
    assert words["fetch"](np.ones(3), 99, 8) == 0


def test_an_exported_file_runs(tmp_path: Path) -> None:
    args = arguments()
    df = sd.value_and_grad(springs, (0, 1))
    path = tmp_path / "exported.py"
    df.export(path, SIGNATURE)
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    value, *bars = names["springs_value_and_grad"](*args)
    expected, expected_bars = df(*args)
    assert value == expected
    for bar, expected_bar in zip(bars, expected_bars, strict=True):
        np.testing.assert_allclose(bar, expected_bar, rtol=1e-13, atol=1e-13)
