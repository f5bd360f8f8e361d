"""`explain`: what a derivative keeps, by line and in bytes, as much as is allocated."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.runtime import vecmath
from tests.corpus import corpus

X = np.linspace(0.1, 1.0, 5000)


def pendulum(angle, speed, steps):
    for _ in range(steps):
        speed -= 0.001 * np.sin(angle)
        angle += 0.001 * speed
    return angle * angle + speed


def layers(x, w):
    h = x
    for k in range(20):
        h = np.tanh(h * w + k)
    return np.sum(h)


def until(x, tolerance):
    count = 0
    while abs(x) > tolerance:
        x = x - 0.001 * np.sin(x)
        count += 1
    return x * x + count


def squares(x):
    y = np.sin(x)
    z = np.log(np.sum(y * x))
    return z + np.sum(y)


def filtered(x):
    h = np.zeros(x.shape[0])
    for i in range(1, x.shape[0]):
        if x[i] > 0.2:
            h[i] = h[i - 1] * 0.5 + np.exp(x[i])
    return np.sum(h * h)


def peak(df: Any, args: tuple[Any, ...]) -> int:
    """Return how many bytes a compiled call allocates at most."""
    df(*args)
    tracemalloc.start()
    df(*args)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize(
    ("f", "args", "options"),
    [
        (pendulum, (1.0, 0.0, 20_000), {}),
        (pendulum, (1.0, 0.0, 200_000), {"checkpoint": 100}),
        (layers, (X, X), {}),
        (squares, (X,), {}),
        (filtered, (X,), {}),
    ],
)
def test_bytes_are_those_that_are_allocated(
    f: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    df = sd.grad(f, **options)
    told, found = df.explain(*args).bytes(), peak(df, args)
    assert found == pytest.approx(told, rel=0.07, abs=4096)


def test_arrays_that_do_not_live_at_once_are_all_told() -> None:
    """The primal runs again once arrays of its first run are gone: the peak is below the sum."""
    df = sd.grad(layers, checkpoint=5)
    explanation, found = df.explain(X, X), peak(df, (X, X))
    assert explanation.bytes("kept") == 9 * X.nbytes
    assert explanation.bytes("kept") < found < explanation.bytes() + 4096


def test_what_grows_is_told_as_it_ended() -> None:
    df = sd.grad(until)
    explanation = df.explain(2.0, 0.01)
    (row,) = [row for row in explanation if row.grows]
    steps = int(until(2.0, 0.01))
    assert steps <= row.shape[0] < 2 * steps
    # While it grows, what it held before is still there.
    assert row.bytes < peak(df, (2.0, 0.01)) < 1.5 * row.bytes + 4096


def test_rows() -> None:
    explanation = sd.grad(pendulum, jit=False).explain(1.0, 0.0, 30)
    rows = list(explanation)
    assert len(explanation) == len(rows) == 1
    (row,) = rows
    assert (row.kind, row.name, row.shape, row.bytes) == ("kept", "angle_saved", (30,), 240)
    assert (row.dtype, row.grows) == (np.float64, False)
    line = pendulum.__code__.co_firstlineno + 1
    assert row.line == line
    assert explanation.bytes("kept") == explanation.bytes() == 240
    (loop,) = explanation.loops
    assert (loop.line, loop.merged) == (line, False)
    assert "`angle` is carried from one iteration to the next" in loop.reasons


TOLD = """\
pendulum_grad: keeps 240 bytes for the adjoint sweep.

Kept for the adjoint sweep: 240 bytes
line  name         shape  dtype    bytes
{line:>4}  angle_saved     30  float64    240  `angle` of line {line}

Loops that adjoints go through
{line:>4}  one sweep after the other: {reasons}.

