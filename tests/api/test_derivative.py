"""The class of derivatives: its members, identity, pickles, threads, forks, calls from njit."""

import ast
import math
import multiprocessing
import pickle
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import srcdiff as sd


def cube(x):
    return x * x * x


def product(x, y):
    return np.sum(x * y)


@sd.grad
def decorated(x):
    return x * x


derivative = sd.grad(cube)
both = sd.value_and_grad(product, (0, 1))
of_a_tree = sd.grad(lambda p: p[0] * p[1][0] * p[1][1])


def test_members() -> None:
    df = sd.grad(product, jit=False)
    assert df.primal is product
    assert repr(df) == "<grad of product>"
    with pytest.raises(sd.TypeInferenceError, match="not called"):
        df.source()
    text = df.source(np.ones(3), 2.0)
    assert df.source("float64[::1], float64") == text
    assert df.source() == text
    assert df.source(stage="compiled") == text
    assert isinstance(ast.parse(text).body[0], ast.FunctionDef)
    assert next(iter(df.stages())).endswith("lower")
    assert list(df.stages("float64[::1], float64").values())[-1] == text
    assert df.signatures == []
    with pytest.raises(sd.TypeInferenceError, match="stage"):
        df.source(stage="other")


@pytest.mark.parametrize("signature", ["float65", "1", "x +", 3])
def test_wrong_signatures(signature: Any) -> None:
    with pytest.raises(sd.TypeInferenceError, match="not a signature"):
        sd.grad(cube).compile(signature)


def test_compile_ahead() -> None:
    df = sd.grad(lambda x, n: x * n)
    assert df.signatures == []
    df.compile("float64, int64")
    assert df.signatures == ["float64, int64"]
    assert df(2.0, 3) == 3.0
    df.compile((numba.float32, numba.int64))
    assert df.signatures == ["float64, int64", "float32, int64"] or len(df.signatures) == 2
    pull = sd.pullback(lambda x: 2.0 * x)
    pull.compile("float64[::1], float64[::1]")
    assert len(pull.signatures) == 1


def test_what_is_not_built_raises() -> None:
    df = sd.grad(cube, jit=False)
    for call in (lambda: df.graph(1.0),):
        with pytest.raises(sd.UnknownFunction, match="not built yet") as caught:
            call()
        assert isinstance(caught.value, NotImplementedError)
    assert sd.grad(lambda x, out: x * out, jit=False)(1.0, out=3.0) == 3.0


def special(x):
    total = np.sum(x * x) + math.lgamma(x[0]) * x[1]
    for i in range(x.shape[0]):
        total += math.erf(x[i])
    return total


def test_export(tmp_path: Path) -> None:
    path = tmp_path / "exported.py"
    df = sd.value_and_grad(special, jit=False)
    df.export(path, "float64[::1]")
    code = "import sys; from exported import *; x = np.array([2.5, 3.0])\n"
    code += "print(*special_value_and_grad(x)[1], 'srcdiff' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    *found, ours = done.stdout.split()
    _, expected = df(np.array([2.5, 3.0]))
    np.testing.assert_allclose([float(x.strip("[]")) for x in found if x != "]"], expected)
    assert ours == "False"


# ---- identity ----


def test_the_same_derivative_is_made_once() -> None:
    assert sd.grad(cube) is sd.grad(cube)
    assert sd.grad(cube) is not sd.grad(cube, jit=False)
    assert sd.grad(cube) is not sd.grad(cube, "x")
    assert sd.grad(cube) is not sd.value_and_grad(cube)
    one, other = (lambda x: x), (lambda x: x)
    assert sd.grad(one) is not sd.grad(other)


def test_weak_references() -> None:
    df = sd.grad(cube)
    assert weakref.ref(df)() is df
    assert {df: 1}[df] == 1


@pytest.mark.parametrize("df", [derivative, decorated, both, sd.grad(cube, jit=False)])
def test_pickle(df: Any) -> None:
    again = pickle.loads(pickle.dumps(df))
    assert again is df


def test_a_derivative_stays_itself_among_many() -> None:
    df = sd.grad(cube, jit=False)
    others = [sd.grad(lambda x: x, jit=False) for _ in range(300)]
    assert len(set(map(id, others))) == 300
    assert sd.grad(cube, jit=False) is df


def test_pickle_to_another_process() -> None:
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(3.0))"
    df = sd.grad(np.square, jit=False)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        input=pickle.dumps(df),
        capture_output=True,
        check=True,
    )
    assert float(done.stdout) == 6.0


