"""The option `checkpoint=n`: the same derivatives from n states of each long loop."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.conftest import Golden
from tests.corpus import Program, corpus
from tests.semantics.checks import programs
from tests.test_programs import as_tuple, assert_close, tolerance
from tests.transform import checkpoint_programs
from tests.transform.checkpoint_programs import (
    X,
    buffers,
    bump,
    columns_of_a_matrix,
    trajectory,
    while_with_break,
)

STATES = (1, 2, 3, 7, 1000)
PROGRAMS = programs(vars(checkpoint_programs), checkpoint_programs.recurrence)


def gradient(f: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return sd.value_and_grad(f, jit=False, **options)(*args)


@pytest.mark.parametrize("f", PROGRAMS)
def test_the_same_gradient(f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    value, expected = gradient(f, X)
    for states in STATES:
        found_value, found = gradient(f, X, checkpoint=states)
        assert found_value == value
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("program", corpus().values(), ids=lambda program: program.name)
@pytest.mark.parametrize(
    "states", [pytest.param(n, marks=[] if n == 3 else pytest.mark.slow) for n in STATES]
)
def test_the_corpus(program: Program, states: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    value, expected = program.value_and_grad(jit=False)(*program.args())
    found_value, found = program.value_and_grad(jit=False, checkpoint=states)(*program.args())
    np.testing.assert_allclose(found_value, value, rtol=1e-12)
    pairs = zip(as_tuple(program, found), as_tuple(program, expected), strict=True)
    for one, other in pairs:
        assert_close(one, other, tolerance(program.args()) / 100, program.name)


def pendulum(angle, speed, friction, steps):
    for _ in range(steps):
        speed += 0.1 * (-np.sin(angle) - friction * speed)
        angle += 0.1 * speed
    return angle * angle + friction * speed


@pytest.mark.parametrize("states", STATES)
def test_adjoints_of_numbers_are_the_same_to_the_last_bit(states: int) -> None:
    args = (1.0, 0.3, 0.1, 50)
    expected = sd.grad(pendulum, (0, 1, 2), jit=False)(*args)
    assert sd.grad(pendulum, (0, 1, 2), jit=False, checkpoint=states)(*args) == expected


@pytest.mark.parametrize("f", [trajectory, columns_of_a_matrix, buffers, while_with_break])
def test_compiled(f: Callable[..., Any]) -> None:
    expected = sd.grad(f, jit=False)(X)
    found = sd.grad(f, checkpoint=3)(X)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_what_is_kept() -> None:
    df = sd.grad(pendulum, (0, 1, 2), jit=False, checkpoint=7)
    kept = [row for row in df.explain(1.0, 0.3, 0.1, 50) if row.kind == "kept"]
    assert {row.shape for row in kept} == {(7,), (8,)}  # 7 states, segments of 8 steps
    assert len(kept) == 4
    assert max(row.shape for row in sd.grad(pendulum, jit=False).explain(1.0, 0.3, 0.1, 50)) == (
        50,
    )


def long_trajectory(x):
    h = np.zeros(x.shape[0])
    for i in range(1, x.shape[0]):
        h[i] = np.sin(h[i - 1]) + x[i]
    return h[-1]


def test_segments_take_the_parts_of_arrays_that_they_touch() -> None:
    sizes = [
        sd.grad(long_trajectory, jit=False, checkpoint=20).explain(np.ones(n)) for n in (400, 1600)
    ]
    assert sizes[1].bytes() < 5 * sizes[0].bytes()
    assert sizes[0].bytes("kept") < 10 * 400 * 8


def independent(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += np.sin(x[i]) * x[i]
    return total


def test_independent_loops_stay() -> None:
    texts = {sd.grad(independent, jit=False, checkpoint=n).source(X) for n in (None, 1, 5)}
    assert len(texts) == 1


def test_loops_without_adjoints_stay() -> None:
    def f(x, n):
        k = 0
        while k * k < n:
            k += 1
        return x * k

    texts = {sd.grad(f, jit=False, checkpoint=n).source(2.0, 30) for n in (None, 1, 5)}
    assert len(texts) == 1


@pytest.mark.parametrize("f", [trajectory, while_with_break])
def test_other_transforms(f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    v = np.cos(X)
    transforms = (sd.hessian, sd.jacrev, sd.jacfwd, sd.jacobian)
    for transform in transforms:
        expected = transform(f, jit=False)(X)
        found = transform(f, jit=False, checkpoint=2)(X)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    expected = sd.hvp(f, jit=False)(v, X)
    np.testing.assert_allclose(sd.hvp(f, jit=False, checkpoint=2)(v, X), expected, atol=1e-12)
    assert sd.jvp(f, (X,), (v,), jit=False, checkpoint=2) == sd.jvp(f, (X,), (v,), jit=False)


def test_cotangents_of_several_results() -> None:
    def f(x, k):
        s, h = x[0], x.copy()
        for i in range(1, 7):
            h[i] = h[i - 1] * k
            s = s * k + h[i]
        return s, h

    seed = (0.5, np.cos(X))
    expected = sd.pullback(f, (0, 1), jit=False)(seed, X, 1.1)
    (_, h), bars = sd.pullback(f, (0, 1), jit=False, checkpoint=2)(seed, X, 1.1)
    np.testing.assert_array_equal(h, expected[0][1])
    np.testing.assert_allclose(bars[0], expected[1][0], rtol=1e-14)
    assert bars[1] == expected[1][1]


def test_arrays_of_two_extents_that_change_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extent of what is copied between segments is known once the copy is there."""
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    short = np.array([0.6, -0.8])

    def f(a, limit):
        b = np.tanh(0.4 * short)
        for k in range(3):
            for _ in range(len(a)):
                a[0] += np.sin(0.7)
                if a[k % 2] < limit:
                    a, b = b, a
                if a[k % 2] > 3.0:
                    return 0.5 * b[0]
        return np.sum(a * a) + np.sum(b)

    for limit in (-1.0, 0.2, 2.0):
        value, expected = gradient(f, X, limit)
        found_value, found = gradient(f, X, limit, checkpoint=2)
        assert found_value == value
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def test_a_condition_that_writes_in_a_loop_that_is_left_is_refused() -> None:
    def f(x):
        a, s = x.copy(), 1.0
        while bump(a) < 3.0:
            s = s * a[0]
            if s > 4.0:
                break
        return s

    with pytest.raises(sd.UnsupportedSyntax, match="condition writes") as caught:
        sd.grad(f, jit=False, checkpoint=2)(X)
    assert caught.value.span is not None
    assert "while bump(a)" in caught.value.span.text


@pytest.mark.parametrize("states", [0, -1, 2.0, True, "all"])
def test_wrong_numbers_of_states(states: Any) -> None:
    with pytest.raises(sd.TypeInferenceError, match="`checkpoint` is the number of states"):
        sd.grad(pendulum, checkpoint=states)


def test_golden(golden: Golden) -> None:
    program = corpus()["leapfrog"]
    text = program.value_and_grad(jit=False, checkpoint=10).source(*program.args())
    golden(program.path.with_suffix(".checkpoint.adjoint.py"), text)
