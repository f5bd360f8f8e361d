"""Random functions: the generated text computes what the IR means, as Python and under Numba."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Alloc, Broadcast, Function, Index, Reshape, Slice, Value
from srcdiff.ir.text import render
from srcdiff.ir.types import FLOAT64, INT64, Array
from tests.ir.interpreter import run
from tests.ir.random_programs import SIZE, number, random_function


def arguments(seed: int) -> tuple[Any, ...]:
    random = np.random.default_rng(seed)
    return (random.normal(size=SIZE), random.normal(size=SIZE), *random.normal(size=2).tolist())


def load(function: Function) -> Any:
    text = render(function)
    namespace = dict(text.globals)
    exec(text.source, namespace)
    return namespace[text.name]


def check(function: Function, generated: Any, seed: int) -> None:
    """Compare results and the arguments afterwards, bit for bit."""
    expected, given = arguments(seed), arguments(seed)
    with np.errstate(all="ignore"):
        wanted = run(function, *expected)
        found = generated(*given)
    for a, b in zip((*wanted, *expected), (*found, *given), strict=True):
        np.testing.assert_array_equal(np.asarray(a, float), np.asarray(b, float))


@pytest.mark.parametrize("block", range(10))
def test_text_computes_what_the_function_means(block: int) -> None:
    for seed in range(100 * block, 100 * block + 100):
        function = random_function(seed)
        check(function, load(function), seed)


@pytest.mark.parametrize("seed", [1, 4, 7, 12])
def test_text_runs_under_numba(seed: int) -> None:
    function = random_function(seed)
    check(function, numba.njit(load(function)), seed)


def test_forms_that_numba_is_particular_about() -> None:
    """Whole stores, layouts, dtypes and casts."""
    matrix, vector = Array(np.dtype(float), 2), Array(np.dtype(float), 1)
    n = Value("_n", INT64)
    w, u, x = Value("w", matrix, (n, n)), Value("u", vector, (n,)), Value("x", FLOAT64)
    b = Builder()
    b.store(w, (), x)
    b.increment(w, (), x)
    column = Index((Slice(None, None, None), number(0)))
    b.store(b.view(w, column, Array(np.dtype(float), 1, "A"), (n,)), (), u)
    turned = Value("turned", Array(np.dtype(float), 2, "F"), (number(2), number(3)))
    b.append(Alloc(turned, number(1.0)))
    flags = b.alloc((b.extent(u, 0),), np.dtype(bool), number(False), name="flags")
    point = b.alloc((), np.dtype(float), number(2.0), name="point")
    b.increment(point, (), x)
    whole = b.cast(x, np.dtype(np.int64))
    truth = b.cast(whole, np.dtype(bool), "truth")
    casts = [b.cast(truth, np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]
    casts += [b.cast(x, np.dtype(np.float32)), b.cast(u, np.dtype(np.float32))]
    rows = b.view(u, Broadcast(), Array(np.dtype(float), 2, "A"), (number(2), number(3)))
    results = (
        turned,
        flags,
        b.load(point, ()),
        *casts,
        rows,
        b.view(w, Reshape(), vector, (number(9),)),
    )
    generated = load(Function("forms", (w, u, x), b.block(), results))
    args = np.arange(9.0).reshape(3, 3), np.arange(3.0), 1.75
    for found, wanted in zip(numba.njit(generated)(*args), generated(*args), strict=True):
        # Numba gives back a Python float for a float32.
        assert np.ndim(found) == 0 or found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_text_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from srcdiff.ir.text import render\n"
        "from tests.ir.random_programs import random_function\n"
        "print(*[render(random_function(seed)).source for seed in range(40)])\n"
    )
    root = Path(__file__).parents[2]
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
