"""Masks and arrays of integers as indices: what NumPy reads and writes, and in which order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests import dual
from tests.semantics.checks import check
from tests.semantics.index_array_programs import PROGRAMS as OF_INTEGERS
from tests.semantics.index_array_programs import (
    add_at_of_matrix,
    add_at_overlap,
    gather,
    histogram,
    increment_once,
    matrix_norms,
    narrow_and_unsigned,
    norms,
    scatter,
)
from tests.semantics.mask_programs import PROGRAMS as OF_MASKS
from tests.semantics.mask_programs import (
    full_mask_counted,
    increment_counted,
    mask_of_columns,
    mask_of_rows,
    multiply_and_divide,
    read,
    write_counted,
    write_number,
)

X = np.array([0.7, 1.3, -0.4, 2.1, 0.9, -1.6])
A = np.array([[0.7, -1.3, 0.4], [-2.1, 0.9, 1.6], [0.3, -0.8, -1.1], [1.2, 0.6, -0.5]])
T = (np.arange(24.0) - 11.5).reshape(2, 3, 4) / 8.0
K = np.array([0, 2, 2, -1])
ARGUMENTS = {"x": X, "a": A, "t": T, "k": K}
PROGRAMS = OF_MASKS + OF_INTEGERS


def arguments(f: Callable[..., Any]) -> list[Any]:
    names = f.__code__.co_varnames[: f.__code__.co_argcount]
    return [ARGUMENTS[name].copy() for name in names]


@pytest.mark.parametrize("f", PROGRAMS)
def test_reads_and_writes(f: Callable[..., Any]) -> None:
    check(f, *arguments(f))


def summed(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a number that depends on all that `f` returns."""
    several = isinstance(f(*arguments(f)), tuple)

    def total(parts):
        value = 0.0
        for part in parts:
            value = value + np.sum(np.sin(part))
        return value

    def of_one(x):
        return total(f(x)) if several else total((f(x),))

    def of_two(x, k):
        return total(f(x, k)) if several else total((f(x, k),))

    return of_one if f.__code__.co_argcount == 1 else of_two


@pytest.mark.parametrize("f", PROGRAMS)
@np.errstate(invalid="ignore")
def test_against_dual_numbers(f: Callable[..., Any]) -> None:
    value, expected = dual.gradients(summed(f), arguments(f), (0,))
    found_value, found = srcdiff.value_and_grad(summed(f), jit=False)(*arguments(f))
    np.testing.assert_allclose(found_value, value, rtol=1e-12)
    np.testing.assert_allclose(found, expected[0], rtol=1e-11, atol=1e-12)


COMPILED = [full_mask_counted, mask_of_columns, narrow_and_unsigned, add_at_of_matrix]


@pytest.mark.parametrize("f", COMPILED)
def test_compiled(f: Callable[..., Any]) -> None:
    check(f, *arguments(f), jit=True)


@pytest.mark.slow
@pytest.mark.parametrize("f", [f for f in PROGRAMS if f not in COMPILED])
def test_all_compiled(f: Callable[..., Any]) -> None:
    check(f, *arguments(f), jit=True)


def test_single_precision() -> None:
    for f in (write_counted, increment_once, norms, add_at_overlap):
        check(f, X.astype(np.float32))


def test_other_layouts() -> None:
    for f in (full_mask_counted, mask_of_columns, mask_of_rows, matrix_norms):
        check(f, np.asfortranarray(A))
        check(f, np.repeat(np.repeat(A, 2, axis=0), 2, axis=1)[::2, ::2])


def test_empty_arrays() -> None:
    for f in (read, write_number, increment_counted, multiply_and_divide):
        check(f, np.zeros(0))
    check(gather, X, np.zeros(0, dtype=np.int64))
    check(scatter, X, np.zeros(0, dtype=np.int64))


# ---- what does not take part contributes exactly 0 ----


def roots_read(x):
    return np.sum(np.sqrt(x)[x > 0.0])


def roots_overwritten(x):
    t = np.sqrt(x)
    t[x <= 0.0] = 0.0
    return np.sum(t)


def roots_gathered(x):
    return np.sum(np.sqrt(x)[[1, 2]])


def logs_overwritten(x):
    t = np.log(x)
    t[[0]] = 2.0
    return np.sum(t)


def reciprocals_copied(x):
    t, m, y = 1.0 / x, x > 0.0, np.zeros(3)
    y[m] = t[m]
    y[m] += t[m]
    return np.sum(y)


def roots_added(x):
    t, y = np.sqrt(x), np.ones(3)
    np.add.at(y, [1, 1, 2], t[[1, 2, 2]])
    return np.sum(y)


def logs_scaled(x):
    t, m = np.log(x), x > 0.0
    t[~m] = 0.0
    t[m] *= 2.0
    return np.sum(t)


def roots_of_a_matrix(x):
    t = np.sqrt(x).reshape(3, 1)
    return np.sum(t[x > 0.0, 0]) + np.sum(t[x > 0.0]) + np.sum(np.take(t, [1, 2], axis=0))


AT_0 = {
    roots_read: lambda x: 0.5 / np.sqrt(x),
    roots_overwritten: lambda x: 0.5 / np.sqrt(x),
    roots_gathered: lambda x: 0.5 / np.sqrt(x),
    logs_overwritten: lambda x: 1.0 / x,
    reciprocals_copied: lambda x: -2.0 / x**2,
    roots_added: lambda x: np.array([1.0, 2.0]) * 0.5 / np.sqrt(x),
    logs_scaled: lambda x: 2.0 / x,
    roots_of_a_matrix: lambda x: 1.5 / np.sqrt(x),
}


