"""Columns of tangents that are 0 are neither computed nor read."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.narrow import narrow
from tests.transform.soundness import check_memory_programs, check_references


def parts(x, a):
    """The first three numbers turn what the others make."""
    turn = x[:3]
    y = np.empty(4)
    for i in range(4):
        y[i] = x[3 + i] * a[i] + x[8 + i] * x[8 + i]
    z = np.empty((4, 3))
    for i in range(4):
        for j in range(3):
            z[i, j] = turn[j] * y[i]
    out = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        out[i] = z[i % 4, i % 3] * a[i] + x[11]
    return out


def rewritten(x, a):
    """An array has one thing in its rows, then another one."""
    y = np.empty(3)
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(3):
            y[j] = x[j] * a[i]
        out[i] += y[0] * y[1]
        for j in range(3):
            y[j] = x[9 + j] * y[j] if a[i] > 0.0 else a[i]
        out[i] += y[2]
    return out


def chosen(x, a):
    """Which numbers are used is known from an array only."""
    y = np.empty(3)
    for j in range(3):
        y[j] = x[int(abs(a[j])) % 4 + 4] * x[j]
    out = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        out[i] = y[i % 3] * a[i]
    return out


def unused(x, a):
    """Half of what is computed is not read, and one number has no part in it."""
    y = np.empty(8)
    z = np.empty(8)
    for i in range(8):
        y[i] = x[i] * x[i]
        z[i] = x[i + 1] * a[0]
    out = np.empty(2)
    for i in range(2):
        out[i] = y[i] + x[9]
    return out


def last(x, a):
    """Rows from the end, and a view of a view."""
    tail = x[5:][2:]
    out = np.empty(3)
    for i in range(3):
        out[i] = tail[i] * x[-1] + x[-2 - i] * a[i]
    return out


def last_of_a_view(x, a):
    """Which column the last row of a view has depends on how many there are."""
    tail = x[2:]
    out = np.empty(3)
    for i in range(3):
        out[i] = tail[-1] * a[i] + tail[i - 1] * x[4:][-2]
    return out


def divided(x, a):
    """0 times what is infinite is not added."""
    out = np.empty(2)
    for i in range(2):
        out[i] = x[i] * a[i] / x[8 + i]
    return out


FUNCTIONS = (parts, rewritten, chosen, unused, last, last_of_a_view, divided)
SIZES = (12, 13, 16, 29)


@contextmanager
def garbage() -> Iterator[None]:
    """Let new arrays hold nan, so that whoever reads what nobody has written gets it."""

    def filled(make: Callable[..., Any]) -> Callable[..., Any]:
        def new(*args: Any, **options: Any) -> Any:
            array = make(*args, **options)
            if array.dtype.kind == "f":
                array.fill(np.nan)
            return array

        return new

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "empty", filled(np.empty))
        patch.setattr(np, "empty_like", filled(np.empty_like))
        yield


def with_garbage(f: Callable[..., Any], *args: Any) -> Any:
    """Call a derivative, once it is made, where new arrays hold nan."""
    f.source(*args)  # type: ignore[attr-defined]
    with garbage():
        return f(*args)


def arguments(n: int) -> tuple[Any, Any]:
    random = np.random.default_rng(n)
    return random.uniform(1.0, 2.0, n), random.normal(size=7)


def source(f: Callable[..., Any], n: int = 12) -> str:
    return sd.jacfwd(f).source(*arguments(n))


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", SIZES)
def test_jacobians_are_right_whatever_is_in_new_arrays(f: Callable[..., Any], n: int) -> None:
    x, a = arguments(n)
    expected = sd.jacrev(f, jit=False)(x, a)
    found = with_garbage(sd.jacfwd(f, jit=False), x, a)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled_jacobians_are_right(f: Callable[..., Any]) -> None:
    for n in SIZES:
        x, a = arguments(n)
        expected = sd.jacrev(f, jit=False)(x, a)
        np.testing.assert_allclose(sd.jacfwd(f)(x, a), expected, rtol=1e-12, atol=1e-14)


def test_hessians_are_right_whatever_is_in_new_arrays() -> None:
    def total(x, a):
        out = parts(x, a)
        return np.sum(out * out)

    x, a = arguments(13)
    expected = sd.jacrev(sd.grad(total, jit=False), jit=False)(x, a)
    found = with_garbage(sd.hessian(total, jit=False), x, a)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_loops_begin_and_end_where_columns_do() -> None:
    """`y` has the columns 3 to 11, in vectors of four 0 to 11; the turn has 0 to 2."""
    text = source(parts)
    assert re.search(r"end_\d = min\(width, 12\)", text)
    text = source(rewritten)
    assert "range(8, " in text
    assert "width" in text


def test_what_nobody_reads_is_not_computed() -> None:
    text = source(unused)
    assert "z_dot[" not in text
    assert "y_dot[" in text


def test_all_columns_stay_where_rows_are_not_known() -> None:
    text = source(chosen)
    loops = re.findall(r"for i\w* in range\((.*)\):", text)
    assert "abreast(width)" in loops


def test_zero_times_infinity_is_zero() -> None:
    """An element that another number is divided by has no part in the rest."""
    x, a = arguments(12)
    x[8] = 0.0
    found = sd.jacfwd(divided, jit=False)(x, a)
    assert np.isinf(found[0, 0])
    assert np.all(found[0, 1:8] == 0.0)
    assert np.all(np.isfinite(found[1]))


def test_what_programs_compute_stays() -> None:
    check_memory_programs(narrow, range(20))
    check_references(narrow, range(40))
