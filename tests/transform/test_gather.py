"""Increments of neighbours: where they wait, where they must not, and what comes out."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import float64, int64

import srcdiff as sd
from srcdiff.backend.numba import compile_function
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import NOWHERE, Operand, Origin, Value
from srcdiff.runtime import vecmath
from srcdiff.transform.vectorise import vectorise
from tests.corpus import corpus
from tests.dual import gradients
from tests.transform.examples import ADJOINT, ZERO, Example
from tests.transform.soundness import text


def shifted(example: Example, index: Value, by: int) -> Operand:
    return index if by == 0 else example.builder.call(np.add, index, integer(by))


def spread(
    *offsets: tuple[int, int],
    origin: Origin = ADJOINT,
    start: Operand | None = None,
    also: Callable[[Example, Value, Value], object] = lambda *_: None,
) -> str:
    """Return the text of nested loops that add x[j] to neighbours of w[i, j]."""
    example = Example(origin)

    def element(i: Value, j: Value) -> None:
        term = example.builder.load(example.x, (j,))
        for along, across in offsets:
            place = (shifted(example, i, along), shifted(example, j, across))
            example.builder.increment(example.w, place, term)
        also(example, i, j)

    stop = example.builder.call(np.subtract, example.n, integer(1))
    begin = start or integer(1)
    example.loop(
        lambda i: example.loop(lambda j: element(i, j), "j", begin, stop), "i", integer(1), stop
    )
    return text(vectorise(example.function()))


def test_rows_wait() -> None:
    assert spread((-1, 0), (0, -1), (0, 1), (1, 0)) == (
        "t_1 = x.shape[0] - 1\n"
        "part = np.zeros(max(t_1 - 1, 0) + 16)\n"
        "for i in range(1, t_1):\n"
        "    for j in range(1, t_1):\n"
        "        t_2 = x[j]\n"
        "        w[i + -1, j] += t_2\n"
        "        part[j + 7] = t_2\n"
        "    for j in range(1, t_1):\n"
        "        w[i + 1, j] += part[j + 7]\n"
        "    if 1 < t_1:\n"
        "        for j in range(t_1 + 1):\n"
        "            w[i, j] += part[j + 8] + part[j + 6]"
    )


@pytest.mark.parametrize(
    "made",
    [
        spread((0, 1)),
        spread((0, 0), (0, 0)),
        spread((-1, 0), (1, 0), origin=NOWHERE),
        spread((-1, 0), (1, 0), also=lambda e, i, j: e.builder.load(e.w, (i, j))),
        spread((-1, 0), (1, 0), also=lambda e, i, j: e.builder.store(e.w, (i, j), ZERO)),
        spread((-1, 0), (1, 0), also=lambda e, i, j: e.builder.store(e.y, (i,), ZERO)),
        spread((-1, 0), (1, 0), also=lambda e, i, j: e.builder.increment(e.w, (j, i), ZERO)),
    ],
    ids=[
        "one neighbour",
        "one element",
        "sums of the user",
        "the array is read",
        "the array is overwritten",
        "the iterations depend on each other",
        "along another axis",
    ],
)
def test_where_nothing_waits(made: str) -> None:
    assert "part" not in made


def one_sided(a: Any, w: Any, k: Any) -> Any:
    total = 0.0
    for i in range(3, k):
        total += w[i] * (2.0 * a[i] - a[i - 3] * a[i - 1])
    return total


def wide(a: Any, w: Any, k: Any) -> Any:
    out = a.copy()
    for _ in range(2):
        for i in range(12, a.shape[0] - 1):
            out[i] = a[i - 12] + 0.5 * a[i + 1] * out[i] + a[i] * w[i]
    return np.sum(out * w)


def from_the_end(a: Any, w: Any, k: Any) -> Any:
    total = 0.0
    for i in range(a.shape[0]):
        total += w[i] * (a[i] - a[i - 1]) * a[i]
    return total


def behind(a: Any, w: Any, k: Any) -> Any:
    """No iteration where there are no elements."""
    total = 0.0
    for _ in range(2):
        for i in range(4, k):
            total += np.sin(a[i - 4] - a[i - 2]) * a[i]
    return total


def plus(a: Any, w: Any, k: Any) -> Any:
    n, m = a.shape
    out = a.copy()
    for _ in range(2):
        old = out.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                across = old[i, j - 1] * old[i, j + 1]
                out[i, j] = w[i, j] * (old[i - 1, j] - old[i + 1, j]) + 0.5 * across
    return np.sum(out * w)


def corner(a: Any, w: Any, k: Any) -> Any:
    n, m = a.shape
    total = 0.0
    for i in range(2, n):
        for j in range(k, m):
            total += (a[i, j] - a[i - 2, j - 1] * w[i, j - 1]) * a[i - 1, j]
    return total


def slices(a: Any, w: Any, k: Any) -> Any:
    out = a.copy()
    for _ in range(2):
        out[1:-1, 1:-1] = out[1:-1, :-2] * w[1:-1, 1:-1] - out[:-2, 2:]
    return np.sum(out * out)


def box(a: Any, w: Any, k: Any) -> Any:
    n, m, p = a.shape
    total = 0.0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            for k in range(1, p - 1):
                around = a[i - 1, j, k] + a[i + 1, j, k] * a[i, j - 1, k] + a[i, j + 1, k]
                total += w[i, j, k] * (a[i, j, k - 1] - a[i, j, k + 1]) * around
    return total


def shares(a: Any, w: Any, k: Any) -> Any:
    """Array statements add to neighbours in one nest."""
    out = np.zeros_like(a)
    for _ in range(2):
        out[1:-1, 1:-1] = a[1:-1, :-2] - 0.5 * a[1:-1, 2:] + a[:-2, 1:-1] + out[1:-1, 1:-1]
    return np.sum(out * w)


def by_twos(a: Any, w: Any, k: Any) -> Any:
    """These steps are no neighbours."""
    return np.sum((a[:, ::2] - a[:, 1::2]) * a[:, 1::2])


def fields(a: Any, w: Any, k: Any) -> Any:
    """Rows that may be long, and few."""
    out = a.copy()
    for _ in range(2):
        for j in range(1, a.shape[1] - 1):
            out[0, j] += a[1, j - 1] * w[0, j] - a[0, j + 1]
            out[1, j] += a[0, j - 1] - a[1, j] * a[1, j + 1]
    return np.sum(out * out)


LINES = (one_sided, wide, from_the_end, behind)
PLANES = (plus, corner, slices, shares)


def check(f: Callable[..., Any], shape: tuple[int, ...], k: int, **options: Any) -> None:
    random = np.random.default_rng(sum(shape))
    args = random.normal(size=shape), random.normal(size=shape), k
    value, exact = gradients(f, args, (0, 1))
    found_value, found = sd.value_and_grad(f, (0, 1), **options)(*args)
    assert found_value == pytest.approx(value, rel=1e-12, abs=1e-12)
    for part, wanted in zip(found, exact, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", LINES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 13, 14, 15, 40])
def test_lines(f: Callable[..., Any], n: int) -> None:
    check(f, (n,), n, jit=False)


@pytest.mark.parametrize("f", PLANES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", range(6))
@pytest.mark.parametrize("m", [2, 3, 5])
def test_planes(f: Callable[..., Any], n: int, m: int) -> None:
    if f in (slices, shares) and n < 2:
        pytest.skip("the slices have no common shape")
    check(f, (n, m), 1, jit=False)
    check(f, (m, n), 1, jit=False)


def test_array_statements_share_a_nest() -> None:
    made = source(shares, 2).partition("adjoint sweep")[2]
    (nest,) = re.findall(r"\n        for i in range\(t_1\):(.*?)\n    \S", made, re.S)
    assert len(re.findall(r"a_bar\[.*\] [+-]= ", nest)) == 2
    assert nest.count("for i ") == 0


def test_steps_do_not_share_a_nest() -> None:
    check(by_twos, (3, 6), 1, jit=False)
    assert "part" not in source(by_twos, 2)


def test_long_rows_are_cut() -> None:
    made = source(fields, 2)
    assert "np.zeros(272)" in made
    assert "a_bar[1, np.uint64(low + lane)] += " in made
    for m in (0, 1, 2, 3, 4, 9):
        check(fields, (2, m), 1, jit=False)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (4, 3, 2), (3, 5, 4), (0, 3, 1)])
def test_boxes(shape: tuple[int, ...]) -> None:
    check(box, shape, 1, jit=False)


def test_no_iteration_touches_no_element() -> None:
    """Neither row nor strip is added to where the loop does not run."""
    for k in range(5):
        check(behind, (0,), k, jit=False)
        check(one_sided, (0,), min(k, 3), jit=False)
        check(never, (3, 0), min(k, 3), jit=False)


def never(a: Any, w: Any, k: Any) -> Any:
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(3, k):
            total = total + a[i, j - 3] - a[i, j] * w[i, j - 1]
    return total


@pytest.mark.parametrize("n", [255, 256, 257, 520])
def test_strips(n: int) -> None:
    """What two strips add to one element is added up."""
    x, w = np.random.default_rng(n).normal(size=(2, n))
    _, (found, _) = sd.value_and_grad(one_sided, (0, 1), jit=False)(x, w, n)
    wanted = np.zeros(n)
    np.add.at(wanted, np.arange(3, n), 2.0 * w[3:])
    np.add.at(wanted, np.arange(n - 3), -w[3:] * x[2:-1])
    np.add.at(wanted, np.arange(2, n - 1), -w[3:] * x[:-3])
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def source(f: Callable[..., Any], ndim: int) -> str:
    array = np.ones((4,) * ndim)
    return str(sd.value_and_grad(f, (0, 1)).source(array, array, 3))


@pytest.mark.parametrize("f", [*LINES[:2], LINES[3]], ids=lambda f: f.__name__)
def test_lines_are_gathered(f: Callable[..., Any]) -> None:
    assert re.search(r"a_bar\[np\.uint64\(low .*\] [+-]= .*part", source(f, 1))


def test_what_is_far_apart_has_loops_of_its_own() -> None:
    added = re.findall(
        r"a_bar\[np\.uint64\(low \+ lane\)\] \+= (.*?) *(?:#|$)", source(wide, 1), re.M
    )
    assert added == ["part_1[lane + 7]", "part_2[lane + 20]"]


@pytest.mark.parametrize("f", [from_the_end, corner], ids=lambda f: f.__name__)
def test_nothing_waits_where_indices_may_count_from_the_end(f: Callable[..., Any]) -> None:
    assert not re.search(r"_bar\[.*part", source(f, 1 if f in LINES else 2))


@pytest.mark.skipif(not vecmath.available(), reason="this machine has no fused multiply-add")
@pytest.mark.parametrize("name", ["smoothed", "shallow_water"])
def test_the_machine_code_is_packed(name: str) -> None:
    """There are sums of several numbers in the adjoint sweep."""
    found = corpus()[name].made(corpus()[name].args()).recipe
    assert packed_sums(found.text, found.name, found.globals, name) >= 20


def packed_sums(made: str, name: str, names: Any, case: str) -> int:
    compiled = compile_function(made, name, names, f"<gather {case}>", cache=False)
    kinds = tuple(float64[:, ::1] for _ in corpus()[case].args()[:-1])
    compiled.compile((*kinds, int64))
    (assembly,) = compiled.inspect_asm().values()
    return len(re.findall(r"v(?:add|sub)pd\s+.*%[yz]mm", assembly))
