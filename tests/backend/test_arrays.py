"""New arrays that are large ask for huge pages, as NumPy's do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff as sd

LARGE = 5_000_000
ROOT = Path(Path.cwd().anchor)
SWITCH = ROOT.joinpath("sys", "kernel", "mm", "transparent_hugepage", "enabled")


def doubled(x: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    return total


def some_added(x: Any, places: Any) -> Any:
    total = 0.0
    for k in range(places.shape[0]):
        total += x[places[k]] ** 2
    return total


def asks_for_huge_pages(array: Any) -> bool:
    """Read the flags of the mapping that the middle of an array is in."""
    address, inside = array.ctypes.data + array.nbytes // 2, False
    for line in ROOT.joinpath("proc", "self", "smaps").read_text().splitlines():
        first = line.split()[0]
        if "-" in first:
            start, end = (int(part, 16) for part in first.split("-"))
            inside = start <= address < end
        elif inside and first == "VmFlags:":
            return "hg" in line.split()
    return False


@pytest.mark.skipif(not SWITCH.exists(), reason="this system has no huge pages")
@pytest.mark.parametrize("n", [LARGE, 1000])
def test_large_results_are_in_huge_pages(n: int) -> None:
    x = np.random.default_rng(0).normal(size=n)
    assigned = sd.grad(doubled)(x)
    np.testing.assert_array_equal(assigned, 2.0 * x)
    zeroed = sd.grad(some_added)(x, np.array([3, n - 1, 3]))
    expected = np.zeros(n)
    expected[3], expected[n - 1] = 4.0 * x[3], 2.0 * x[n - 1]
    np.testing.assert_array_equal(zeroed, expected)
    if n == LARGE:
        assert asks_for_huge_pages(assigned)
        assert asks_for_huge_pages(zeroed)