@pytest.mark.parametrize("f", AT_0)
def test_what_is_not_taken_contributes_nothing(f: Callable[..., Any]) -> None:
    x = np.array([0.0, 1.3, 2.2])
    found = srcdiff.grad(f, jit=False)(x)
    assert found[0] == 0.0
    np.testing.assert_allclose(found[1:], AT_0[f](x[1:]), rtol=1e-14)


def test_norm_of_nothing_has_the_derivative_0() -> None:
    def rows_of(x):
        a = np.zeros((2, 3))
        a[1] = x
        n = np.linalg.norm
        return np.sum(n(a, axis=1)) + n(0.0 * x) + n(a[0], 1) + n(a[0], np.inf)

    for scale in (1.0, 0.0):
        x = scale * np.array([0.0, 3.0, 4.0])
        found = srcdiff.grad(rows_of, jit=False)(x)
        np.testing.assert_allclose(found, scale * np.array([0.0, 0.6, 0.8]), rtol=1e-15)


# ---- errors ----


def out_above(x):
    return x[np.array([0, 6])].sum()


def out_below(x):
    x[[1, -7]] = x[0]
    return x.sum()


def out_increment(x, k):
    x[k] += 1.0
    return x.sum()


def out_add_at(x, k):
    np.add.at(x, k, x[0])
    return x.sum()


def out_column(a, k):
    return a[:, k].sum()


def out_take(x, k):
    return np.take(x, k).sum()


@pytest.mark.parametrize("jit", [False, True])
def test_indices_out_of_bounds(jit: bool) -> None:
    k = np.array([0, 1, 6])
    cases = [(out_above, X), (out_below, X), (out_increment, X, k), (out_add_at, X, k)]
    for f, *args in [*cases, (out_column, A, k), (out_take, X, -k - 1)]:
        with pytest.raises(srcdiff.errors.BoundsError, match=r"test_indexing.py:\d+: index out"):
            srcdiff.grad(f, jit=jit)(*args)
        with pytest.raises(IndexError):
            f(*(arg.copy() for arg in args))


def too_short(x):
    x[x > 0.0] = x[:2] * 2.0
    return x.sum()


def too_long_a_mask(x, m):
    return x[m].sum()


def too_long_a_mask_to_write(x, m):
    x[m] = 1.0
    return x.sum()


def wrong_axis(a, m):
    a[:, m] *= 2.0
    return a.sum()


def two_lengths(x):
    return np.sum(x[x > 0.0] * x[x > 1.0])


def test_lengths_that_do_not_fit() -> None:
    m = np.ones(4, dtype=np.bool_)
    cases = [(too_short, X), (too_long_a_mask, X, m), (too_long_a_mask_to_write, X, m)]
    for f, *args in [*cases, (wrong_axis, A, m), (two_lengths, X)]:
        with pytest.raises(srcdiff.errors.ShapeError):
            srcdiff.grad(f, jit=False)(*args)
        with pytest.raises((IndexError, ValueError)):
            f(*(arg.copy() for arg in args))


def shares_with_the_right_side(x, m):
    x[m] = x[::-1]
    return x.sum()


def mask_is_written(x):
    m = x > 0.0
    m[m[::-1]] = False
    return x[m].sum()


def test_what_numpy_reads_while_it_writes_is_refused() -> None:
    with pytest.raises(srcdiff.AliasingError, match="share"):
        srcdiff.grad(shares_with_the_right_side, jit=False)(X, X > -9.0)
    with pytest.raises(srcdiff.AliasingError, match="share"):
        srcdiff.grad(mask_is_written, jit=False)(X)


def changed(x):
    x[0] = 5.0
    return 1.0


def right_side_that_writes(x):
    x[[0, 1]] += changed(x)
    return x.sum()


def test_right_sides_that_write_are_refused() -> None:
    with pytest.raises(srcdiff.UnsupportedSyntax, match="right side writes"):
        srcdiff.grad(right_side_that_writes, jit=False)(X)


def spectral(a):
    return np.linalg.norm(a, 2)


def cubic(x):
    return np.linalg.norm(x, 3)


def test_norms_that_are_not_built() -> None:
    for f, arg in ((spectral, A), (cubic, X)):
        with pytest.raises(srcdiff.TypeInferenceError, match=r"np\.linalg\.norm with ord"):
            srcdiff.grad(f, jit=False)(arg)


def test_a_function_with_add_at_is_specialised_once() -> None:
    df = srcdiff.grad(lambda x: histogram(x, np.array([0, 1])).sum(), jit=False)
    df(X)
    first = df.source()
    df(X)
    assert df.source() is first or len(df.signatures) == 1


def test_gathered_in_the_order_of_numpy() -> None:
    """What NumPy lays out in another order than C is copied by a reshape."""

    def refused(a):
        b = a[:, [0, 2]]
        c = b.ravel()
        c[0] = 2.0
        return np.sum(b) + np.sum(c)

    with pytest.raises(srcdiff.UnsupportedSyntax, match="reshape"):
        srcdiff.grad(refused, jit=False)(A)
