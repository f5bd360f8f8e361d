"""The corpus of programs: exact, the same compiled as plain, and the same text every time."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.corpus import Program, corpus
from tests.dual import gradients

ROOT = Path(__file__).parents[1]
GOLDEN = (
    "gmm",
    "evolve",
    "robust_loss",
    "horner",
    "running_product",
    "gauss_seidel",
    "lu",
    "forest",
    "recurrent",
    "huber",
    "log_sum_exp",
    "burgers",
    "newton",
    "doubling",
    "nested_state",
    "first_crossing",
    "deep_cells",
    "sorted_elements",
    "ring_buffer",
    "pendulum",
    "tree_walk",
    "smoothed",
)
PRINT_TEXTS = """
from tests.corpus import corpus

for program in corpus().values():
    print(program.made(program.args()).recipe.text)
"""


@pytest.fixture(params=corpus())
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    return corpus()[request.param]


def tolerance(args: tuple[Any, ...]) -> float:
    """Return 1e-10, or what the digits of the arguments allow."""
    single = any(isinstance(arg, np.ndarray) and arg.dtype == np.float32 for arg in args)
    return 1e-5 if single else 1e-10


def as_tuple(program: Program, gradient: Any) -> tuple[Any, ...]:
    return (gradient,) if isinstance(program.argnums, int) else gradient


def assert_close(found: Any, expected: Any, rtol: float, name: str) -> None:
    """Compare relative to the largest element."""
    assert np.shape(found) == np.shape(expected)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale, err_msg=name)


def assert_unchanged(program: Program, args: tuple[Any, ...]) -> None:
    for fresh, arg in zip(program.args(), args, strict=True):
        np.testing.assert_array_equal(fresh, arg, err_msg="an argument was changed")


def test_gradient_is_exact(program: Program) -> None:
    check_gradient(program, program.args())


def test_gradient_is_exact_for_strided_arrays(program: Program) -> None:
    check_gradient(program, program.strided_args())


def test_single_precision_stays_single(program: Program) -> None:
    args = program.single_args()
    _, exact = gradients(program.function, program.args(), program.positions())
    _, found = program.value_and_grad(jit=False)(*args)
    for found_part, part in zip(as_tuple(program, found), exact, strict=True):
        assert np.asarray(found_part).dtype == np.float32
        assert_close(found_part, part, 1e-3, "gradient")


def check_gradient(program: Program, args: tuple[Any, ...]) -> None:
    rtol = tolerance(args)
    value, exact = gradients(program.function, program.args(), program.positions())
    found_value, found = program.value_and_grad(jit=False)(*args)
    assert_close(found_value, value, rtol, "value")
    pairs = zip(program.positions(), as_tuple(program, found), exact, strict=True)
    for position, found_part, part in pairs:
        assert_close(found_part, part, rtol, f"argument {position}")
        if isinstance(args[position], np.ndarray):
            assert found_part.dtype == args[position].dtype
    assert_unchanged(program, args)


def test_pullback_is_transposed_tangent(program: Program) -> None:
    """`<y_bar, J x_dot> == <J^T y_bar, x_dot>`, with J from the oracle."""
    args, positions = program.args(), program.positions()
    random = np.random.default_rng(7)
    dots = [random.normal(size=np.shape(args[k])) for k in positions]
    value, rows = gradients(program.function, program.args(), positions)
    tangent = sum(float(np.sum(row * dot)) for row, dot in zip(rows, dots, strict=True))
    size = sum(float(np.sum(np.abs(row * dot))) for row, dot in zip(rows, dots, strict=True))
    y_bar = np.float32(1.75) if tolerance(args) > 1e-6 else 1.75
    out, bars = srcdiff.pullback(program.function, argnums=positions, jit=False)(y_bar, *args)
    cotangent = sum(float(np.sum(bar * dot)) for bar, dot in zip(bars, dots, strict=True))
    assert_close(out, value, tolerance(args), "value")
    assert cotangent == pytest.approx(1.75 * tangent, abs=2.0 * tolerance(args) * max(size, 1.0))
    assert_unchanged(program, args)


def compiled() -> list[Any]:
    """Return the names of the corpus; compiling takes long, so that half of it is slow."""
    slow = [name for name in list(corpus())[::2] if name not in GOLDEN]
    marks = {name: (pytest.mark.slow,) if name in slow else () for name in corpus()}
    return [pytest.param(name, marks=marks[name]) for name in corpus()]


@pytest.mark.parametrize("program", compiled(), indirect=True)
def test_compiled_is_plain(program: Program) -> None:
    args = program.args()
    rtol = tolerance(args) / 10
    value, gradient = program.value_and_grad(jit=False)(*program.args())
    found_value, found = program.value_and_grad()(*args)
    assert_close(found_value, value, rtol, "value")
    parts = zip(as_tuple(program, found), as_tuple(program, gradient), strict=True)
    for found_part, part in parts:
        assert_close(found_part, part, rtol, "gradient")
        assert np.asarray(found_part).dtype == np.asarray(part).dtype
    assert_unchanged(program, args)


def texts(hash_seed: int) -> str:
    settings = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PRINT_TEXTS]
    run = subprocess.run(command, env=settings, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_texts_do_not_depend_on_hashes() -> None:
    first, second = texts(1), texts(2)
    assert first.count("value_and_grad(") == len(corpus())
    assert first == second


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(
    name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)  # messages name files from here
    program = corpus()[name]
    text = program.value_and_grad().source(*program.args())
    golden(program.path.with_suffix(".adjoint.py"), text)
