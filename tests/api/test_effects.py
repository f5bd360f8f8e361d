"""`print` and random numbers: once, in the primal sweep."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd

VECTOR = np.array([0.7, -0.4])


def walk(x: Any, n: Any) -> Any:
    total = 0.0
    for i in range(n):
        step = np.random.normal(0.0, 2.0)
        print("step", i, step)
        if np.random.random() < 0.5:
            total += x * step
        else:
            total = np.sin(total) * x
    table = np.random.uniform(size=(2, 3))
    print("done")
    return total * np.sum(table * x)


def difference(f: Callable[[float], float], x: float, seed: int) -> float:
    """Return the derivative of `f` with the same random numbers on both sides."""

    def at(step: float) -> float:
        np.random.seed(seed)
        random.seed(seed)
        return f(x + step)

    h = 1e-5
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_the_gradient_is_that_of_the_numbers_that_were_drawn(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = difference(lambda x: walk(x, 4), 0.7, seed)
    capsys.readouterr()
    np.random.seed(seed)
    plain = walk(0.7, 4)
    printed = capsys.readouterr().out
    np.random.seed(seed)
    value, slope = sd.value_and_grad(walk, jit=False)(0.7, 4)
    assert capsys.readouterr().out == printed
    assert value == pytest.approx(plain, rel=1e-14)
    assert slope == pytest.approx(expected, rel=1e-8)


def seeded(x: Any) -> Any:
    np.random.seed(3)
    total = 0.0
    for _ in range(4):
        total += np.sin(x * np.random.standard_normal()) * np.random.exponential(2.0)
    return total


def test_compiled_code_draws_the_same_numbers() -> None:
    plain = sd.value_and_grad(seeded, jit=False)(0.3)
    assert sd.value_and_grad(seeded)(0.3) == pytest.approx(plain, rel=1e-13)
    assert plain[1] == pytest.approx(difference(seeded, 0.3, 0), rel=1e-8)


def test_second_derivatives_are_those_of_the_numbers_that_were_drawn() -> None:
    slope = sd.grad(seeded, jit=False)
    expected = difference(slope, 0.3, 0)
    assert sd.hvp(seeded, jit=False)(1.0, 0.3) == pytest.approx(expected, rel=1e-7)
    assert sd.hessian(seeded, jit=False)(0.3) == pytest.approx(expected, rel=1e-7)


def every_distribution(x: Any) -> Any:
    np.random.seed(1)
    random.seed(1)
    draws = np.random.rand() + np.random.randn() + np.random.uniform(1.0, 2.0)
    draws += np.random.gamma(2.0) + np.random.beta(1.0, 2.0) + np.random.laplace()
    draws += np.random.randint(0, 10) + random.random() + random.uniform(1.0, 2.0)
    draws += random.gauss(0.0, 1.0) + random.normalvariate(0.0, 1.0) + random.randint(1, 6)
    return x * draws + np.sum(np.random.randn(2, 2) * x) + np.sum(np.random.rand(3)) * x


def test_every_distribution() -> None:
    value, slope = sd.value_and_grad(every_distribution, jit=False)(2.0)
    assert value == pytest.approx(every_distribution(2.0), rel=1e-14)
    assert slope == pytest.approx(every_distribution(1.0), rel=1e-12)


def printing(x: Any) -> Any:
    print("x", x[0], x)
    return np.array([x[0] * x[1], x[0]])


@pytest.mark.parametrize(
    "derive",
    [
        lambda f, x: sd.jacrev(f, jit=False)(x),
        lambda f, x: sd.jacfwd(f, jit=False)(x),
        lambda f, x: sd.jacobian(f, jit=False)(x),
        lambda f, x: sd.vjp(f, x, jit=False)[1](np.ones(2)),
        lambda f, x: sd.pullback(f, jit=False)(np.ones(2), x),
        lambda f, x: sd.gnvp(f, jit=False)(np.ones(2), x),
        lambda f, x: sd.taylor(f, 3, jit=False)(np.ones(2), x),
    ],
)
def test_it_is_printed_once(derive: Any, capsys: pytest.CaptureFixture[str]) -> None:
    derive(printing, VECTOR)
    assert capsys.readouterr().out == "x 0.7 [ 0.7 -0.4]\n"


def growing(x: Any) -> Any:
    table = np.zeros(3)
    for i in range(3):
        print(table)
        table[i] = 2.0 * x
    return np.sum(table) * x


def test_what_is_written_after_it_was_printed_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert sd.value_and_grad(growing, jit=False)(0.5) == (1.5, 6.0)
    assert capsys.readouterr().out == "[0. 0. 0.]\n[1. 0. 0.]\n[1. 1. 0.]\n"


def test_compiled_code_prints(capfd: pytest.CaptureFixture[str]) -> None:
    assert sd.grad(lambda x: print("value", x) or x * x)(3.0) == 6.0  # type: ignore[func-returns-value]
    assert capfd.readouterr().out == "value 3.0\n"


def scaled(x: Any) -> Any:
    return x * np.random.random()


@pytest.mark.parametrize(
    ("derive", "reason"),
    [
        (lambda: sd.jacrev(scaled, jit=False)(2.0), "`jacrev` runs the function"),
        (lambda: sd.taylor(scaled, 2, jit=False)(1.0, 2.0), "`taylor` runs the function"),
        (lambda: sd.gnvp(scaled, jit=False)(1.0, 2.0), "`gnvp` runs the function"),
        (lambda: sd.vjp(scaled, 2.0, jit=False)[1](1.0), "use `pullback`"),
        (lambda: sd.grad(sd.grad(scaled, jit=False), jit=False)(2.0), "may run more than once"),
        (lambda: sd.grad(walk, jit=False, checkpoint=2)(2.0, 4), "parts of loops run again"),
        (lambda: sd.grad(lambda x: np.random.normal(x), jit=False)(2.0), "depends on what"),
        (lambda: sd.grad(lambda x: np.random.beta(1.0) * x, jit=False)(2.0), "needs `b`"),
        (lambda: sd.grad(lambda x: print(f"{x}") or x, jit=False)(2.0), "f-string"),
        (lambda: sd.grad(lambda x: print((x, x)) or x, jit=False)(2.0), "cannot be printed"),
    ],
)
def test_what_is_refused(derive: Callable[[], object], reason: str) -> None:
    with pytest.raises(sd.SrcdiffError, match=reason):
        derive()
