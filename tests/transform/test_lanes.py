"""Independent iterations side by side: what is right in lanes, what stays one after the other."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import float64, int64

import srcdiff as sd
from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.products import VALUE_AND_GRAD
from srcdiff.runtime import vecmath
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from srcdiff.transform import lanes as package
from srcdiff.transform.lanes import lanes
from tests.dual import gradients
from tests.transform.soundness import check_memory_programs, check_references

needs_fma = pytest.mark.skipif(
    not vecmath.available(), reason="this machine has no fused multiply-add"
)


def triangular(x: Any, c: Any, k: Any) -> Any:
    """A product with a triangular matrix for each row of x, then a sum of exponentials."""
    total = 0.0
    term = np.empty(3)
    for i in range(x.shape[0]):
        for j in range(3):
            part = x[i, j % x.shape[1]]
            for a in range(j):
                part += c[a] * x[i, a % x.shape[1]] * part
            term[j] = np.sin(part) * 0.1
        top = term[0]
        for j in range(1, 3):
            if term[j] > top:
                top = term[j]
        part = 0.0
        for j in range(3):
            part += np.exp(term[j] - top)
        total += np.log(part) + top
    return total


def here_and_there(x: Any, c: Any, k: Any) -> Any:
    """Elements at places that are read from an array; a branch without loops; no inner loops."""
    total = 0.0
    for i in range(k.shape[0]):
        p = k[i]
        u = c[p] * x[i, 0] + x[i, 1]
        v = c[p - 1] - x[i, 0] * x[i, 1]
        square = u * u + v * v
        if square > 0.5:
            root = np.sqrt(square)
            a, b = u / root, v / root
            s, t = np.sin(root), np.cos(root)
            y = a * s + b * t + root * v
        else:
            y = u * v + u - v * v * u
        z = 1.0 / (1.0 + y * y)
        w = z * u + y * v - z * y * c[p]
        total += w * w + y * u * z
    return total


def filtered(x: Any, c: Any, k: Any) -> Any:
    """A state that goes along each row, and whose rows are kept in an array of the user."""
    y = np.zeros((x.shape[0], x.shape[1]))
    for i in range(x.shape[0]):
        before, last = 0.0, 1.0
        for j in range(x.shape[1]):
            now = c[0] * x[i, j] + c[1] * before + np.tanh(last * before) * c[2]
            now = now * (1.0 + 0.1 * now) + 0.5 * np.sin(now * c[1]) - 0.25 * now * last
            last = before
            before = now
            y[i, j] = now + last * before
    return np.sum(y * y)


def swapped(x: Any, c: Any, k: Any) -> Any:
    """Two states that change places in each round of the inner loop."""
    total = 1.0
    for i in range(x.shape[0]):
        a, b = x[i, 0], x[i, 1]
        for j in range(4):
            a, b = b * c[0] + 0.1 * j, a * c[1] - 0.2
        total -= a * b + a
    return total


def shifted(x: Any, c: Any, k: Any) -> Any:
    """Neighbours of the lanes' own elements, whose adjoints meet."""
    total = 0.0
    y = np.sum(x, axis=1)
    for i in range(1, y.shape[0] - 1):
        left, right = y[i] - y[i - 1], y[i + 1] - y[i]
        slope = 0.0
        if left * right > 0.0:
            slope = 2.0 * left * right / (left + right)
        flux = c[0] * y[i] + 0.5 * slope * (1.0 - c[1]) - slope * slope * c[2]
        total += flux * flux * y[i] + np.exp(0.1 * flux - left * left)
    return total


def in_place(x: Any, c: Any, k: Any) -> Any:
    """Each iteration changes a row of an array of the caller's loop, and reads it again."""
    y = x.copy()
    for t in range(2):
        for i in range(y.shape[0]):
            for j in range(1, 3):
                for a in range(j):
                    y[i, j % y.shape[1]] -= c[a] * y[i, a % y.shape[1]] * 0.5
                y[i, 0] += y[i, 1] * c[t] + np.sin(y[i, 0])
    return np.sum(y * y)


def added_in_a_branch(x: Any, c: Any, k: Any) -> Any:
    """Elements that are read, and so added to, in branches; some of them nowhere else."""
    total = 0.0
    for i in range(k.shape[0]):
        p = k[i]
        u, v = c[p] * x[i, 0], x[i, 1]
        if u > 0.25:
            y = c[p] * u + v
            if v > 0.5:
                y += c[p] * c[p] * u
        else:
            y = u - c[p] * c[p - 1]
        total += y * y * u
    return total


def neighbours(x: Any, c: Any, k: Any) -> Any:
    """Rows that inner loops read again and again, those of other iterations as well."""
    total = 0.0
    for i in range(1, x.shape[0]):
        part = 0.1
        for a in range(2):
            for b in range(2):
                part += np.sin(part * x[i, b]) * x[i - 1, a] + x[i, a] * c[b]
        total += part
    return total


RIGHT = (
    neighbours,
    triangular,
    here_and_there,
    added_in_a_branch,
    filtered,
    swapped,
    shifted,
    in_place,
)


