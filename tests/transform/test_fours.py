"""Loops over tangents are vectors of four, and only where their iterations are apart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import float64

import srcdiff as sd
from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Call, For, Function, Statement
from srcdiff.ir.walk import rewrite, statements
from srcdiff.products import JACFWD
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from srcdiff.transform import fours as module
from srcdiff.transform.fours import fours
from srcdiff.words import abreast
from tests.transform.soundness import check_memory_programs, check_references


def chain(x, a):
    """Each number takes the one before it."""
    y = np.zeros(a.shape[0])
    for i in range(1, a.shape[0]):
        y[i] = 0.5 * y[i - 1] + a[i] * x[i % x.shape[0]] * x[0]
    return y


def added(x, a):
    y = a * x[0]
    for _ in range(2):
        for i in range(a.shape[0]):
            y[i] += a[i] * x[i % x.shape[0]] / x[1]
    return y


def straight(x, a):
    """No loop is around that over tangents."""
    return x[0] * x[1] * a[0]


FUNCTIONS = (chain, added)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [2, 3, 4, 7, 8, 29])
def test_jacobians_are_right_for_any_number_of_tangents(f: Callable[..., Any], n: int) -> None:
    random = np.random.default_rng(n)
    x, a = random.uniform(1.0, 2.0, n), random.normal(size=11)
    found = sd.jacfwd(f)(x, a)
    np.testing.assert_allclose(found, sd.jacfwd(f, jit=False)(x, a), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(found, sd.jacrev(f, jit=False)(x, a), rtol=1e-12, atol=1e-14)


def test_which_loops_are_vectors() -> None:
    x, a = np.ones(3), np.ones(5)
    for f in FUNCTIONS:
        assert "abreast(width)" in sd.jacfwd(f).source(x, a)
    assert "abreast" not in sd.jacfwd(straight).source(x, a)
    for other in (sd.jacrev, sd.jacobian):
        assert "abreast" not in other(straight).source(x, a)


def test_machine_code_has_vectors_of_four() -> None:
    subject = subject_of(chain)
    form, _ = form_of((np.ones(3), np.ones(5)), {}, subject.parameters(2))
    found = make(subject, form, JACFWD, 0, has_aux=False).recipe
    compiled = compile_function(found.text, found.name, found.globals, "<packed>", cache=False)
    compiled.compile((float64[::1], float64[::1]))
    (assembly,) = compiled.inspect_asm().values()
    lines = assembly.splitlines()
    assert any("mulpd" in line for line in lines)
    assert not any("zmm" in line and "mulpd" in line for line in lines)


def _changed_and_reversed(counts: list[int]) -> Callable[[Function], Function]:
    """Return a pass that runs what may be vectors from the last iteration to the first."""

    def turned(statement: Statement) -> list[Statement]:
        if not isinstance(statement, For) or statement.stop not in found:
            return [statement]
        builder = Builder(statement.origin)
        start = builder.fold(np.subtract, statement.stop, integer(1))
        counts.append(1)
        stop = builder.fold(np.subtract, statement.start, integer(1))
        loop = replace(statement, start=start, stop=stop, step=integer(-1))
        return [*builder.statements, loop]

    found: set[Any] = set()

    def change(function: Function) -> Function:
        changed = fours(function)
        calls = (s for s in statements(changed.body) if isinstance(s, Call))
        found.update(s.out for s in calls if s.function is abreast)
        return replace(changed, body=rewrite(changed.body, turned))

    return change


def test_iterations_may_run_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any loop, not only those over tangents."""

    def stops(function: Function) -> list[Any]:
        return [s.stop for s in statements(function.body) if isinstance(s, For)]

    monkeypatch.setattr(module, "_ends", stops)
    counts: list[int] = []
    check_memory_programs(_changed_and_reversed(counts), range(150))
    check_references(_changed_and_reversed(counts), range(150))
    assert len(counts) > 20
