"""`out=` and `work=`: results and scratch in arrays of the caller."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff as sd

X = np.linspace(0.5, 1.2, 6)


def fit(w, b, x, y):
    residual = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        residual[i] = np.tanh(x[i] @ w + b) - y[i]
    total = 0.0
    for i in range(x.shape[0]):
        total += residual[i] * residual[i]
    return total


def products(x):
    y = x.copy()
    for _ in range(5):
        for i in range(1, x.shape[0]):
            y[i] = y[i] * y[i - 1]
    return y.sum()


def fit_args() -> tuple[Any, ...]:
    random = np.random.default_rng(0)
    return random.normal(size=4), 0.3, random.normal(size=(50, 4)), random.normal(size=50)


@pytest.mark.parametrize("jit", [False, True])
def test_results_go_into_the_arrays_that_are_given(jit: bool) -> None:
    df = sd.value_and_grad(fit, argnums=("w", "b"), jit=jit)
    args = fit_args()
    value, (w_bar, b_bar) = df(*args)
    buffer, work = np.full(4, np.nan), df.workspace(*args)
    for _ in range(2):
        found, (given, number) = df(*args, out=(None, (buffer, None)), work=work)
        assert given is buffer
        np.testing.assert_allclose(buffer, w_bar, rtol=1e-13)
        assert (found, number) == pytest.approx((value, b_bar), rel=1e-13)
    np.testing.assert_array_equal(df(*args, work=work)[1][0], df(*args)[1][0])
    for fresh, arg in zip(fit_args(), args, strict=True):
        np.testing.assert_array_equal(fresh, arg)


@pytest.mark.parametrize("jit", [False, True])
def test_what_the_function_writes_is_scratch(jit: bool) -> None:
    df = sd.grad(products, jit=jit)
    buffer, work = np.empty(6), df.workspace(X)
    assert [array.shape for array in work] == [(6,), (5, 6)]
    for x in (X, 2.0 - X):
        np.testing.assert_array_equal(df(x, out=buffer, work=work), df(x))


def test_their_texts_are_made_when_they_are_asked_for() -> None:
    df = sd.grad(products, jit=False)
    df(X)
    assert df._latest is not None
    assert df._latest.recipe.lent is None
    buffer = np.empty(6)
    np.testing.assert_array_equal(df(X, out=buffer), df(X))


PASSES_RUN = """
import sys
import numpy as np, srcdiff as sd
sys.path.insert(0, {folder!r})
from given_memory_module import f
x = np.linspace(0.5, 1.2, 6)
df = sd.grad(f)
buffer = np.empty(6)
df(x, out=buffer)
assert np.array_equal(buffer, df(x))
print("srcdiff.pipeline" in sys.modules)
"""


def test_their_texts_are_kept_on_disk(tmp_path: Path) -> None:
    (tmp_path / "given_memory_module.py").write_text("def f(x):\n    return (x * x).sum()\n")
    environment = {**os.environ, "SRCDIFF_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", PASSES_RUN.format(folder=str(tmp_path))]
    runs = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs == ["True\n", "False\n"]


def test_every_product_takes_them() -> None:
    def f(x):
        return np.sin(x) * x[0]

    def number(x):
        return np.sum(f(x))

    square, vector, v = np.empty((6, 6)), np.empty(6), X[::-1].copy()
    for transform in (sd.jacobian, sd.jacfwd, sd.jacrev):
        df = transform(f, jit=False)
        assert df(X, out=square) is square
        np.testing.assert_array_equal(square, df(X))
    np.testing.assert_array_equal(
        sd.hessian(number, jit=False)(X, out=square), sd.hessian(number, jit=False)(X)
    )
    for transform in (sd.hvp, sd.gnvp):
        function = number if transform is sd.hvp else f
        df = transform(function, jit=False)
        np.testing.assert_array_equal(df(v, X, out=vector, work=df.workspace(v, X)), df(v, X))
    out, cotangent = np.empty(6), np.empty(6)
    found = sd.pullback(f, jit=False)(v, X, out=(out, cotangent))
    assert found[0] is out
    assert found[1] is cotangent
    np.testing.assert_array_equal(cotangent, sd.pullback(f, jit=False)(v, X)[1])


def test_a_parameter_called_out() -> None:
    df = sd.grad(lambda x, out: np.sum(x * out), jit=False)
    buffer = np.empty(6)
    assert df(X, out=2.0, sd_out=buffer) is buffer
    np.testing.assert_array_equal(buffer, np.full(6, 2.0))


def read_only() -> Any:
    array = np.empty(4)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda a: {"out": np.empty(4)}, sd.TypeInferenceError, "has the tree"),
        (lambda a: {"out": (1.0, (np.empty(4), None))}, sd.TypeInferenceError, "of a number"),
        (lambda a: {"out": (None, (np.empty(5), None))}, sd.ShapeError, "another shape"),
        (lambda a: {"out": (None, (np.empty((4, 1)), None))}, sd.ShapeError, "2 axes"),
        (lambda a: {"out": (None, (np.empty(4, "f4"), None))}, sd.TypeInferenceError, "float32"),
        (lambda a: {"out": (None, (np.empty(8)[::2], None))}, sd.TypeInferenceError, "contig"),
        (lambda a: {"out": (None, (read_only(), None))}, sd.TypeInferenceError, "read-only"),
        (lambda a: {"out": (None, (a[0], None))}, sd.AliasingError, "shares memory"),
        (lambda a: {"work": (1,)}, sd.TypeInferenceError, "workspace"),
    ],
)
def test_memory_that_does_not_fit(given: Any, error: type[Exception], message: str) -> None:
    args = fit_args()
    df = sd.value_and_grad(fit, argnums=("w", "b"), jit=False)
    with pytest.raises(error, match=message):
        df(*args, **given(args))
    np.testing.assert_array_equal(args[0], fit_args()[0])


COUNTED = """
import numba, numpy as np
from numba.core.runtime import rtsys
from tests.api.test_given_memory import products, X
import srcdiff as sd

df = sd.grad(products)
buffer, work = np.empty(6), df.workspace(X)
df(X, out=buffer, work=work)
into, plain = df._latest.lending.function, df._latest.function

@numba.njit
def given(n, x, a, b, c):
    for _ in range(n):
        into(x, a, b, c)

@numba.njit
def made(n, x):
    for _ in range(n):
        plain(x)

def count(f, *args):
    f(1, *args)
    before = rtsys.get_allocation_stats()
    f(1, *args)
    between = rtsys.get_allocation_stats()
    f(100_000, *args)
    after = rtsys.get_allocation_stats()
    # What one call of the loop allocates for its own arguments is not counted.
    allocated = (after.alloc - between.alloc) - (between.alloc - before.alloc)
    return allocated, (after.alloc - after.free) - (before.alloc - before.free)

print(*count(given, X, buffer, *work), *count(made, X))
"""


def test_calls_into_given_memory_allocate_nothing() -> None:
    root = Path(__file__).parents[2]
    settings = {**os.environ, "NUMBA_NRT_STATS": "1", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", COUNTED]
    run = subprocess.run(command, env=settings, capture_output=True, text=True, cwd=root)
    assert run.returncode == 0, run.stderr
    allocated, leaked, control, control_leaked = map(int, run.stdout.split())
    assert (allocated, leaked, control_leaked) == (0, 0, 0)
    assert control >= 99_999
