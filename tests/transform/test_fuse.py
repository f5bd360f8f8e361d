"""Array statements as loops: the same numbers, the loops that an expert would write."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff.backend.numba import compile_function
from srcdiff.backend.python import plain, remember
from srcdiff.frontend.lower import lower
from srcdiff.frontend.objects import array_type, parameter
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Call, For, Function, Value, is_array
from srcdiff.ir.text import render
from srcdiff.ir.types import PYTHON_FLOAT
from srcdiff.ir.verify import verify
from srcdiff.ir.walk import statements
from srcdiff.pipeline import Stages, Wanted, derive
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.fuse import fuse
from srcdiff.transform.simplify import simplify
from tests.transform.array_programs import program

X = np.linspace(-1.0, 1.5, 5)
A = np.cos(np.arange(12.0)).reshape(4, 3)


def lowered(function: Callable[..., Any], args: tuple[Any, ...]) -> Function:
    builder, params = Builder(), []
    for name, arg in zip(inspect.signature(function).parameters, args, strict=True):
        if isinstance(arg, np.ndarray):
            params.append(parameter(builder, name, array_type(arg), arg.shape))
        else:
            params.append(Value(name, PYTHON_FLOAT))
    return lower(function, params, {}, params, builder).function


def fused(function: Callable[..., Any], args: tuple[Any, ...]) -> Function:
    result = fuse(eliminate(simplify(lowered(function, args))))
    verify(result)
    result = eliminate(simplify(result))
    verify(result)
    return result


def copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args)


def check(function: Callable[..., Any], *args: Any, jit: bool = False) -> Function:
    """Compare results, and what is written into the arguments, with the function itself."""
    result = fused(function, args)
    text = render(result)
    if jit:
        run = compile_function(text.source, text.name, text.globals, "<fused>", cache=False)
    else:
        run = plain(text.source, text.name, text.globals, "<fused>")
    given, expected_given = copied(args), copied(args)
    with np.errstate(all="ignore"):
        expected = function(*expected_given)
    found = run(*given)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert np.shape(found) == np.shape(expected)
    for one, other in zip(given, expected_given, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    return result


def loops(function: Function) -> int:
    return sum(isinstance(each, For) for each in statements(function.body))


def array_calls(function: Function) -> list[str]:
    return [
        each.function.__name__
        for each in statements(function.body)
        if isinstance(each, Call) and each.function is not np.shape
        if is_array(each.out) or any(map(is_array, each.args))
    ]


# ---- random programs ----


def load(seed: int) -> Callable[..., Any]:
    return load_text(program(seed), f"<arrays {seed}>")


def load_text(text: str, name: str) -> Callable[..., Any]:
    space: dict[str, Any] = {"__name__": name, "np": np}
    remember(text, name)
    exec(compile(text, name, "exec"), space)
    found: Callable[..., Any] = space["f"]
    return found


def arguments(seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return (0.4, *(rng.normal(size=shape) for shape in (4, 3, (4, 3), (4, 3))))


@pytest.mark.parametrize("first", range(0, 300, 30))
def test_random_programs(first: int) -> None:
    for seed in range(first, first + 30):
        check(load(seed), *arguments(seed))


@pytest.mark.parametrize("seed", range(6))
def test_random_programs_compiled(seed: int) -> None:
    check(load(seed), *arguments(seed), jit=True)


# ---- which loops ----


def test_one_loop_for_an_expression_and_its_sum() -> None:
    def f(x, y):
        z = np.exp(x * y) + 1.0
        return np.sum(z / (1.0 + z * z)) + np.sum(z)

    result = check(f, X, X[::-1].copy())
    assert loops(result) == 1
    assert array_calls(result) == []
    assert "np.empty" not in render(result).source


def test_a_sum_that_is_used_again_makes_a_second_loop() -> None:
    def f(x):
        d = x - np.sum(x) / 5.0
        return np.sum(d * d)

    assert loops(check(f, X)) == 2


def test_cheap_values_are_computed_again_and_dear_ones_kept() -> None:
    def f(x):
        cheap = 2.0 * x + 1.0
        dear = np.exp(x)
        total = np.sum(cheap * dear)
        return np.sum(cheap * dear * total)

    source = render(check(f, X), comments=False).source
    assert source.count("np.exp(") == 1
    assert source.count("np.empty") == 1


def test_a_loop_that_touches_nothing_of_it_is_passed() -> None:
    def f(x, y):
        z = np.exp(x)
        k = 0.0
        for i in range(y.shape[0]):
            k = k * y[i] + 1.0
        return np.sum(z * k)

    result = check(f, X, X)
    assert loops(result) == 2


def test_sums_over_axes() -> None:
    def f(B):
        rows = np.sum(B * B, axis=1)
        columns = np.sum(np.sin(B), axis=0, keepdims=True)
        return np.sum(np.sum(rows) * columns)

    source = render(check(f, A), comments=False).source
    assert "axis" not in source
    assert source.count("radd") == 3


def test_a_middle_axis() -> None:
    def f(T):
        return np.sum(T, axis=(0, 2)) + np.sum(T[:, :, 0], axis=0) * np.sum(T, axis=None)

    check(f, np.arange(24.0).reshape(2, 3, 4), jit=True)


def rows(count: int) -> Callable[..., Any]:
    terms = [f"    Q[{k}] = B[{3 * k}] + B[{3 * k + 1}] * B[{3 * k + 2}]" for k in range(count)]
    head = ["def f(B, Q):", *terms, "    return np.sum(Q)", ""]
    return load_text("\n".join(head), f"<rows {count}>")


@pytest.mark.parametrize(("count", "nests"), [(5, 1), (8, 2)])
def test_wide_groups_are_split(count: int, nests: int) -> None:
    result = check(rows(count), np.arange(72.0).reshape(24, 3), np.ones((8, 3)))
    assert loops(result) == nests + 2


# ---- memory ----


def test_a_value_read_at_other_elements_is_stored() -> None:
    def f(x):
        Q = np.exp(x[:, None] * x) * x
        return np.sum(Q * Q.T * x)

    assert loops(check(f, X)) == 4


@pytest.mark.parametrize("jit", [False, True])
def test_overlapping_sections(jit: bool) -> None:
    def f(x):
        x[1:] = x[:-1] * 2.0
        x[1:] += x[:-1]
        x[:] = x[::-1] + x
        x[::2] -= x[2::-1]
        return x

    check(f, X, jit=jit)


def test_reads_stay_on_their_side_of_writes() -> None:
    def f(x, y):
        old = x * 1.0
        x[:] = y
        new = x * 1.0
        x[0] = 7.0
        return old + 10.0 * new + 100.0 * x

    check(f, X, X[::-1].copy())


def test_an_update_in_place_needs_no_temporary() -> None:
    def f(x, y):
        x[1:] = np.sin(x[1:]) * y[1:]
        x[1:] += y[:-1]
        return np.sum(x)

    source = render(check(f, X, X + 1.0), comments=False).source
    assert "empty" not in source


def test_writes_through_references_that_are_joined() -> None:
    def f(x, y, s):
        w = x if s > 0.0 else y
        t = x * 2.0
        w[:] = 3.0
        return t + x + y

    check(f, X, X + 1.0, 1.0)
    check(f, X, X + 1.0, -1.0)


# ---- shapes and dtypes ----


def test_empty_arrays() -> None:
    def f(B):
        return np.sum(B * B, axis=1) + np.sum(np.exp(B)) + np.sum(B - 1.0, axis=1)

    check(f, np.ones((0, 3)))
    check(f, np.ones((3, 0)), jit=True)


def test_arrays_without_axes_and_axes_of_extent_1() -> None:
    def f(z, B):
        w = z * 2.0
        w += 1.0
        return np.sum(B * B[None, 0] + w) + np.sum(np.sum(B, axis=0, keepdims=True))

    check(f, np.array(3.0), np.arange(3.0).reshape(3, 1), jit=True)


def test_other_layouts() -> None:
    def f(B, C):
        return np.sum(B * C, axis=0) * 2.0

    check(f, np.asfortranarray(A), A[:, ::-1])
    check(f, A[::-1], np.asfortranarray(A), jit=True)


@pytest.mark.parametrize("jit", [False, True])
def test_functions_that_numba_lacks_for_numbers(jit: bool) -> None:
    def f(x):
        step = np.heaviside(x, 0.5)
        return step + np.clip(x, -0.5, 0.5) + np.abs(x) + np.where(x > 0.0, x, 1.0)

    check(f, np.array([-2.0, 0.0, 0.25, 3.0, np.nan, -np.inf]), jit=jit)


@pytest.mark.parametrize("jit", [False, True])
def test_dtypes_stay_what_they_are(jit: bool) -> None:
    def f(x, k):
        flags = (x > 0.0) + (x < -0.5)
        wrapped = k * k
        return np.sum(flags * 1.0) + np.sum(wrapped * 0.5) + np.sum(x.astype(np.float32))

    check(f, X, np.array([100, 3, -100, 7, 127], dtype=np.int8), jit=jit)


def test_products_of_matrices_stay_calls() -> None:
    def f(B, x):
        z = (B + 1.0) @ (x * 2.0)
        return np.sum(np.tanh(z))

    result = check(f, A, np.arange(3.0), jit=True)
    assert array_calls(result) == ["matmul"]


def test_a_reshape_of_a_computed_array() -> None:
    def f(B):
        flat = (B * 2.0).reshape(-1)
        column = np.sum(B, axis=1).reshape((4, 1))
        return np.sum(flat * flat) + np.sum(column * B)

    check(f, A)


# ---- both sweeps ----


def robust_loss(w, b, x, y):
    r = w * x + b - y
    return np.sum(r * r / (1.0 + r * r))


ROBUST_LOSS_ADJOINT = """\
    w_bar = np.empty_like(x)
    b_bar = 0.0
    for i in range(w.shape[0]):
        # ---- primal ----
