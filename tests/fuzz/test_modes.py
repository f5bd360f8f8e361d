"""Forward mode and Hessian products on random programs of the language."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

import srcdiff as sd
from tests.fuzz.programs import Program, load, programs
from tests.fuzz.test_language import SEARCH, exact_result, search

FORWARD, FORWARD_RUN, HESSIANS, HESSIAN_RUN = 100, 1_000, 50, 300
PARTS = 5
STEP = 1e-3
REFUSALS = ("is rebound to memory", "this reshape is", "This reshape is")


def derivative(transform: Any, program: Program) -> Callable[..., Any]:
    """Return a derivative of a program; discard those whose memory is not known."""
    made = transform(load(program), program.argnums, jit=False)

    def call(*args: Any) -> Any:
        try:
            return made(*args, *program.fresh_args())
        except sd.UnsupportedSyntax as refusal:
            if any(reason in str(refusal) for reason in REFUSALS):
                assume(False)
            raise

    return call


def directions(program: Program, number: int) -> tuple[Any, ...]:
    random = np.random.default_rng(number)
    found = (random.normal(size=np.shape(program.args[k])) for k in program.argnums)
    return tuple(one if one.shape else float(one) for one in found)


def dot(left: Any, right: Any) -> float:
    return float(sum(np.sum(one * other) for one, other in zip(left, right, strict=True)))


def check_forward(program: Program) -> None:
    result = exact_result(program)
    assume(result is not None)
    value, exact, _ = result
    along = directions(program, 1)
    found_value, found = derivative(sd.pushforward, program)(along)
    assert found_value == pytest.approx(value, rel=1e-10, abs=1e-10)
    size = max(1.0, dot(map(np.abs, exact), map(np.abs, along)))
    assert found == pytest.approx(dot(exact, along), abs=1e-10 * size)
    columns = derivative(sd.jacfwd, program)()
    for one, other in zip(columns, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10 * size)


def check_hessian(program: Program) -> None:
    """Hold `hvp` against differences of exact gradients, away from kinks, and its transpose."""
    result = exact_result(program)
    assume(result is not None)
    assume(result[2] > 20 * STEP)
    along, other = directions(program, 1), directions(program, 2)
    product = derivative(sd.hvp, program)
    found = product(along)
    gradient = sd.grad(load(program), program.argnums, jit=False)

    def at(step: float) -> Any:
        args = list(program.fresh_args())
        for k, direction in zip(program.argnums, along, strict=True):
            args[k] = args[k] + step * direction
        return [np.asarray(part) for part in gradient(*args)]

    ahead, behind, far, back = at(STEP), at(-STEP), at(2 * STEP), at(-2 * STEP)
    rows = zip(ahead, behind, far, back, strict=True)
    expected = [(8 * (a - b) - (c - d)) / (12 * STEP) for a, b, c, d in rows]
    size = max(1.0, *(float(np.max(np.abs(part))) for part in (*expected, *ahead)))
    assume(size < 1e4)
    for one, exact in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, exact, rtol=1e-5, atol=1e-5 * size)
    # The Hessian is symmetric.
    left, right = dot(found, other), dot(product(other), along)
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9 * size)


@settings(SEARCH, max_examples=FORWARD // 2)
@given(programs())
def test_forward_mode_is_exact(program: Program) -> None:
    check_forward(program)


@settings(SEARCH, max_examples=FORWARD // 2)
@given(programs(level=2))
def test_forward_mode_is_exact_with_jumps(program: Program) -> None:
    check_forward(program)


@settings(SEARCH, max_examples=HESSIANS)
@given(programs(level=2))
def test_hessian_products_are_exact(program: Program) -> None:
    check_hessian(program)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_forward_mode_is_exact_in_a_full_run(part: int) -> None:
    search(check_forward, FORWARD_RUN // PARTS, 100 + part)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_hessian_products_are_exact_in_a_full_run(part: int) -> None:
    search(check_hessian, HESSIAN_RUN // PARTS, 200 + part)