Outermost loops of the derivative
{line:>4}  primal sweep, no lanes: {lanes}.
{line:>4}  adjoint sweep, no lanes: it does not count by 1 to its end."""


def test_text() -> None:
    line = pendulum.__code__.co_firstlineno + 1
    explanation = sd.grad(pendulum, jit=False).explain(1.0, 0.0, 30)
    carried = [f"`{name}` is carried from one iteration to the next" for name in ("angle", "speed")]
    reasons = "; ".join(sorted(carried, key=explanation.loops[0].reasons.index))
    (primal, _) = explanation.lanes
    assert primal.reason in carried
    told = TOLD.format(line=line, reasons=reasons, lanes=primal.reason)
    assert str(explanation) == told


@pytest.mark.skipif(not vecmath.available(), reason="this machine has no fused multiply-add")
def test_lanes() -> None:
    def f(x, c):
        total = 0.0
        for i in range(x.shape[0]):
            y = x[i]
            for j in range(4):
                if y > c:
                    y = np.sin(y * c + j) - 0.5 * y * y
                else:
                    y = y * c + np.cos(y) * j - c
            total += y
        for i in range(x.shape[0]):
            total += x[i] * x[i]
        return total

    line = f.__code__.co_firstlineno
    first, second = sd.grad(f, jit=False).explain(np.ones(3), 0.5).lanes
    assert (first.line, first.reason) == (line + 2, "")
    assert (second.line, second.reason) == (line + 10, "it has vector code of its own")


def test_loops() -> None:
    def f(x):
        total, A = 0.0, np.zeros(x.shape[0])
        for i in range(x.shape[0]):
            total += np.sin(x[i]) ** 2
        for i in range(x.shape[0]):
            A[i] = np.cos(x[i])
        while total > 1.0:
            total = total * 0.5
        other = 0.0
        for i in range(x.shape[0]):
            other += x[i] * A[i]
        return total * np.log(other)

    loops = sd.grad(f, jit=False).explain(np.ones(3)).loops
    assert [loop.merged for loop in loops] == [False, False, False, False]
    assert [loop.reasons for loop in loops] == [
        ("the adjoint of what it sums is known only after it",),
        ("it writes `A`",),
        ("it is a `while`",),
        ("the adjoint of what it sums is known only after it",),
    ]


def test_loops_that_run_both_sweeps_at_once() -> None:
    def f(x):
        total = 0.0
        for i in range(x.shape[0]):
            total += np.sin(x[i]) ** 2
        return 2.0 * total

    explanation = sd.grad(f, jit=False).explain(np.ones(3))
    assert [loop.merged for loop in explanation.loops] == [True]
    assert "keeps nothing" in str(explanation)
    assert "both sweeps in one." in str(explanation)


def test_checkpoints_are_told() -> None:
    explanation = sd.grad(pendulum, jit=False, checkpoint=5).explain(1.0, 0.0, 30)
    assert "up to 5 states" in str(explanation)
    assert sorted(row.shape for row in explanation) == [(5,), (5,), (6,)]


def test_forward_mode_keeps_nothing() -> None:
    explanation = sd.pushforward(layers, (0, 1), jit=False).explain((X, X), X, X)
    assert explanation.bytes("kept") == 0
    assert explanation.loops == ()
    assert explanation.bytes() > 0


def test_cotangents_trees_and_captured_arrays() -> None:
    weights = np.arange(4.0)

    def f(pair):
        h = pair[0] * weights
        for _ in range(3):
            h = np.sin(h) * pair[1]
        return h, pair[1]

    explanation = sd.pullback(f, jit=False).explain((weights, 1.0), (weights, 2.0))
    kept = [row.shape for row in explanation if row.kind == "kept"]
    assert kept
    assert set(kept) == {(3, 4)}


@pytest.mark.parametrize("example", [(), ("float64, float64, int64",)])
def test_arguments_are_needed(example: tuple[Any, ...]) -> None:
    with pytest.raises(sd.TypeInferenceError, match="depends on the arguments"):
        sd.grad(pendulum).explain(*example)


def test_wrong_arguments() -> None:
    with pytest.raises(sd.SrcdiffError):
        sd.grad(pendulum).explain(1j, 0.0, 3)


# ---- the corpus: each array that is kept, against the arrays of a call as plain Python ----

CHOSEN = (
    "gmm",
    "conjugate_gradient",
    "first_crossing",
    "lu",
    "deep_cells",
    "doubling",
    "ring_buffer",
)


def largest(df: Any, args: tuple[Any, ...], names: set[str]) -> dict[str, int]:
    """Return the most bytes that arrays of these names have while the generated text runs."""
    found = dict.fromkeys(names, 0)

    def look(frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith("<srcdiff"):
            return None
        for name in names & frame.f_locals.keys():
            value = frame.f_locals[name]
            if isinstance(value, np.ndarray):  # the functions of calls have numbers of such names
                found[name] = max(found[name], value.nbytes)
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        df(*args)
    finally:
        sys.settrace(before)
    return found


def hold(name: str, **options: Any) -> None:
    program = corpus()[name]
    df = program.value_and_grad(jit=False, **options)
    told: dict[str, int] = {}
    for row in df.explain(*program.args()):
        if row.kind == "kept":
            told[row.name] = max(told.get(row.name, 0), row.bytes)
    assert largest(df, program.args(), set(told)) == told


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_kept_is_what_is_told(name: str) -> None:
    hold(name)
    hold(name, checkpoint=3)


@pytest.mark.slow
@pytest.mark.parametrize("name", corpus())
def test_what_is_kept_is_what_is_told_of_each_program(name: str) -> None:
    hold(name)
    hold(name, checkpoint=3)


def descend(x: Any, i: Any) -> Any:
    return 1.0 if i < 0 else x[i] * descend(x, i - 1)


def test_a_stack_is_named() -> None:
    df = sd.grad(lambda x, n: descend(x, n), jit=False)
    assert "kept on a stack" in str(df.explain(np.ones(3), 2))
    assert "stack, growing" in df.source(np.ones(3), 2)
