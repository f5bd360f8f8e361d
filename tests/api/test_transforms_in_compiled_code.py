"""`sd.grad(f)(x)` written in a function with `@numba.njit`."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import srcdiff as sd

ROOT = Path(__file__).parents[2]
X = np.arange(3.0)

INNER = """
import numba
import numpy as np

@numba.njit
def f(x):
    return np.sum(x**{exponent})
"""
CALLER = """
import numba
import srcdiff as sd
from inner import f

@numba.njit(cache=True)
def slope(x):
    return sd.grad(f)(x)
"""
MAIN = """
import numpy as np
from caller import slope

print(*slope(np.arange(3.0)), sum(slope.stats.cache_hits.values()))
"""


@numba.njit
def weighted(x, s):
    return s * np.sum(x**3)


def test_products_of_compiled_functions() -> None:
    @numba.njit
    def first(x):
        return sd.grad(weighted)(x, 2.0), sd.grad(weighted, "s")(x, 2.0)

    @numba.njit
    def others(x):
        both = sd.value_and_grad(weighted, argnums=1)(x, 2.0)
        return both, sd.hvp(weighted)(x, x, 1.0), sd.hessian(weighted)(x, 1.0)

    by_x, by_s = first(X)
    np.testing.assert_allclose(by_x, 6.0 * X**2)
    assert by_s == 9.0
    (value, slope), product, hessian = others(X)
    assert (value, slope) == (18.0, 9.0)
    np.testing.assert_allclose(product, 6.0 * X**2)
    np.testing.assert_allclose(hessian, np.diag(6.0 * X))


def test_argnums_is_a_literal() -> None:
    @numba.njit
    def caller(x, k):
        return sd.grad(weighted, k)(x, 2.0)

    with pytest.raises(numba.core.errors.TypingError, match="must be a literal"):
        caller(X, 0)


def test_cached_callers_are_never_stale(tmp_path: Path) -> None:
    def run(exponent: int) -> list[float]:
        (tmp_path / "inner.py").write_text(INNER.format(exponent=exponent))
        settings = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)]),
            "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
            "SRCDIFF_CACHE_DIR": str(tmp_path / "srcdiff"),
        }
        command = [sys.executable, "-c", MAIN]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return list(map(float, done.stdout.split()))

    (tmp_path / "caller.py").write_text(CALLER)
    assert run(3) == [0.0, 3.0, 12.0, 0.0]
    assert run(3) == [0.0, 3.0, 12.0, 1.0]
    assert run(2) == [0.0, 2.0, 4.0, 0.0]
    assert run(2) == [0.0, 2.0, 4.0, 1.0]