def arguments(n: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(n)
    x, c = random.uniform(0.2, 1.0, size=(n, 2)), random.uniform(0.2, 0.9, size=4)
    return x, c, random.integers(0, 4, size=n)


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes wherever they are right, and no texts of before."""
    monkeypatch.setattr(package, "why_not", lambda study: "")


@needs_fma
@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [1, 2, 64, 67])
def test_gradients_are_exact(f: Callable[..., Any], n: int) -> None:
    args = arguments(n)
    found = sd.value_and_grad(f, (0, 1), jit=False, cache=False)
    assert n == 1 or "for lane in" in found.source(*args)
    value, bars = found(*args)
    wanted, wanted_bars = gradients(f, args, (0, 1))
    assert value == pytest.approx(wanted, rel=1e-13)
    for bar, wanted_bar in zip(bars, wanted_bars, strict=True):
        np.testing.assert_allclose(bar, wanted_bar, rtol=1e-11, atol=1e-12)


@needs_fma
@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
def test_no_iterations(f: Callable[..., Any]) -> None:
    value, (x_bar, c_bar) = sd.value_and_grad(f, (0, 1), jit=False, cache=False)(*arguments(0))
    assert value == f(*arguments(0))
    assert x_bar.shape == (0, 2)
    assert not c_bar.any()


def filtered(x: Any, c: Any) -> Any:
    """A recursive filter along rows."""
    y, gain, damping = np.empty(x.shape), c[0], c[1]
    for i in range(x.shape[0]):
        one, two = 0.0, 0.0
        for j in range(x.shape[1]):
            now = gain * x[i, j] + one
            one = two + damping * x[i, j] - gain * now
            two = damping * now + gain * x[i, j] * x[i, j]
            y[i, j] = now
    return np.sum(y * y)


@needs_fma
def test_rows_of_recurrences_are_jammed_instead() -> None:
    x, c = np.random.default_rng(1).uniform(size=(7, 5)), np.array([0.4, 0.3])
    gradient = sd.grad(filtered, argnums=(0, 1), jit=False, cache=False)
    found = gradient.source(x, c)
    assert found.count("in range(0, rest, 3)") == 2
    assert "for lane in" not in found
    _, wanted = gradients(filtered, (x, c), (0, 1))
    for bar, wanted_bar in zip(gradient(x, c), wanted, strict=True):
        np.testing.assert_allclose(bar, wanted_bar, rtol=1e-11)


@needs_fma
def test_the_user_s_sum_keeps_its_order() -> None:
    """Large and small terms, of which another order would lose some."""
    x, c, k = arguments(200)
    x[::3] *= 1e12
    value, _ = sd.value_and_grad(swapped, cache=False)(x, c, k)
    assert value == swapped(x, c, k)


def carried(x: Any, c: Any, k: Any) -> Any:
    state = 0.5
    for i in range(x.shape[0]):
        for j in range(3):
            for a in range(j):
                state = np.sin(state * c[a] + x[i, 0])
    return state


def left_early(x: Any, c: Any, k: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        y = x[i, 0]
        while y < 2.0:
            y = y * 1.5 + c[0]
        total += y
    return total


def as_long_as_it_says(x: Any, c: Any, k: Any) -> Any:
    """Inner loops of other lengths in other iterations."""
    total = 0.0
    for i in range(x.shape[0]):
        y = x[i, 0]
        for _ in range(k[i]):
            y = y * c[0] + np.sin(y)
        total += y
    return total


def added_up_inside(x: Any, c: Any, k: Any) -> Any:
    """The terms of one iteration come before those of the next one."""
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(2):
            total += x[i, j] * c[j]
    return total


def beside_itself(x: Any, c: Any, k: Any) -> Any:
    """What one iteration writes, the next one reads through a view that begins later."""
    y = x[:, 0].copy()
    later = y[1:]
    for i in range(later.shape[0]):
        later[i] = np.sin(later[i] * y[i]) * c[0]
    return np.sum(y)


def met_again(x: Any, c: Any, k: Any) -> Any:
    """Two iterations may write one element."""
    y = np.zeros(4)
    for i in range(x.shape[0]):
        y[k[i]] = y[k[i]] * c[0] + x[i, 0]
    return np.sum(y * y)


@needs_fma
@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize(
    "f",
    [carried, left_early, as_long_as_it_says, beside_itself, met_again],
    ids=lambda f: f.__name__,
)
def test_what_stays_one_after_the_other(f: Callable[..., Any]) -> None:
    args = arguments(5)
    found = sd.value_and_grad(f, (0, 1), jit=False, cache=False)
    primal, _, _ = found.source(*args).partition("# ---- adjoint sweep")
    assert "for lane in" not in primal
    _, bars = found(*args)
    _, wanted = gradients(f, args, (0, 1))
    for bar, wanted_bar in zip(bars, wanted, strict=True):
        np.testing.assert_allclose(bar, wanted_bar, rtol=1e-11, atol=1e-12)


@needs_fma
@pytest.mark.usefixtures("everywhere")
def test_a_sum_over_inner_loops_keeps_its_order() -> None:
    x, c, k = arguments(100)
    x[::3] *= 1e12
    value, _ = sd.value_and_grad(added_up_inside, jit=False, cache=False)(x, c, k)
    assert value == added_up_inside(x, c, k)


@pytest.mark.usefixtures("everywhere")
def test_what_programs_compute_stays() -> None:
    check_memory_programs(lanes, range(20))
    check_references(lanes, range(40))


@needs_fma
@pytest.mark.parametrize("f", [triangular, here_and_there], ids=lambda f: f.__name__)
def test_the_machine_code_is_packed(f: Callable[..., Any]) -> None:
    """Products of several numbers at once, which neither loop has without lanes."""
    subject = subject_of(f)
    form, _ = form_of(arguments(3), {}, subject.parameters(3))
    found = make(subject, form, VALUE_AND_GRAD, (0, 1), has_aux=False).recipe
    compiled = compile_function(
        found.text, found.name, found.globals, f"<packed {f.__name__}>", cache=False
    )
    compiled.compile((float64[:, ::1], float64[::1], int64[::1]))
    (assembly,) = compiled.inspect_asm().values()
    packed = re.findall(r"vmulpd\s+.*%[yz]mm", assembly)
    assert len(packed) >= 8
