"""Products of matrices with sums in order: bands, layouts, sizes around those of the blocks."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from srcdiff import runtime, words

compiled: Any = runtime.NAMES["product"]


@njit
def product(
    x, y, u=None, v=None, first=-words.FAR, last=words.FAR, lowest=-words.FAR, highest=words.FAR
):
    return compiled(x, y, u, v, first, last, lowest, highest)


@njit
def whole(x, y):
    return compiled(x, y)


SIZES = [
    (1, 1, 1),
    (3, 4, 5),
    (8, 8, 8),
    (17, 9, 23),
    (40, 300, 33),
    (0, 3, 2),
    (3, 0, 2),
    (2, 3, 0),
]
BANDS = [(-words.FAR, words.FAR), (-words.FAR, -1), (0, words.FAR), (-2, 3), (-5, -2), (300, 400)]


def matrices(size: tuple[int, int, int], dtype: type = np.float64) -> tuple[Any, Any]:
    rows, depth, columns = size
    random = np.random.default_rng(rows)
    x, y = random.normal(size=(rows, depth)), random.normal(size=(depth, columns))
    return x.astype(dtype), y.astype(dtype)


def in_loops(x: Any, y: Any, first: int, last: int) -> Any:
    out = np.zeros((x.shape[0], y.shape[1]), x.dtype)
    for i in range(x.shape[0]):
        for k in range(max(0, i + first), min(x.shape[1], i + last + 1)):
            out[i] += x[i, k] * y[k]
    return out


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sums_are_those_of_loops_to_the_bit(size: tuple[int, int, int], dtype: type) -> None:
    x, y = matrices(size, dtype)
    for first, last in BANDS:
        expected = in_loops(x, y, first, last)
        np.testing.assert_array_equal(product(x, y, first=first, last=last), expected)
        np.testing.assert_array_equal(words.product(x, y, first=first, last=last), expected)
    np.testing.assert_array_equal(whole(x, y), in_loops(x, y, *BANDS[0]))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_terms_of_pairs_are_those_of_loops_to_the_bit(size: tuple[int, int, int]) -> None:
    x, y = matrices(size)
    u, v = (matrix[::-1, ::-1].copy() for matrix in matrices(size))
    for first, last in BANDS:
        expected = np.zeros((x.shape[0], y.shape[1]))
        for i in range(x.shape[0]):
            for k in range(max(0, i + first), min(x.shape[1], i + last + 1)):
                expected[i] += x[i, k] * y[k] + u[i, k] * v[k]
        for multiply in (product, words.product):
            out = multiply(x, y, u, v, first=first, last=last)
            np.testing.assert_array_equal(out, expected)


def test_any_layout() -> None:
    x, y = matrices((19, 21, 18))
    expected = product(x, y)
    wide = np.empty((38, 42))
    wide[::2, ::2] = x
    for left in (np.asfortranarray(x), wide[::2, ::2]):
        for right in (np.asfortranarray(y), y[::-1][::-1]):
            np.testing.assert_array_equal(product(left, right), expected)


def test_what_does_not_count_spoils_nothing() -> None:
    """Above the diagonal nothing is read, nor what it would be multiplied by."""
    x, y = matrices((20, 20, 11))
    x[np.triu_indices(20, 1)] = np.nan
    y[15:] = np.inf
    for multiply in (product, words.product):
        with np.errstate(invalid="ignore"):
            out = multiply(x, y, last=0)
        assert np.all(np.isfinite(out[:15]))
        np.testing.assert_array_equal(out[:15], in_loops(x[:15, :15], y[:15], -words.FAR, 0))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_asked_for(size: tuple[int, int, int]) -> None:
    x, y = matrices(size)
    place = np.arange(size[2]) - np.arange(size[0])[:, None]
    expected = in_loops(x, y, *BANDS[0])
    for lowest, highest in BANDS:
        asked = (lowest <= place) & (place <= highest)
        for multiply in (product, words.product):
            out = multiply(x, y, lowest=lowest, highest=highest)
            np.testing.assert_array_equal(out[asked], expected[asked])