# ---- threads and forks ----


def test_threads() -> None:
    df = sd.value_and_grad(lambda x, n: np.sum(x**3) * n)
    barrier = threading.Barrier(8)

    def work(k: int) -> list[float]:
        barrier.wait()
        x = np.full(k + 1, float(k))
        return [df(x, n)[1][0] for n in range(50)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert found == [[3.0 * k * k * n for n in range(50)] for k in range(8)]
    assert sum(map(len, df._variants.values())) == 2


def _in_a_child(queue: Any) -> None:
    queue.put((derivative(3.0), both(np.ones(2), np.ones(2))[0], sd.grad(lambda x: x * x)(2.0)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
def test_fork() -> None:
    assert derivative(3.0) == 27.0
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_a_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == (27.0, 2.0, 4.0)
    child.join()
    assert child.exitcode == 0


# ---- the front ----


def test_calls_go_through_the_front() -> None:
    df = sd.grad(lambda x, y: np.sum(x) * y)
    x = np.arange(3.0)
    df(x, 2.0)
    [front] = df._fronts.values()
    asked: list[Any] = []
    slow, df._call = df._call, lambda *args: asked.append(args) or slow(*args)
    np.testing.assert_array_equal(df(x, 2.0), [2.0, 2.0, 2.0])
    assert df(x[::2], 2.0).shape == (2,)
    assert df(x.astype(np.float32), 2.0).dtype == np.float32
    assert asked == []
    df(x[:1], 2.0)
    df(x=x, y=2.0)
    assert len(asked) == 2
    assert df._fronts[np.ndarray, float] is front


def test_a_front_whose_results_differ_is_left() -> None:
    df = sd.value_and_grad(lambda x: np.sum(x))
    for _ in range(2):
        for dtype, kind in ((np.float64, float), (np.float32, np.float32)):
            value, gradient = df(np.ones(3, dtype))
            assert (type(value), gradient.dtype) == (kind, dtype)
    assert df._fronts[(np.ndarray,)] is None


def test_errors_of_the_run_time_have_a_line() -> None:
    df = sd.grad(product)
    for _ in range(2):
        df(np.ones(3), np.ones(3))
        with pytest.raises(sd.ShapeError) as caught:
            df(np.ones(3), np.ones(4))
        assert caught.value.span is not None
        assert caught.value.span.text == "    return np.sum(x * y)"
        assert caught.value.hint


def test_derivatives_inside_differentiated_functions() -> None:
    assert sd.grad(lambda x: derivative(x) * x, jit=False)(2.0) == 36.0
    assert sd.grad(derivative, jit=False)(2.0) == 12.0


def backwards(x):
    out, back = sd.vjp(cube, x)
    return back(out)[0]


def test_vjp_inside_of_a_function_is_refused() -> None:
    with pytest.raises(sd.UnknownFunction, match="`pullback`") as caught:
        sd.grad(backwards, jit=False)(1.0)
    assert caught.value.span is not None
    assert caught.value.span.text.strip() == "out, back = sd.vjp(cube, x)"


# ---- calls from compiled code ----


def test_njit_callers() -> None:
    @numba.njit
    def caller(x, n):
        value, (x_bar, y_bar) = both(x, x)
        return value, x_bar, y_bar, derivative(x[1] * n), of_a_tree((2.0, (3.0, 4.0)))

    x = np.arange(3.0)
    value, x_bar, y_bar, cubed, tree = caller(x, 2)
    assert value == 5.0
    np.testing.assert_array_equal(x_bar, x)
    np.testing.assert_array_equal(y_bar, x)
    assert cubed == 12.0
    assert tree == (12.0, (8.0, 6.0))


WEIGHTS = np.ones(3)
of_global_array = sd.grad(lambda x: np.sum(WEIGHTS * x))
plain = sd.grad(cube, jit=False)


@pytest.mark.parametrize(
    ("call", "argument", "error", "words"),
    [
        (lambda x: of_global_array(x), np.ones(3), sd.TypeInferenceError, "surroundings"),
        (lambda x: plain(x), 1.0, sd.TypeInferenceError, "jit=False"),
        (lambda x: derivative(x), 1, sd.NotDifferentiable, "`x`"),
        (lambda x: derivative(x), "text", sd.TypeInferenceError, "unicode_type"),
        (lambda x: derivative(x), 1j, sd.TypeInferenceError, "omplex"),
    ],
)
def test_errors_come_out_of_njit_callers(
    call: Any, argument: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        numba.njit(call)(argument)
