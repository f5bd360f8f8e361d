"""The corpus in every mode but reverse: forward, Jacobians, and second derivatives.

First derivatives are held against the oracle, second ones against differences of exact gradients,
and all ways to a Hessian against each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.corpus import Program, corpus
from tests.dual import gradients
from tests.test_programs import assert_close, assert_unchanged, tolerance

COMPILED = (
    "horner",
    "evolve",
    "lu",
    "gauss_seidel",
    "huber",
    "log_sum_exp",
    "newton",
    "nested_state",
    "first_crossing",
    "recurrent",
    "sorted_elements",
    "ring_buffer",
)
"""What is compiled in a default run: loops, writes, branches, `while`, arrays, indices."""
STEP = 1e-5
Vectors = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Point:
    """A program of the corpus where it is differentiated, and directions there."""

    program: Program
    args: tuple[Any, ...]
    positions: tuple[int, ...]
    directions: Vectors

    def transform(self, transform: Any, **options: Any) -> Any:
        return transform(self.program.function, self.positions, **{"jit": False, **options})

    def hold(self, found: Vectors, expected: Vectors, rtol: float) -> None:
        """Compare a vector for each argument, and see that no argument was changed."""
        rtol = max(rtol, tolerance(self.args))
        for k, one, other in zip(self.positions, found, expected, strict=True):
            assert_close(one, other, rtol, f"argument {k}")
        assert_unchanged(self.program, self.args)

    def moved(self, step: float) -> tuple[Any, ...]:
        args = list(self.program.args())
        for k, direction in zip(self.positions, self.directions, strict=True):
            args[k] = args[k] + step * direction
        return tuple(args)


def point(name: str) -> Point:
    program = corpus()[name]
    args, positions = program.args(), program.positions()
    random = np.random.default_rng(5)
    directions = tuple(like(args[k], random.normal(size=np.shape(args[k]))) for k in positions)
    return Point(program, args, positions, directions)


def like(arg: Any, value: Any) -> Any:
    """Return a number or an array of the dtype of an argument."""
    return value.astype(arg.dtype) if isinstance(arg, np.ndarray) else type(arg)(value)


def dot(left: Vectors, right: Vectors) -> float:
    return sum(float(np.sum(a * b)) for a, b in zip(left, right, strict=True))


@cache
def exact(name: str) -> Vectors:
    """Return the gradients of a program."""
    here = point(name)
    return gradients(here.program.function, here.args, here.positions)[1]


@cache
def product(name: str) -> Vectors:
    """Return the product of the Hessian and the directions, forward over reverse."""
    here = point(name)
    found: Vectors = here.transform(sd.hvp)(here.directions, *here.args)
    return found


@pytest.fixture(params=corpus())
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    found: str = request.param
    return found


# ---- first derivatives ----


def check_forward(name: str, args: tuple[Any, ...]) -> None:
    here = point(name)
    expected = dot(exact(name), here.directions)
    size = dot(tuple(map(abs, exact(name))), tuple(map(abs, here.directions)))
    value, found = here.transform(sd.pushforward)(here.directions, *args)
    assert_close(value, here.program.function(*here.program.args()), tolerance(args), "value")
    assert found == pytest.approx(expected, abs=tolerance(args) * max(size, 1.0))
    assert type(found) is type(value)
    assert_unchanged(here.program, args)


def test_forward_mode_is_exact(name: str) -> None:
    check_forward(name, corpus()[name].args())


@pytest.mark.slow
def test_forward_mode_is_exact_for_strided_arrays(name: str) -> None:
    check_forward(name, corpus()[name].strided_args())


@pytest.mark.slow
def test_forward_mode_keeps_single_precision(name: str) -> None:
    here, args = point(name), corpus()[name].single_args()
    directions = tuple(
        like(args[k], v) for k, v in zip(here.positions, here.directions, strict=True)
    )
    value, found = here.transform(sd.pushforward)(directions, *args)
    size = dot(tuple(map(abs, exact(name))), tuple(map(abs, here.directions)))
    assert found == pytest.approx(dot(exact(name), here.directions), abs=1e-3 * max(size, 1.0))
    assert type(found) is type(value)


@pytest.mark.parametrize("transform", [sd.jacfwd, sd.jacrev], ids=["jacfwd", "jacrev"])
def test_jacobians_are_gradients(name: str, transform: Any) -> None:
    """By columns, `jacfwd` has several tangents at once."""
    here = point(name)
    found = here.transform(transform)(*here.args)
    here.hold(found, exact(name), 1e-10)
    for k, part in zip(here.positions, found, strict=True):
        assert np.asarray(part).dtype == np.asarray(here.args[k]).dtype


@pytest.mark.slow
def test_gauss_newton_product(name: str) -> None:
    here = point(name)
    slope = dot(exact(name), here.directions)
    found = here.transform(sd.gnvp)(here.directions, *here.args)
    here.hold(found, tuple(slope * part for part in exact(name)), 1e-9)


# ---- second derivatives ----


def is_single(name: str) -> bool:
    return tolerance(corpus()[name].args()) > 1e-6


@pytest.mark.slow
def test_hessian_products_are_differences_of_gradients(name: str) -> None:
    here = point(name)
    if is_single(name):
        step, rtol = 1e-2, 1e-2
    else:
        step, rtol = STEP, 1e-5
    gradient = here.transform(sd.grad)
    at = {n: gradient(*here.moved(n * step)) for n in (-2, -1, 1, 2)}
    expected = tuple(
        (8 * (np.asarray(one) - back) - (np.asarray(two) - far)) / (12 * step)
        for one, back, two, far in zip(at[1], at[-1], at[2], at[-2], strict=True)
    )
    here.hold(product(name), expected, rtol)


def test_hessians_are_symmetric_and_agree_with_products(name: str) -> None:
    here = point(name)
    blocks = here.transform(sd.hessian)(*here.args)
    ranks = [np.ndim(here.args[k]) for k in here.positions]
    products = tuple(
        sum(
            np.tensordot(block, direction, axes=rank)
            for block, direction, rank in zip(row, here.directions, ranks, strict=True)
        )
        for row in blocks
    )
    rtol = max(1e-9, tolerance(here.args))
    here.hold(products, product(name), rtol)
    for i, first in enumerate(ranks):
        for j, second in enumerate(ranks):
            axes = (*range(second, second + first), *range(second))
            assert_close(blocks[i][j], np.transpose(blocks[j][i], axes), rtol, f"block {i}, {j}")


@pytest.mark.slow
def test_forward_over_reverse_is_the_product(name: str) -> None:
    here = point(name)
    push = sd.pushforward(here.transform(sd.grad), here.positions, jit=False)
    here.hold(push(here.directions, *here.args)[1], product(name), 1e-12)


def reverse_over_reverse(here: Point) -> Vectors:
    gradient = here.transform(sd.grad)

    def slope(directions, *args):
        total = 0.0
        for direction, bar in zip(directions, gradient(*args)):  # noqa: B905
            total += np.sum(direction * bar)
        return total

    return reversed_(slope, here)


def reverse_over_forward(here: Point) -> Vectors:
    push = here.transform(sd.pushforward)

    def slope(directions, *args):
        return push(directions, *args)[1]

    return reversed_(slope, here)


def reverse_over_a_call_of_grad(here: Point) -> Vectors:
    f, positions = here.program.function, here.positions

    def slope(directions, *args):
        total = 0.0
        for direction, bar in zip(directions, sd.grad(f, positions)(*args)):  # noqa: B905
            total += np.sum(direction * bar)
        return total

    return reversed_(slope, here)


def reversed_(slope: Callable[..., Any], here: Point) -> Vectors:
    """Return the gradient, by the arguments of the program, of what is called with directions."""
    argnums = tuple(k + 1 for k in here.positions)
    found: Vectors = sd.grad(slope, argnums, jit=False)(here.directions, *here.args)
    return found


WAYS = [reverse_over_reverse, reverse_over_a_call_of_grad, reverse_over_forward]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_to_second_derivatives_is_the_same(
    name: str, way: Callable[[Point], Vectors]
) -> None:
    here = point(name)
    here.hold(way(here), product(name), 1e-9)


@pytest.mark.slow
def test_forward_over_forward(name: str) -> None:
    here = point(name)
    push = here.transform(sd.pushforward)

    def slope(directions, *args):
        return push(directions, *args)[1]

    argnums = tuple(k + 1 for k in here.positions)
    again = sd.pushforward(slope, argnums, jit=False)
    _, found = again(here.directions, here.directions, *here.args)
    size = dot(tuple(map(abs, product(name))), tuple(map(abs, here.directions)))
    rtol = max(1e-9, tolerance(here.args))
    assert found == pytest.approx(dot(product(name), here.directions), abs=rtol * max(size, 1.0))


# ---- by the checks that users have ----


def test_differences_agree_in_every_mode_to_second_order(name: str) -> None:
    """Forward, reverse, forward over reverse and reverse over reverse, by `check_grads`."""
    here = point(name)
    sd.testing.check_grads(here.program.function, here.args, here.positions, jit=False)
    assert_unchanged(here.program, here.args)


# ---- compiled ----


def compiled() -> list[Any]:
    marks = {name: () if name in COMPILED else (pytest.mark.slow,) for name in corpus()}
    return [pytest.param(name, marks=marks[name]) for name in corpus()]


@pytest.mark.parametrize("name", compiled(), indirect=True)
def test_compiled_products_are_plain_ones(name: str) -> None:
    here = point(name)
    _, expected = here.transform(sd.pushforward)(here.directions, *here.args)
    _, found = here.transform(sd.pushforward, jit=True)(here.directions, *here.args)
    assert_close(found, expected, max(1e-11, tolerance(here.args)), "tangent")
    found = here.transform(sd.hvp, jit=True)(here.directions, *here.args)
    here.hold(found, product(name), 1e-10)


@pytest.mark.slow
def test_compiled_hessians_are_plain_ones(name: str) -> None:
    here = point(name)
    for transform in (sd.jacfwd, sd.hessian):
        expected = here.transform(transform)(*here.args)
        found = here.transform(transform, jit=True)(*here.args)
        for one, other in zip(leaves(found), leaves(expected), strict=True):
            assert_close(one, other, max(1e-10, tolerance(here.args)), transform.__name__)


def leaves(tree: Any) -> list[Any]:
    return [leaf for one in tree for leaf in leaves(one)] if isinstance(tree, tuple) else [tree]