"""


def test_both_sweeps_share_one_loop() -> None:
    args = (X, 0.3, X[::-1].copy(), X * X)
    wanted = Wanted("reverse", (0, 1), with_value=False)
    text = derive(lowered(robust_loss, args), wanted, Stages())
    body = text.source[text.source.index("    w_bar") :]
    assert body.startswith(ROBUST_LOSS_ADJOINT)
    assert "b_bar = radd(b_bar, r_bar)" in body
    assert "w_bar[i] = " in body
    assert body.count("for ") == 1


# ---- one array, read and written ----


def fan(A, parents):
    for k in range(1, A.shape[0]):
        A[k] += A[parents[k]] * 0.5
    return np.sum(A)


@pytest.mark.parametrize("parents", [[0, 0, 1, 1], [0, 1, 2, 3]])
def test_rows_of_one_array_that_are_read_in_step_need_no_copy(parents: list[int]) -> None:
    """`A[k, i]` and `A[parents[k], i]` meet in the same iteration alone, in this order."""
    result = check(fan, A, np.array(parents))
    assert array_calls(result) == []
    assert "np.empty" not in render(result).source


def shifted(A):
    A[1:, 0] += A[:-1, 0] * 0.5
    A[0] += A[:, 0][:3]
    return np.sum(A)


def test_elements_that_are_read_out_of_step_are_read_first() -> None:
    check(shifted, A)


# ---- copies that are only read ----


def taken(A):
    before = A[1:].copy()
    A[1:] = 0.0
    A[0] = 1.0
    A[1:] += 0.5 * before
    return np.sum(A)


def test_a_copy_that_is_only_read_is_read_in_step() -> None:
    """Row 0 is apart from the rows from 1 on, so that what is stored there is no obstacle."""
    result = check(taken, A)
    assert array_calls(result) == []
    assert "np.empty" not in render(result).source


def kept_apart(A):
    before = A[1:].copy()
    A[:-1] = 2.0 * A[:-1]
    A[1, :] = 1.0
    A[:-1] += before
    return np.sum(A)


def counted_from_the_end(A):
    before = A[1:].copy()
    A[-1] = 0.0
    A[1:] += 3.0 * before
    return np.sum(A)


def handed_on(A):
    before = A[1:].copy()
    A[1:] = 0.0
    return before


@pytest.mark.parametrize("function", [kept_apart, counted_from_the_end])
@pytest.mark.parametrize("jit", [False, True])
def test_a_copy_of_what_is_overwritten_is_stored(
    function: Callable[..., Any], *, jit: bool
) -> None:
    assert "np.empty" in render(check(function, A, jit=jit)).source


def test_a_copy_that_is_handed_on_stays() -> None:
    assert array_calls(check(handed_on, A)) == ["copy"]
